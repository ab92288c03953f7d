"""One JupyterLab and one browser for all UI tests; a fresh page and workspace for each."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # the suite is imported by path, so its own module needs a way in

from lab_driver import CHROMIUM, TIMEOUT_MS, Screen, launch_browser, running_lab


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """A running JupyterLab with mlnb."""
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(autouse=True)
def jp_asyncio_loop():
    """No event loop of pytest-jupyter's: Playwright runs one in this thread."""


@pytest.fixture(autouse=True)
def jp_server_cleanup():
    """Nothing of pytest-jupyter's to clean up: the server is another process."""


@pytest.fixture(scope="module")  # while it is open, nothing else in this process can run an event loop
def browser():
    """Chromium without a window."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"no browser at {CHROMIUM}: apt-get install chromium, or set MLNB_TEST_CHROMIUM")
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=TIMEOUT_MS)
    with sync_playwright() as playwright:
        running = launch_browser(playwright)
        yield running
        running.close()


@pytest.fixture
def screen(lab, browser):
    """A fresh page on the lab, with the sidebar as a new user finds it; a script error on it fails the test."""
    lab.set_theme("JupyterLab Light")
    lab.forget_sections()
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    screen = Screen(page, lab)
    yield screen
    kernels = lab.request("GET", "api/sessions")
    page.close()
    for session in kernels:
        lab.request("DELETE", f"api/sessions/{session['id']}")
    assert [error for error in errors if "mlnb" in error] == []
