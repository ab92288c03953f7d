"""What the tests of the History section do again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    import re

    from lab_driver import Screen
    from playwright.sync_api import Locator


def opened(screen: Screen, name: str, *sources: str) -> Locator:
    """The History section of a new notebook with these cells."""
    screen.open(screen.lab.write_notebook(name, *sources))
    screen.wait_until_linked()
    return screen.section("history")


def entry(history: Locator, title: str | re.Pattern[str]) -> Locator:
    """The newest entry of this title."""
    titled = history.page.locator(".mlnb-Row-head", has_text=title)  # an opened entry names others in what it offers
    return history.locator(".mlnb-Entry").filter(has=titled).first


def stands_at(history: Locator, title: str) -> None:
    """Wait until the kernel stands at an entry of this title."""
    expect(history.locator(".mlnb-Entry[aria-current=step]")).to_contain_text(title)


def run(screen: Screen, history: Locator, cell_id: str, title: str) -> None:
    """Run a cell and wait until its state is in the history."""
    screen.run_cell(cell_id)
    stands_at(history, title)


def look(history: Locator, title: str | re.Pattern[str]) -> Locator:
    """The entry of this title, opened."""
    found = entry(history, title)
    if found.locator(".mlnb-Row-head").get_attribute("aria-expanded") == "false":
        found.locator(".mlnb-Row-head").click()
    return found


def consider(history: Locator, title: str | re.Pattern[str]) -> Locator:
    """What going back to the entry of this title would do."""
    look(history, title).get_by_role("button", name="Go back to here").click()
    plan = history.get_by_role("group", name="What going back would do")
    expect(plan).to_be_visible()
    return plan


def go_back(history: Locator, title: str | re.Pattern[str]) -> Locator:
    """Go back to the entry of this title; the strip that says what was done."""
    consider(history, title).get_by_role("button", name="Go back", exact=True).click()
    arrival = history.locator(".mlnb-Arrival")
    expect(arrival).to_be_visible()
    return arrival


def output(screen: Screen, cell_id: str) -> str:
    """The text that a cell shows."""
    found: str = screen.page.evaluate(
        """id => window.jupyterapp.shell.currentWidget.content.widgets.find(cell => cell.model.id === id)
            .model.sharedModel.getOutputs().map(one => [].concat(one.text ?? one.evalue ?? '').join('')).join('')""",
        cell_id,
    )
    return found


def source(screen: Screen, cell_id: str) -> str:
    """The code in a cell."""
    found: str = screen.page.evaluate(
        """id => window.jupyterapp.shell.currentWidget.content.widgets.find(cell => cell.model.id === id)
            .model.sharedModel.getSource()""",
        cell_id,
    )
    return found
