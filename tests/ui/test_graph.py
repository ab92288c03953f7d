"""The dependency graph of a notebook: opened by command, walked by keyboard, as a picture and as a table."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from test_accessibility import violations

pytestmark = [pytest.mark.ui, pytest.mark.kernel]

CELLS = ("rows = [1, 2, 3]", "total = sum(rows)", "unrelated = 7", "mean = total / len(rows)\nmean", "print(mean)")


@pytest.fixture
def graph(screen):
    """The graph tab of a notebook whose cells have run."""
    screen.open(screen.lab.write_notebook("graph.ipynb", *CELLS))
    screen.wait_until_linked()
    for number in range(1, len(CELLS) + 1):
        screen.run_cell(f"c{number}")
    return opened(screen)


def opened(screen, **args):
    screen.execute("mlnb:order-graph", args)
    tab = screen.page.locator(".mlnb-Graph")
    tab.wait_for()
    return tab


def cells(tab):
    return tab.get_by_role("listbox", name="Cells in document order").get_by_role("option")


def chosen(tab):
    return tab.get_by_role("option", selected=True)


def active_cell(screen):
    return screen.page.evaluate("""() => {
        const app = window.jupyterapp;
        const panels = [...app.shell.widgets('main')].filter(widget => widget.content?.activeCell);
        return panels[0].content.activeCell.model.id;
    }""")


def test_the_command_shows_cells_states_and_lines(graph):
    expect(cells(graph)).to_have_count(len(CELLS))
    expect(cells(graph).nth(3)).to_contain_text("mean = total / len(rows)")
    expect(cells(graph).nth(3)).to_contain_text("Fresh")
    expect(graph.get_by_role("status")).to_have_text("5 cells · 4 links · all fresh")
    expect(graph.locator(".mlnb-Link-line")).to_have_count(4)


def test_an_edit_and_a_run_are_seen_at_once(screen, graph):
    expect(cells(graph)).to_have_count(len(CELLS))
    screen.page.get_by_role("tab", name="graph.ipynb", exact=True).click()
    screen.set_source("c1", "rows = [1, 2, 3, 4]")
    expect(cells(graph).first).to_contain_text("Edited")
    screen.run_cell("c1")
    expect(cells(graph).nth(1)).to_contain_text("Stale")
    expect(graph.get_by_role("status")).to_contain_text("stale")
    graph.get_by_role("checkbox", name="Only not fresh").check()
    expect(cells(graph)).to_have_count(3)
    expect(cells(graph).first).to_contain_text("total = sum(rows)")


def test_the_keyboard_walks_rows_and_lines_and_goes_to_the_cell(screen, graph):
    expect(chosen(graph)).to_contain_text("print(mean)")  # the active cell of the notebook
    expect(graph.get_by_role("listbox")).to_be_focused()
    press = screen.page.keyboard.press
    press("u")
    expect(chosen(graph)).to_contain_text("mean = total")
    about = graph.get_by_role("region", name="About cell 4")
    expect(about).to_contain_text(re.compile("Reads.*total.*cell 2"))
    expect(about).to_contain_text(re.compile("Read by.*mean.*cell 5"))
    press("ArrowLeft")
    expect(chosen(graph)).to_contain_text("total = sum(rows)")
    expect(cells(graph).nth(3)).to_contain_text("reads total")
    expect(cells(graph).first).to_contain_text("gives rows")
    press("d")
    expect(chosen(graph)).to_contain_text("mean = total")
    press("Home")
    expect(chosen(graph)).to_contain_text("rows = [1, 2, 3]")
    press("ArrowDown")
    press("ArrowDown")
    expect(chosen(graph)).to_contain_text("unrelated = 7")
    press("Space")
    screen.page.wait_for_function("() => document.activeElement.getAttribute('role') === 'listbox'")
    assert active_cell(screen) == "c3"
    press("End")
    press("ArrowUp")
    press("Enter")
    screen.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.content.activeCell?.model.id === 'c4'")
    press("Escape")
    expect(screen.page.locator(".jp-Notebook")).to_be_visible()


def test_a_click_shows_the_cell_in_the_notebook_and_a_double_click_goes_there(screen, graph):
    cells(graph).nth(1).click()
    expect(chosen(graph)).to_contain_text("total = sum(rows)")
    screen.page.wait_for_function("() => document.activeElement.getAttribute('role') === 'listbox'")
    assert active_cell(screen) == "c2"
    cells(graph).nth(2).dblclick()
    screen.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.content.activeCell?.model.id === 'c3'")


def test_a_line_tells_its_names_under_the_pointer(screen, graph):
    point = graph.locator(".mlnb-Link-hit").first.evaluate("""path => {
        const { x, y } = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
        return [x, y];
    }""")
    screen.page.mouse.move(*point)
    expect(graph.locator(".mlnb-Graph-label")).to_contain_text(re.compile("Cell \\d reads \\w+ from cell \\d"))


def test_the_table_says_the_same_sorts_and_leads_to_cells(screen, graph):
    graph.get_by_role("button", name="Table").click()
    table = graph.get_by_role("table", name="What each cell reads and sets")
    expect(table.get_by_role("columnheader")).to_have_text(
        [re.compile(n) for n in ("Cell", "State", "Reads", "Sets", "Read by")]
    )
    row = table.get_by_role("row").filter(has_text="mean = total")
    expect(row.get_by_role("cell")).to_have_text(
        ["Fresh", re.compile("total.*cell 2"), "mean", re.compile("mean.*cell 5")]
    )
    heading = table.get_by_role("columnheader", name="Reads")
    heading.get_by_role("button").click()
    expect(heading).to_have_attribute("aria-sort", "descending")
    expect(table.get_by_role("rowheader").first).to_contain_text("mean = total")
    row.get_by_role("button", name="cell 2").click()
    expect(table.get_by_role("button", name="2 total = sum(rows)")).to_be_focused()
    screen.page.keyboard.press("Enter")
    screen.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.content.activeCell?.model.id === 'c2'")


def test_the_table_by_keyboard_alone(screen, graph):
    press = screen.page.keyboard.press
    expect(graph.get_by_role("listbox")).to_be_focused()
    press("Shift+Tab")
    press("Shift+Tab")
    expect(graph.get_by_role("button", name="Table")).to_be_focused()
    press("Enter")
    table = graph.get_by_role("table")
    heading = table.get_by_role("columnheader", name="Cell")
    press("Tab")
    press("Tab")
    expect(heading.get_by_role("button")).to_be_focused()
    press("Enter")
    expect(heading).to_have_attribute("aria-sort", "descending")
    for _ in range(5):
        press("Tab")
    expect(table.get_by_role("button", name="5 print(mean)")).to_be_focused()
    press("Enter")
    screen.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.content.activeCell?.model.id === 'c5'")


def test_the_tab_and_its_look_come_back_after_a_reload(screen, graph):
    graph.get_by_role("button", name="Table").click()
    expect(graph.get_by_role("table")).to_be_visible()
    screen.page.wait_for_timeout(1500)  # JupyterLab saves the layout a second after a change
    screen.page.goto(re.sub("[?].*", "", screen.page.url))
    expect(screen.page.locator(".mlnb-Graph").get_by_role("table")).to_contain_text("mean = total")


def test_it_says_what_is_the_matter_when_there_is_no_graph(screen, graph):
    expect(cells(graph)).to_have_count(len(CELLS))
    screen.page.evaluate("""() => {
        const app = window.jupyterapp;
        const panel = [...app.shell.widgets('main')].find(widget => widget.content?.activeCell);
        void panel.sessionContext.shutdown();
    }""")
    expect(graph).to_contain_text("this notebook has none")
    screen.page.evaluate("""() => {
        const app = window.jupyterapp;
        const panel = [...app.shell.widgets('main')].find(widget => widget.content?.activeCell);
        panel.context.save().then(() => panel.close());
    }""")
    expect(graph).to_contain_text("It needs the notebook to be open.")
    graph.get_by_role("button", name="Open graph.ipynb").click()
    expect(cells(graph)).to_have_count(len(CELLS))


def test_in_notebook_7_it_opens_at_the_side(screen):
    screen.page.goto(f"{screen.lab.url}notebooks/{screen.lab.write_notebook('seven.ipynb', *CELLS)}")
    screen.wait_for_kernel()
    screen.execute("notebook:run-all-cells")
    tab = opened(screen)
    expect(cells(tab).nth(4)).to_contain_text("print(mean)")
    expect(tab.get_by_role("status")).to_contain_text("all fresh")
    cells(tab).nth(1).dblclick()
    assert active_cell(screen) == "c2"


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_wrong_with_graph_and_table(screen, theme):
    screen.lab.set_theme(theme)
    screen.open(screen.lab.write_notebook("axe_graph.ipynb", *CELLS))
    screen.wait_until_linked()
    for number in (1, 2, 4):
        screen.run_cell(f"c{number}")
    screen.set_source("c1", "rows = [5]")
    screen.run_cell("c1")
    tab = opened(screen)
    expect(cells(tab).nth(1)).to_contain_text("Stale")
    screen.page.keyboard.press("Home")
    expect(tab.get_by_role("region", name="About cell 1")).to_be_visible()
    assert violations(screen, ".mlnb-Graph") == []
    opened(screen, look="table")
    expect(tab.get_by_role("table")).to_be_visible()
    assert violations(screen, ".mlnb-Graph") == []
