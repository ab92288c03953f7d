"""History on the screen: states by themselves and by hand, what is in them, where the kernel stands."""

from __future__ import annotations

import re

import pytest
from history_screen import consider, entry, go_back, look, opened, output, run, source
from playwright.sync_api import expect
from test_accessibility import violations

pytestmark = [pytest.mark.ui, pytest.mark.kernel]


def test_each_run_is_a_state_and_a_destroyed_variable_comes_back(screen):
    history = opened(screen, "history.ipynb", "numbers = [1, 2, 3]", "numbers.clear()", "print(numbers)")
    expect(history.get_by_text("Run a cell: its state is kept here by itself")).to_be_visible()
    run(screen, history, "c1", "After cell 1")
    expect(entry(history, "After cell 1")).to_contain_text("1 variable")
    variables = look(history, "After cell 1").get_by_role("list", name="Variables in the snapshot")
    expect(variables).to_contain_text("numbers")
    expect(variables.get_by_role("img", name="Saved")).to_be_visible()
    run(screen, history, "c2", "After cell 2")
    expect(go_back(history, "After cell 1")).to_contain_text("1 variable is as it was")
    run(screen, history, "c3", "After cell 3")
    assert output(screen, "c3") == "[1, 2, 3]\n"
    history.locator(".mlnb-Arrival").get_by_role("button", name="Undo").click()
    expect(history.locator(".mlnb-Arrival")).to_contain_text("Undone")


def test_a_renamed_notebook_keeps_its_kernel_and_its_history(screen):
    history = opened(screen, "Untitled.ipynb", "n = 1", "n = 2")
    run(screen, history, "c1", "After cell 1")
    history.get_by_role("button", name="Take Snapshot").click()
    expect(history.locator(".mlnb-Entry")).to_have_count(2)
    assert '"mlnb"' in (screen.lab.root / "Untitled.ipynb").read_text()  # its identity, written at the first act
    screen.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.rename('renamed.ipynb')")
    expect(screen.page.get_by_role("tab", name="renamed.ipynb")).to_be_visible()
    run(screen, history, "c2", "After cell 2")
    go_back(history, "After cell 1")
    assert screen.page.locator(".jp-Dialog").count() == 0


def test_two_snapshots_are_compared_in_a_tab(screen):
    history = opened(screen, "compare.ipynb", "a = 1", "a = 2; b = 'new'")
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "After cell 2")
    look(history, "After cell 2").get_by_label("Compare with another snapshot").select_option(index=1)
    page = screen.page.locator(".mlnb-Page")
    expect(page).to_contain_text("new")
    expect(page.get_by_text(re.compile("b", re.IGNORECASE)).first).to_be_visible()


def test_what_cannot_be_saved_is_named_with_the_reason_before_anyone_relies_on_it(screen):
    history = opened(screen, "socket.ipynb", "import socket\nline = socket.socket()\nn = 1", "n = 2")
    run(screen, history, "c1", "After cell 1")
    expect(entry(history, "After cell 1")).to_contain_text("not saved")
    line = look(history, "After cell 1").get_by_role("listitem").filter(has_text="line")
    expect(line.get_by_role("img", name="Saved")).to_have_count(0)
    expect(line.locator(".mlnb-Row-wrapped")).not_to_be_empty()
    run(screen, history, "c2", "After cell 2")
    plan = consider(history, "After cell 1")
    there = plan.get_by_role("listitem").filter(has_text="line")
    expect(there.get_by_role("img")).to_have_attribute(
        "aria-label", re.compile("does not come back|running cells", re.I)
    )


def test_the_keyboard_alone_goes_back_and_no_key_is_a_trap(screen):
    history = opened(screen, "keys.ipynb", "n = 1", "n = 2")
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "After cell 2")
    press = screen.page.keyboard.press
    entry(history, "After cell 1").locator(".mlnb-Row-head").focus()
    press("Enter")
    expect(look(history, "After cell 1").get_by_role("button", name="Go back to here")).to_be_enabled()
    press("Tab")
    press("Enter")
    plan = history.get_by_role("group", name="What going back would do")
    expect(plan).to_be_focused()
    press("Escape")
    expect(plan).to_have_count(0)
    consider(history, "After cell 1").get_by_role("button", name="Go back", exact=True).focus()
    press("Enter")
    expect(history.locator(".mlnb-Arrival")).to_contain_text("Back at “After cell 1”")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_wrong_with_the_timeline_and_the_preview(screen, theme):
    screen.lab.set_theme(theme)
    history = opened(screen, "axe-history.ipynb", "n = 1", "raise ValueError", "n = 3")
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "Cell 2 failed")
    look(history, "Cell 2 failed")
    expect(history.get_by_role("list", name="Variables in the snapshot")).to_be_visible()
    assert violations(screen, "#mlnb-section-history") == []
    consider(history, "Cell 2 failed")
    assert violations(screen, "#mlnb-section-history") == []
    history.get_by_role("button", name="Go back", exact=True).click()
    expect(history.locator(".mlnb-Arrival")).to_contain_text("Back at “Cell 2 failed”")
    run(screen, history, "c3", "After cell 3")
    assert violations(screen, "#mlnb-section-history") == []
    assert source(screen, "c3") == "n = 3"
