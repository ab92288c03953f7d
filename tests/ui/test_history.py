"""History on the screen: a snapshot is taken, a variable destroyed, the snapshot restored, two snapshots compared."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.ui, pytest.mark.kernel]


def take(screen, history, number):
    history.get_by_role("button", name="Take Snapshot").click()
    expect(history.get_by_role("list", name="Snapshots, newest first").locator("> li")).to_have_count(number)


def test_a_destroyed_variable_comes_back(screen):
    screen.open(screen.lab.write_notebook("history.ipynb", "numbers = [1, 2, 3]", "numbers.clear()", "print(numbers)"))
    screen.wait_until_linked()
    screen.run_cell("c1")
    history = screen.section("history")
    history.get_by_role("button", name="Take a snapshot").click()
    row = history.get_by_role("list", name="Snapshots, newest first").locator("> li")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("1 variable")
    row.get_by_role("button").first.click()
    variables = history.get_by_role("list", name="Variables in the snapshot")
    expect(variables).to_contain_text("numbers")
    expect(variables.get_by_role("img", name="Saved")).to_be_visible()

    screen.run_cell("c2")
    history.get_by_role("button", name="Restore").click()
    expect(history.get_by_text("1 variable is as it was.")).to_be_visible()
    screen.run_cell("c3")
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("[1, 2, 3]")


def test_a_renamed_notebook_keeps_its_kernel_and_its_history(screen):
    screen.open(screen.lab.write_notebook("Untitled.ipynb", "n = 1"))
    screen.wait_until_linked()
    screen.run_cell("c1")
    history = screen.section("history")
    take(screen, history, 1)
    before = (screen.lab.root / "Untitled.ipynb").read_text()
    assert '"mlnb"' in before  # its identity, written at the first act
    screen.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.rename('renamed.ipynb')")
    expect(screen.page.get_by_role("tab", name="renamed.ipynb")).to_be_visible()
    take(screen, history, 2)
    expect(history.get_by_role("list", name="Snapshots, newest first").locator("> li").first).to_contain_text(
        "1 variable"
    )


def test_two_snapshots_are_compared_in_a_tab(screen):
    screen.open(screen.lab.write_notebook("compare.ipynb", "a = 1", "a = 2; b = 'new'"))
    screen.wait_until_linked()
    history = screen.section("history")
    screen.run_cell("c1")
    take(screen, history, 1)
    screen.run_cell("c2")
    take(screen, history, 2)
    history.get_by_role("list", name="Snapshots, newest first").locator("> li").first.get_by_role(
        "button"
    ).first.click()
    history.get_by_label("Compare with another snapshot").select_option(index=1)
    page = screen.page.locator(".mlnb-Page")
    expect(page.get_by_role("row").filter(has_text="changed")).to_contain_text("a")
    expect(page.get_by_role("row").filter(has_text="added")).to_contain_text("b")


def test_what_cannot_be_saved_is_named_with_the_reason(screen):
    screen.open(screen.lab.write_notebook("socket.ipynb", "import socket\nline = socket.socket()\nn = 1"))
    screen.wait_until_linked()
    screen.run_cell("c1")
    history = screen.section("history")
    take(screen, history, 1)
    history.get_by_role("list", name="Snapshots, newest first").locator("> li").get_by_role("button").first.click()
    variables = history.get_by_role("list", name="Variables in the snapshot")
    line = variables.get_by_role("listitem").filter(has_text="line")
    expect(line.get_by_role("img", name="Saved")).to_have_count(0)
    expect(line.locator(".mlnb-Row-wrapped")).not_to_be_empty()
