"""Going back on the screen: one edit of the document, chosen variables, cells run again, undo of a run, the last clean state."""

from __future__ import annotations

import pytest
from history_screen import consider, entry, go_back, look, opened, output, run, source, stands_at
from playwright.sync_api import expect

pytestmark = [pytest.mark.ui, pytest.mark.kernel]


def test_going_back_is_one_edit_of_the_document_which_one_undo_takes_back(screen):
    history = opened(screen, "edit.ipynb", "n = 1\nprint(n)", "m = 1\nprint(m)", "k = 1")
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "After cell 2")
    screen.set_source("c1", "n = 10\nprint(n)")
    run(screen, history, "c1", "After cell 1")
    screen.set_source("c2", "m = 10\nprint(m)")
    screen.set_source("c3", "k = 10")
    counted = """() => {
        const shared = window.jupyterapp.shell.currentWidget.context.model.sharedModel;
        window.transactions = 0;
        shared.ydoc.on('afterTransaction', one => { window.transactions += one.changed.size > 0 ? 1 : 0; });
    }"""
    screen.page.evaluate(counted)
    go_back(history, "After cell 2")
    texts = [source(screen, f"c{number}") for number in (1, 2, 3)]
    assert texts == ["n = 1\nprint(n)", "m = 1\nprint(m)", "k = 1"]
    assert output(screen, "c1") == "1\n"
    assert screen.page.evaluate("() => window.transactions") == 1
    screen.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.model.sharedModel.undo()")
    texts = [source(screen, f"c{number}") for number in (1, 2, 3)]
    assert texts == ["n = 10\nprint(n)", "m = 10\nprint(m)", "k = 10"]
    assert output(screen, "c1") == "10\n"


def test_chosen_variables_come_back_and_the_others_stay(screen):
    history = opened(screen, "chosen.ipynb", "a, b = [1], [1]", "a, b = [2], [2]", "print(a, b)")
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "After cell 2")
    plan = consider(history, "After cell 1")
    plan.get_by_label("Bring back b").uncheck()
    plan.get_by_role("button", name="Go back", exact=True).click()
    expect(history.locator(".mlnb-Arrival")).to_contain_text("1 variable is as it was")
    screen.run_cell("c3")
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("[1] [2]")


def test_cells_are_run_again_from_one_on_in_the_state_before_it(screen):
    history = opened(
        screen, "rerun.ipynb", "import random\nn = 1", "n = n + 1\nprint('ran', n)", "m = n * 10\nprint('ran', m)"
    )
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "After cell 2")
    run(screen, history, "c3", "After cell 3")
    screen.set_source("c2", "n = 77")
    run(screen, history, "c2", "After cell 2")
    plan = consider(history, "After cell 3")
    plan.get_by_label("From which cell on to run again").select_option(label="from cell 2 on: n = n + 1")
    plan.get_by_role("button", name="Go back", exact=True).click()
    stands_at(history, "After cell 3")
    expect(history.locator(".mlnb-Arrival")).to_be_visible()
    assert (output(screen, "c2"), output(screen, "c3")) == ("ran 2\n", "ran 20\n")
    assert screen.counts()[1] == 5  # it really ran


def test_a_run_is_undone_and_done_again_with_variables_and_outputs_by_key(screen):
    history = opened(screen, "undo.ipynb", "n = [1]\nprint(n)", "n.append(2)\nprint(n)", "print(n)")
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "After cell 2")
    screen.set_source("c1", "n = [1]\nprint(n)  # typed since")
    screen.press_at("c2", "Control+Alt+z")
    stands_at(history, "After cell 1")
    expect(history.locator(".mlnb-Arrival")).to_contain_text("The run is undone")
    assert (output(screen, "c2"), source(screen, "c1")) == ("", "n = [1]\nprint(n)  # typed since")
    screen.press_at("c2", "Control+Alt+Shift+Z")
    stands_at(history, "After cell 2")
    expect(history.locator(".mlnb-Arrival")).to_contain_text("Done again")
    assert output(screen, "c2") == "[1, 2]\n"
    run(screen, history, "c3", "After cell 3")
    assert output(screen, "c3") == "[1, 2]\n"
    screen.execute("mlnb:snapshots-undo-run")
    stands_at(history, "After cell 2")
    screen.execute("mlnb:snapshots-undo-run")
    stands_at(history, "After cell 1")
    screen.execute("mlnb:snapshots-redo-run")
    stands_at(history, "After cell 2")


def test_back_to_the_last_clean_state_in_one_click_and_undone(screen):
    history = opened(screen, "clean.ipynb", "n = 1", "m = n + 1", "del m\nraise ValueError('broken')")
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "After cell 2")
    button = history.get_by_role("button", name="Back to the last clean state")
    expect(button).to_be_disabled()  # it is clean
    run(screen, history, "c3", "Cell 3 failed")
    assert output(screen, "c3") == "broken"
    button.click()
    expect(history.locator(".mlnb-Arrival")).to_contain_text("Back at “After cell 2”")
    stands_at(history, "After cell 2")
    assert output(screen, "c3") == ""
    history.locator(".mlnb-Arrival").get_by_role("button", name="Undo").click()
    expect(history.locator(".mlnb-Arrival")).to_contain_text("Undone")
    stands_at(history, "Cell 3 failed")
    assert output(screen, "c3") == "broken"


def test_with_one_state_looked_at_another_is_opened_and_gone_back_to(screen):
    history = opened(screen, "two.ipynb", "n = [1]", "n.append(2)", "n.append(3)", "print(n)")
    for number in (1, 2, 3):
        run(screen, history, f"c{number}", f"After cell {number}")
    looked_at = look(history, "After cell 3").get_by_role("list", name="Variables in the snapshot")
    expect(looked_at).to_contain_text("list")
    look(history, "After cell 1")
    expect(history.get_by_role("list", name="Variables in the snapshot")).to_have_count(2)
    arrival = go_back(history, "After cell 1")
    expect(arrival).to_contain_text("Back at “After cell 1”")
    stands_at(history, "After cell 1")
    expect(looked_at).to_be_visible()  # the one that was looked at is still open
    expect(entry(history, "After cell 1").locator(".mlnb-Row-head")).to_have_attribute("aria-expanded", "false")
    run(screen, history, "c4", "After cell 4")
    assert output(screen, "c4") == "[1]\n"
    assert "Back at “After cell 3”" in go_back(history, "After cell 3").inner_text()
    screen.run_cell("c4")
    stands_at(history, "After cell 4")
    assert output(screen, "c4") == "[1, 2, 3]\n"


def test_buttons_and_keys_pressed_faster_than_restores_arrive_are_all_obeyed(screen):
    history = opened(screen, "fast.ipynb", "n = [1]\nprint(n)", "n.append(2)\nprint(n)", "n.append(3)\nprint(n)")
    for number in (1, 2, 3):
        run(screen, history, f"c{number}", f"After cell {number}")
    undo = history.get_by_role("button", name="Undo run")
    undo.click()
    undo.click()
    stands_at(history, "After cell 1")
    outputs = screen.page.locator(".jp-OutputArea-output")
    expect(outputs).to_have_count(1)
    screen.execute("mlnb:snapshots-redo-run")
    history.locator(".mlnb-HistoryBar").get_by_role("button", name="Redo run").click()
    stands_at(history, "After cell 3")
    expect(outputs).to_have_text(["[1]", "[1, 2]", "[1, 2, 3]"])
