"""Our regions hold WCAG 2.1 AA in every theme, and the keyboard alone reaches everything in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.ui, pytest.mark.kernel]

AXE = Path(__file__).parents[2] / "node_modules" / "axe-core" / "axe.min.js"
SECTIONS = ("order", "history", "models", "features", "jobs", "environment")


def violations(screen, selector):
    screen.page.add_script_tag(path=str(AXE))
    found = screen.page.evaluate(
        """selector => axe.run(selector, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa'] })""", selector
    )
    return [f"{rule['id']}: {node['html'][:160]}" for rule in found["violations"] for node in rule["nodes"]]


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_wrong_with_the_sidebar(screen, theme):
    screen.lab.set_theme(theme)
    screen.open(screen.lab.write_notebook("axe.ipynb", "x = 1", "y = x", "print(gone)"))
    screen.wait_until_linked()
    screen.run_cell("c1")
    screen.run_cell("c2")
    for name in SECTIONS:
        content = screen.section(name).locator(".mlnb-Section-content")
        expect(content.get_by_text("Loading …")).to_have_count(0)
    assert violations(screen, "#mlnb-sidebar") == []
    assert violations(screen, ".mlnb-CellMark") == []


def test_axe_finds_nothing_wrong_with_the_dialog(screen):
    screen.open(screen.lab.write_notebook("form.ipynb", "n = 1\nname = 'a'\ndeep = True", parameters=True))
    screen.section("jobs").get_by_role("button", name="Submit as Job").click()
    screen.page.get_by_role("dialog").get_by_role("textbox", name="name").wait_for()
    assert violations(screen, ".mlnb-Form") == []


def test_the_keyboard_alone_reaches_every_section(screen):
    screen.open()
    screen.open_sidebar()
    screen.page.locator("#mlnb-section-order h3 button").focus()
    reached = set()
    for _ in range(40):
        reached.add(screen.page.evaluate("() => document.activeElement.closest('.mlnb-Section')?.id ?? ''"))
        screen.page.keyboard.press("Tab")
    assert {f"mlnb-section-{name}" for name in SECTIONS} <= reached
    heading = screen.page.locator("#mlnb-section-environment h3 button")
    heading.focus()
    screen.page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-expanded", "true")
