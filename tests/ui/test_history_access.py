"""History for everybody: the keyboard alone does all that can be done in it and is never lost; axe likes all its states."""

from __future__ import annotations

import pytest
from history_screen import (
    consider,
    entry,
    from_somebody_else,
    keyboard_is_in,
    look,
    opened,
    run,
    stands_at,
    tab_to,
)
from playwright.sync_api import expect
from test_accessibility import violations

pytestmark = [pytest.mark.ui, pytest.mark.kernel]

SECTION = "#mlnb-section-history"


@pytest.fixture
def two(screen, request):
    """The history of a notebook in which two cells ran, and what presses keys in it."""
    history = opened(
        screen, f"{request.node.name[:40]}.ipynb", "key = 'hunter2-hunter2'\nn = 1", "n = 2\nprint(n)", "print(n)"
    )
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "After cell 2")
    screen.page.locator(f"{SECTION} h3 button").focus()
    return history, screen.page.keyboard.press


def test_the_keyboard_alone_opens_names_verifies_exports_and_deletes_a_state(two):
    history, press = two
    row = entry(history, "After cell 1").locator(".mlnb-Row-head")
    tab_to(row)
    press("Enter")
    opened_entry = history.locator(".mlnb-Entry.mlnb-mod-open")
    tab_to(opened_entry.get_by_role("button", name="Name …"))
    press("Enter")
    expect(history.get_by_label("Name of the snapshot")).to_be_focused()
    press("Escape")
    keyboard_is_in(opened_entry)
    tab_to(opened_entry.get_by_role("button", name="Name …"))
    press("Enter")
    history.page.keyboard.type("by hand")
    press("Enter")
    expect(entry(history, "by hand")).to_be_visible()
    keyboard_is_in(opened_entry)
    for name, said in (("Verify", "Every byte is as it was written."), ("Export", "by-hand.mlnb-snapshot")):
        tab_to(opened_entry.get_by_role("button", name=name))
        press("Enter")
        expect(history.get_by_text(said)).to_be_visible()
        keyboard_is_in(history)
    tab_to(history.get_by_role("button", name="Dismiss"), "Shift+Tab")
    press("Enter")
    expect(history.get_by_text("Written to")).to_have_count(0)
    keyboard_is_in(history)
    tab_to(opened_entry.get_by_role("button", name="Delete …"))
    press("Enter")
    tab_to(history.get_by_role("button", name="Keep"))
    press("Enter")
    keyboard_is_in(opened_entry)
    tab_to(opened_entry.get_by_role("button", name="Delete …"))
    press("Enter")
    tab_to(history.get_by_role("button", name="Delete", exact=True))
    press("Enter")
    expect(entry(history, "by hand")).to_have_count(0)
    keyboard_is_in(history)


def test_the_keyboard_alone_purges_a_value_after_it_thought_better_of_it(two):
    history, press = two
    tab_to(entry(history, "After cell 2").locator(".mlnb-Row-head"))
    press("Enter")
    tab_to(history.get_by_role("button", name="Purge the value of key"))
    press("Enter")
    question = history.get_by_role("group", name="Purge the value of key")
    expect(question).to_be_focused()
    tab_to(question.get_by_role("button", name="Keep"))
    press("Enter")
    expect(question).to_have_count(0)
    keyboard_is_in(history)
    tab_to(history.get_by_role("button", name="Purge the value of key"))
    press("Enter")
    tab_to(question.get_by_role("button", name="Purge"))
    press("Enter")
    expect(history.get_by_text("The value of key is gone from 2 snapshots")).to_be_visible()
    keyboard_is_in(history)
    purged = (
        history.get_by_role("list", name="Variables in the snapshot").get_by_role("listitem").filter(has_text="key")
    )
    expect(purged.get_by_role("img", name="Saved")).to_have_count(0)


def test_the_keyboard_alone_chooses_goes_back_and_undoes_it(screen, two):
    history, press = two
    tab_to(entry(history, "After cell 1").locator(".mlnb-Row-head"))
    press("Enter")
    tab_to(history.get_by_role("button", name="Go back to here"))
    press("Enter")
    plan = history.get_by_role("group", name="What going back would do")
    expect(plan).to_be_focused()
    tab_to(plan.get_by_label("Bring back key"))
    press("Space")
    expect(plan.get_by_label("Bring back key")).not_to_be_checked()
    press("Space")
    tab_to(plan.get_by_role("checkbox", name="Document and outputs"))
    tab_to(plan.get_by_label("From which cell on to run again"))
    tab_to(plan.get_by_role("button", name="Go back", exact=True))
    press("Enter")
    arrival = history.locator(".mlnb-Arrival")
    expect(arrival).to_contain_text("Back at “After cell 1”")
    expect(arrival).to_be_focused()
    tab_to(arrival.get_by_role("button", name="Undo"))
    press("Enter")
    expect(arrival).to_contain_text("Undone")
    stands_at(history, "After cell 2")
    expect(arrival.locator(":focus")).to_have_text("Redo")
    tab_to(arrival.get_by_role("button", name="Dismiss"))
    press("Enter")
    expect(arrival).to_have_count(0)
    keyboard_is_in(history)
    tab_to(history.get_by_role("button", name="Undo run"), "Shift+Tab")
    press("Enter")
    stands_at(history, "After cell 1")
    expect(history.get_by_role("button", name="Undo run")).to_be_focused()
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_count(0)


