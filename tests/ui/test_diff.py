"""A comparison on the screen: cells with their words, outputs and pictures, variables with their places, and what is the same."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect

from tests.committed import git
from tests.ui.test_accessibility import violations

pytestmark = [pytest.mark.ui, pytest.mark.kernel]

PIXEL = (
    "import base64\nfrom IPython.display import Image\n"
    "dot = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42{}AAAAABJRU5ErkJggg=='\n"
    "Image(data=base64.b64decode(dot), width=40)"
)
RED, BLUE = PIXEL.format("mP8z8DwHwAFBQIAX8jx0gA"), PIXEL.format("mNkYPhfDwAChwGA60e6kgA")
BEFORE = (
    "n = 3\nrate = 0.1",
    "import pandas as pd\nframe = pd.read_csv('numbers.csv')\nframe.head()",
    RED,
    "same = 'kept'",
)


@pytest.fixture
def compared(screen):
    """A notebook that ran, was kept, was changed and ran again; compared with its last clean state."""

    def compare(name="diff.ipynb"):
        data = screen.lab.root / "numbers.csv"
        data.write_text("a,b\n1,x\n2,y\n3,z\n")
        screen.open(screen.lab.write_notebook(name, *BEFORE, parameters=True, is_kept=False))
        screen.wait_until_linked()
        run_all(screen)
        screen.lab.request("POST", "mlnb/snapshots", {"notebook": name, "reason": "before cleaning"})
        data.write_text("a,b\n1,x\n20,y\n3,z\n")
        screen.set_source("c1", "n = 3\nrate = 0.25\nmodel = {'alpha': [1, 2]}")
        screen.set_source("c3", BLUE)
        run_all(screen)
        screen.execute("mlnb:snapshots-compare", {"since": "clean"})
        page = screen.page.locator(".mlnb-Diff")
        expect(page.get_by_role("heading", name="Cells", exact=False).first).to_be_visible()
        return page

    return compare


def run_all(screen):
    for number in range(1, len(BEFORE) + 1):
        screen.run_cell(f"c{number}")
    screen.page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")


def section(page, name):
    return page.get_by_role("region", name=name, exact=True)


def test_one_tab_shows_all_that_differs_and_says_what_does_not(screen, compared):
    page = compared()
    expect(page.locator(".mlnb-Diff-sides")).to_contain_text("before cleaning")
    source = page.get_by_role("table", name="Source of Cell 1")
    expect(source.locator(".mlnb-mod-removed mark")).to_have_text("1")
    expect(source.locator(".mlnb-mod-added mark").first).to_have_text("25")
    expect(page.get_by_role("img", name="Picture 1 of Cell 3 before")).to_be_visible()
    expect(page.get_by_role("img", name="Picture 1 of Cell 3 after")).to_be_visible()
    expect(section(page, "Cells")).to_contain_text("1 cell is unchanged.")

    places = page.get_by_role("table", name="Where frame differs")
    expect(places.get_by_role("row").filter(has_text="row 1, column 'a'")).to_contain_text("20")
    expect(section(page, "Variables")).to_contain_text("DataFrame")
    expect(section(page, "Variables").get_by_role("listitem").filter(has_text="model")).to_contain_text("added")
    expect(section(page, "Parameters").get_by_role("row").filter(has_text="rate")).to_contain_text("0.25")
    expect(section(page, "Data")).to_contain_text("numbers.csv")
    expect(page.locator(".mlnb-Diff-quiet").first).to_contain_text("packages")
    expect(section(page, "Packages")).to_have_count(0)


def test_sections_fold_and_both_states_stand_side_by_side_by_the_keyboard_alone(screen, compared):
    page = compared("keys.ipynb")
    heading = section(page, "Variables").get_by_role("heading").get_by_role("button")
    heading.focus()
    screen.page.keyboard.press("Enter")
    expect(heading).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("table", name="Where frame differs")).to_have_count(0)
    source = page.get_by_role("table", name="Source of Cell 1").locator("tr").filter(has_text="0.25")
    expect(source.locator("td")).to_have_count(3)
    page.get_by_role("button", name="Side by side").focus()
    screen.page.keyboard.press("Enter")
    expect(source.locator("td")).to_have_count(4)
    expect(source.locator("td").nth(1)).to_contain_text("rate = 0.1")


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_wrong_with_a_comparison(screen, compared, theme):
    screen.lab.set_theme(theme)
    compared("axe-diff.ipynb")
    assert violations(screen, ".mlnb-Diff") == []


def test_the_menu_offers_earlier_states_and_says_why_one_is_not_there(screen):
    name = screen.lab.write_notebook("menu.ipynb", "x = 1", is_kept=False)
    screen.open(name)
    screen.wait_until_linked()
    screen.run_cell("c1")
    screen.page.get_by_role("menuitem", name="mlnb", exact=True).click()
    screen.page.locator(".lm-Menu-item[data-type=submenu]").filter(has_text="Compare with").click()
    screen.page.get_by_role("menuitem", name="Compare with Last Commit").click()
    page = screen.page.locator(".mlnb-Diff")
    expect(page.get_by_role("alert")).to_contain_text("no committed menu.ipynb")

    git(screen.lab.root, "init", "-q")
    git(screen.lab.root, "add", name)
    git(screen.lab.root, "commit", "-q", "-m", "first")
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("Not compared: variables")).to_be_visible()

    page.get_by_role("button", name="Compare with …").click()
    dialog = screen.page.get_by_role("dialog")
    expect(dialog.locator("option")).to_contain_text(
        ["Last run", "Last clean state: no cell had failed", "Last commit", "Yesterday"]
    )
    dialog.locator("select").select_option(index=4)
    dialog.get_by_role("button", name="Compare").click()
    expect(screen.page.locator(".mlnb-Diff").last).to_contain_text("Nothing that was compared differs.")


def test_a_very_large_difference_is_on_the_screen_in_pieces(screen):
    cells = {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": None}
    root = screen.lab.root

    def write(mark):
        found = [
            {**cells, "id": f"c{n}", "source": "\n".join(f"x_{n}_{line} = {line}{mark}" for line in range(50))}
            for n in range(1000)
        ]
        document = {"cells": found, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        (root / "large.ipynb").write_text(json.dumps(document))
        return screen.lab.request("POST", "mlnb/snapshots", {"notebook": "large.ipynb"})["snapshot"]["id"]

    one, two = write(""), write("0")
    screen.open()
    screen.open_sidebar()
    screen.execute("mlnb:snapshots-compare", {"a": one, "b": two})
    page = screen.page.locator(".mlnb-Diff")
    expect(section(page, "Cells").get_by_role("article")).to_have_count(20)
    expect(section(page, "Cells")).to_contain_text("980 are not shown yet")
    page.get_by_role("button", name="Show 20 more").click()
    expect(section(page, "Cells").get_by_role("article")).to_have_count(40)
