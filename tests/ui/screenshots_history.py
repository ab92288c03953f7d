"""The pictures of History, taken on the way of its journey, in light and dark: ``python tests/ui/screenshots_history.py``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page

IMAGES = Path(__file__).parents[2] / "docs" / "images"
THEMES = {"": "JupyterLab Light", "-dark": "JupyterLab Dark"}
JOURNEY = Path(__file__).with_name("test_time_travel.py")


class Pictures:
    """Makes the journey stop for pictures in one theme.

    Args:
        suffix: of the names of the files.
        theme: as JupyterLab calls it.
    """

    def __init__(self, suffix: str, theme: str) -> None:
        self._suffix = suffix
        self._theme = theme

    def pytest_configure(self, config: pytest.Config) -> None:
        """Hand the journey the theme, and what takes a picture."""
        config.mlnb_theme = self._theme  # type: ignore[attr-defined] - pytest's own way to hand something to fixtures
        config.mlnb_shot = self.shoot  # type: ignore[attr-defined]

    def shoot(self, page: Page, history: Locator, name: str) -> None:
        """Picture the page, with the pointer out of the way."""
        history.evaluate("node => { node.scrollIntoView({ block: 'start' }); }")
        if name != "preview":  # which is further down
            history.locator(".mlnb-Section-content").evaluate("node => { node.scrollTop = 0; }")
        page.mouse.move(1000, 990)
        page.wait_for_timeout(400)  # tooltips and smooth scrolling tell nobody when they are done
        page.screenshot(path=IMAGES / f"history-{name}{self._suffix}.png")


if __name__ == "__main__":
    results = [pytest.main(["-q", str(JOURNEY)], [Pictures(*one)]) for one in THEMES.items()]
    sys.exit(max(results))
