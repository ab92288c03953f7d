"""The pictures of the README, from a real JupyterLab at work on the example: ``python tests/ui/screenshots.py``."""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parent))

from lab_driver import Lab, Screen, launch_browser, running_lab
from playwright.sync_api import Locator, sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

REPOSITORY = Path(__file__).parents[2]
IMAGES = REPOSITORY / "docs" / "images"
EXAMPLE = "train.ipynb"
THEMES = {"": "JupyterLab Light", "-dark": "JupyterLab Dark"}
SECTIONS = ("order", "history", "models", "features", "jobs", "environment")
LONG_MS = 300_000
PRICES = (
    "import random",
    "prices = [3, 1, 2]",
    "prices.sort()\ntotal = sum(prices)",
    "print(f'{total} for {len(prices)}')",
    "luck = random.random()",
    "scratch = total * 2",
)


def main() -> None:
    """Prepare one lab by doing each section's first step, then picture it in each theme."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, running_lab(Path(folder)) as lab:
        for path in (REPOSITORY / "examples").iterdir():
            if path.is_file():
                shutil.copy(path, lab.root)
        subprocess.run([sys.executable, "tumour_features.py"], cwd=lab.root, check=True)  # writes the data it reads
        with sync_playwright() as playwright:
            browser = launch_browser(playwright)
            with opened(browser, lab) as screen:
                prepare(screen)
            for suffix, theme in THEMES.items():
                lab.set_theme(theme)
                with opened(browser, lab) as screen:
                    picture(screen, suffix)
                    picture_graph(screen, suffix)
                picture_order(browser, lab, suffix)
            browser.close()


@contextlib.contextmanager
def opened(browser: Browser, lab: Lab) -> Iterator[Screen]:
    """The example on a page of its own, its kernel linked."""
    page = browser.new_page(viewport={"width": 1440, "height": 1000}, device_scale_factor=1.5)
    screen = Screen(page, lab)
    screen.open(EXAMPLE)
    screen.wait_until_linked()
    widen(screen)
    yield screen
    page.close()


def widen(screen: Screen) -> None:
    """Give the sidebar a comfortable width."""
    handle = screen.page.locator("#jp-main-split-panel > .lm-SplitPanel-handle:not(.lm-mod-hidden)").first
    box = handle.bounding_box()
    if box:
        screen.page.mouse.move(box["x"] + 1, box["y"] + 300)
        screen.page.mouse.down()
        screen.page.mouse.move(box["x"] + 100, box["y"] + 300, steps=5)
        screen.page.mouse.up()


def prepare(screen: Screen) -> None:
    """The main job, by hand: run, freeze, log, apply features, submit a job with another parameter."""
    order = screen.section("order")
    order.get_by_role("button", name=re.compile("Run \\d+ cells?")).click()
    order.get_by_text("cells are fresh").wait_for(timeout=LONG_MS)
    history = screen.section("history")
    history.get_by_role("button", name="Take Snapshot").click()
    rows(history, "Snapshots, newest first").first.wait_for()
    screen.execute("mlnb:features-add", {"path": "tumour_features.py"})
    rows(screen.section("features"), "Feature views").first.wait_for()
    models = screen.section("models")
    rows(models, "Runs, newest first").first.wait_for()
    jobs = screen.section("jobs")
    jobs.get_by_role("button", name="Submit as Job").click()
    dialog = screen.page.get_by_role("dialog")
    dialog.get_by_role("textbox", name="n_estimators").fill("50")
    dialog.screenshot(path=IMAGES / "submit.png")
    dialog.get_by_role("button", name="Submit", exact=True).click()
    rows(jobs, "Jobs, newest first").get_by_role("img", name="Succeeded").wait_for(timeout=LONG_MS)
    history.get_by_role("button", name="Take Snapshot").click()
    rows(history, "Snapshots, newest first").nth(1).wait_for()


def picture(screen: Screen, suffix: str) -> None:
    """The whole screen with a stale cell, then each section by itself with its first row open."""
    make_stale(screen)
    for name in SECTIONS:
        screen.section(name)
    screen.page.wait_for_function("() => !document.querySelector('.mlnb-Loading')")
    screen.section("order").locator(".mlnb-Row-head").first.click()  # brings the stale cell into view
    screen.page.mouse.move(900, 990)
    screen.page.wait_for_timeout(500)  # smooth scrolling tells nobody when it is done
    screen.page.screenshot(path=IMAGES / f"overview{suffix}.png")
    for name in SECTIONS:
        section = screen.section(name)
        row = section.locator(".mlnb-Row-head[aria-expanded]").first
        if row.count():
            row.click()
            screen.page.wait_for_timeout(500)  # what the row fetches comes without a sign of its own
        screen.page.mouse.move(900, 990)
        section.scroll_into_view_if_needed()
        section.screenshot(path=IMAGES / f"{name}{suffix}.png")


def picture_order(browser: Browser, lab: Lab, suffix: str) -> None:
    """What stands at a cell about its order: the warning, the refusal, the reason of a cell that cannot be told, the hint of a restart."""
    page = browser.new_page(viewport={"width": 1100, "height": 640}, device_scale_factor=1.5)
    screen = Screen(page, lab)
    screen.open(lab.write_notebook("prices.ipynb", *PRICES))
    screen.wait_until_linked()
    only_order(screen)
    header = page.locator(".mlnb-OrderHeader")
    screen.execute("notebook:run-all-cells")
    header.get_by_text("Cannot tell of 1 cell").wait_for()
    screen.press_at("c6", "Escape")
    screen.execute("mlnb:order-skip")
    screen.set_source("c2", "prices = [3, 1, 2, 5]")
    screen.run_cell("c2")
    header.get_by_text("2 cells stale").wait_for()
    mode = screen.section("order").get_by_label("What mlnb does about order in this notebook")
    for name in ("warn", "block"):
        mode.select_option(name)
        page.locator(f'select[title="In force: {name.title()}."]').wait_for()
        screen.press_at("c4", "Control+Enter")
        page.locator(".mlnb-Strip").wait_for()
        shoot(screen, f"order-{name}{suffix}")
        page.keyboard.press("Escape")
    screen.press_at("c5", "w")
    page.locator(".mlnb-Strip").wait_for()
    shoot(screen, f"order-cannot-tell{suffix}")
    page.keyboard.press("Escape")
    mode.select_option("")
    screen.press_at("c2", "d")
    page.keyboard.press("d")
    screen.section("order").locator(".mlnb-Message").wait_for()
    shoot(screen, f"order-restart{suffix}")
    page.close()


def only_order(screen: Screen) -> None:
    """Close the other sections, so that this one has the whole height."""
    for name in SECTIONS[1:]:
        heading = screen.page.locator(f"#mlnb-section-{name} h3 button")
        if heading.get_attribute("aria-expanded") == "true":
            heading.click()


def shoot(screen: Screen, name: str) -> None:
    """Picture the page with the pointer out of the way."""
    screen.page.mouse.move(900, 550)
    screen.page.wait_for_timeout(300)  # tooltips and smooth scrolling tell nobody when they are done
    screen.page.screenshot(path=IMAGES / f"{name}.png")


def make_stale(screen: Screen) -> None:
    """Run the notebook from top to bottom, then change its parameters."""
    order = screen.section("order")
    button = order.get_by_role("button", name=re.compile("Run \\d+ cells?"))
    if button.count():
        button.click()
    order.get_by_text("cells are fresh").wait_for(timeout=LONG_MS)
    cell = screen.page.evaluate(
        """() => {
            const { widgets } = window.jupyterapp.shell.currentWidget.content;
            const cell = widgets.find(({ model }) => (model.getMetadata('tags') ?? []).includes('parameters'));
            cell.model.sharedModel.setSource(cell.model.sharedModel.getSource().replace(/n_estimators = \\d+/, 'n_estimators = 100'));
            return cell.model.id;
        }"""
    )
    screen.run_cell(cell)
    order.get_by_role("img", name="Stale").first.wait_for()


def picture_graph(screen: Screen, suffix: str) -> None:
    """The dependency graph beside the notebook with its stale cells."""
    screen.page.evaluate("window.jupyterapp.shell.collapseLeft()")
    screen.execute("mlnb:order-graph")
    tab = screen.page.locator(".mlnb-Graph")
    tab.get_by_role("option").first.wait_for()
    screen.page.mouse.move(900, 990)
    screen.page.wait_for_timeout(500)  # the panels beside each other settle without a sign of their own
    screen.page.screenshot(path=IMAGES / f"graph{suffix}.png")


def rows(section: Locator, name: str) -> Locator:
    """The rows of a section's list."""
    return section.get_by_role("list", name=name).locator("> li")


if __name__ == "__main__":
    main()
