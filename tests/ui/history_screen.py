"""What the tests of the History section do again and again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    import re
    from pathlib import Path

    from lab_driver import Screen
    from playwright.sync_api import Locator

SOMEBODY_ELSE = """
import sys
from pathlib import Path
from IPython.core.interactiveshell import InteractiveShell
from mlnb.kernel.snapshots import KernelSnapshots
from mlnb.wiring import build_services

notebook, target = Path(sys.argv[1]), Path(sys.argv[2])
shell = InteractiveShell()
snapshots = KernelSnapshots(shell, link=lambda _: None, notebook=lambda: notebook)
shell.run_cell("class Odd:\\n    size = 3\\nodd = Odd()\\nn = 5", store_history=True)
taken = snapshots.take("from bo")
snapshots.flush()
services = build_services()
services.snapshots.attach_document(taken.id, notebook)
services.snapshots.export(taken.id, target)
"""


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


def from_somebody_else(folder: Path, target: Path) -> dict[str, object]:
    """Write to `target` what another user exported, whose home and keys lie in `folder`; the notebook of its name that it is of."""
    cell = {"id": "c1", "cell_type": "code", "source": "n", "metadata": {}, "execution_count": None, "outputs": []}
    metadata = {"kernelspec": {"name": "python3", "display_name": "python3"}, "mlnb": {"id": f"shared-{folder.name}"}}
    theirs: dict[str, object] = {"cells": [cell], "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    notebook = folder / f"{target.stem}.ipynb"
    notebook.write_text(json.dumps(theirs))
    environment = {**os.environ, "MLNB_HOME": str(folder / "home"), "MLNB_KEYS": str(folder / "keys")}
    arguments = [sys.executable, "-c", SOMEBODY_ELSE, str(notebook), str(target)]
    subprocess.run(arguments, check=True, env=environment, capture_output=True, timeout=300)
    return theirs


def tab_to(target: Locator, key: str = "Tab") -> None:
    """Press a key until the keyboard is on `target`: whoever has no mouse gets there too."""
    expect(target).to_be_enabled()
    for _ in range(150):
        if target.evaluate("node => node === document.activeElement"):
            return
        target.page.keyboard.press(key)
    raise AssertionError(f"{target} cannot be reached by {key}")


def keyboard_is_in(history: Locator) -> None:
    """The keyboard is still in the section, so that the next Tab goes on from there."""
    expect(history.locator(":focus")).to_have_count(1)