def test_the_keyboard_alone_filters_switches_off_clears_away_and_imports(screen, two):
    history, press = two
    tab_to(history.get_by_label("Which states are shown"))
    press("ArrowDown")
    expect(history.get_by_text("No state has a name yet")).to_be_visible()
    press("ArrowUp")
    expect(history.get_by_label("Which states are shown")).to_be_focused()
    expect(history.locator(".mlnb-Entry")).to_have_count(2)
    tab_to(history.get_by_role("button", name="Off"))
    press("Enter")
    expect(history.get_by_role("button", name="On")).to_be_focused()
    press("Enter")
    expect(history.get_by_role("button", name="Off")).to_be_focused()
    tab_to(history.get_by_role("button", name="Clear away"))
    press("Enter")
    expect(history.get_by_text("were removed")).to_be_visible()
    keyboard_is_in(history)
    tab_to(history.get_by_role("button", name="Import …"), "Shift+Tab")
    press("Enter")
    expect(screen.page.locator(".jp-Open-Dialog")).to_be_visible()
    press("Escape")
    expect(screen.page.locator(".jp-Open-Dialog")).to_have_count(0)


def test_the_keyboard_alone_compares_two_states(screen, two):
    history, press = two
    tab_to(entry(history, "After cell 1").locator(".mlnb-Row-head"))
    press("Enter")
    tab_to(history.get_by_label("Compare with another snapshot"))
    press("ArrowDown")
    page = screen.page.locator(".mlnb-Diff")
    expect(page.get_by_role("button", name="Side by side")).to_be_visible()
    expect(page).to_contain_text("1 cell run in between")  # the older one is before, whichever was chosen


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_wrong_with_questions_messages_and_errors(screen, theme):
    screen.lab.set_theme(theme)
    history = opened(screen, f"axe-{theme}.ipynb", "import socket\nline = socket.socket()\nn = 1", "n = 2")
    assert violations(screen, SECTION) == []  # nothing yet
    run(screen, history, "c1", "After cell 1")
    opened_entry = look(history, "After cell 1")
    opened_entry.get_by_role("button", name="Name …").click()
    assert violations(screen, SECTION) == []
    history.get_by_label("Name of the snapshot").press("Escape")
    opened_entry.get_by_role("button", name="Delete …").click()
    assert violations(screen, SECTION) == []
    opened_entry.get_by_role("button", name="Keep").click()
    opened_entry.get_by_role("button", name="Purge the value of n").click()
    assert violations(screen, SECTION) == []
    opened_entry.get_by_role("button", name="Keep").click()
    opened_entry.get_by_role("button", name="Export").click()
    expect(history.get_by_role("button", name="Download")).to_be_visible()
    assert violations(screen, SECTION) == []
    screen.page.route("**/verify*", lambda route: route.abort())
    opened_entry.get_by_role("button", name="Verify").click()
    expect(history.get_by_role("alert")).to_contain_text("does not answer")
    assert violations(screen, SECTION) == []
    run(screen, history, "c2", "After cell 2")
    consider(history, "After cell 1").get_by_role("button", name="Go back", exact=True).click()
    expect(history.locator(".mlnb-Arrival").get_by_role("list", name="Not restored")).to_contain_text("line")
    assert violations(screen, SECTION) == []
    history.get_by_role("button", name="Off").click()
    expect(history.get_by_role("button", name="On")).to_be_visible()
    history.get_by_label("Which states are shown").select_option("named")
    expect(history.get_by_text("No state has a name yet")).to_be_visible()
    assert violations(screen, SECTION) == []


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_wrong_with_the_consent_to_a_state_from_elsewhere(screen, tmp_path, theme):
    screen.lab.set_theme(theme)
    file = screen.lab.root / f"consent-{theme}.mlnb-snapshot"
    from_somebody_else(tmp_path, file)
    taken = screen.lab.request("POST", "mlnb/snapshots/import", {"file": file.name})
    screen.open(screen.lab.request("POST", f"mlnb/snapshots/{taken['id']}/open", {"folder": ""})["path"])
    screen.wait_until_linked()
    history = screen.section("history")
    consent = consider(history, "from bo").get_by_role("group", name="From elsewhere")
    expect(consent).to_be_visible()
    assert violations(screen, SECTION) == []
