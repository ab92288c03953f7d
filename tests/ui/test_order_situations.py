"""What people do to cells, as the screen tells it: move, delete, run again, define again, come back later."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from test_order_modes import choose, header, strip

pytestmark = [pytest.mark.ui, pytest.mark.kernel]

CLEAN = "Equals a clean run"


@pytest.fixture
def ran(screen):
    """Opens a notebook of these cells, all of them run."""

    def opened(name, *sources):
        screen.open(screen.lab.write_notebook(name, *sources))
        screen.wait_until_linked()
        screen.execute("notebook:run-all-cells")
        expect(header(screen)).to_have_text(CLEAN)
        return screen

    return opened


def mark_of(screen, cell_id):
    index = screen.page.evaluate(
        "id => window.jupyterapp.shell.currentWidget.content.widgets.findIndex(cell => cell.model.id === id)", cell_id
    )
    return screen.page.locator(".jp-Notebook .jp-Cell").nth(index).locator(".mlnb-CellMark")


def test_a_moved_cell_counts_where_it_stands(ran):
    screen = ran("moved.ipynb", "x = 1", "x = 2", "print(x)")
    screen.press_at("c2", "Escape")
    screen.execute("notebook:move-cell-up")
    expect(mark_of(screen, "c3")).to_contain_text("Stale")
    expect(header(screen)).not_to_have_text(CLEAN)
    screen.execute("notebook:move-cell-down")
    expect(header(screen)).to_have_text(CLEAN)
    expect(screen.page.locator(".mlnb-CellMark")).to_have_count(0)


def test_a_deleted_cell_leaves_its_names_until_it_comes_back(ran):
    screen = ran("deleted.ipynb", "x = 1", "print('between')", "y = x")
    screen.press_at("c1", "d")
    screen.page.keyboard.press("d")
    expect(mark_of(screen, "c3")).to_have_attribute(
        "title", re.compile("Stale.*x was defined in a cell that has been deleted")
    )
    screen.page.keyboard.press("z")
    expect(header(screen)).to_have_text(CLEAN)


def test_a_cell_that_is_run_twice_says_what_each_run_changes(ran):
    screen = ran("twice.ipynb", "i = 0", "i += 1", "print(i)")
    screen.run_cell("c2")
    row = screen.section("order").get_by_role("listitem").filter(has_text="i += 1").first
    expect(row).to_contain_text("ran more than once, and each run changes i")
    screen.press_at("c2", "Control+Shift+Enter")
    expect(header(screen)).to_have_text(CLEAN)
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("1")


def test_of_two_cells_that_define_a_name_each_reader_has_the_one_above_it(ran):
    screen = ran("two.ipynb", "x = 1", "a = x", "x = 2", "b = x")
    screen.run_cell("c1")
    expect(mark_of(screen, "c3")).to_have_attribute(
        "title", re.compile("x was changed by cell 1 after this cell set it")
    )
    expect(mark_of(screen, "c2")).to_have_count(0)
    screen.run_cell("c3")
    expect(header(screen)).to_have_text(CLEAN)


def test_outputs_of_an_earlier_kernel_are_no_runs_of_this_one(ran):
    screen = ran("earlier.ipynb", "x = 1", "print(x)")
    screen.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    for session in screen.lab.request("GET", "api/sessions"):
        screen.lab.request("DELETE", f"api/sessions/{session['id']}")
    screen.open("earlier.ipynb")
    expect(header(screen)).to_have_text("Not run yet")
    assert screen.counts() == [1, 2]
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("1")
    expect(mark_of(screen, "c2")).to_contain_text("Not run in this kernel")


def test_several_stale_inputs_are_counted_and_named(ran):
    screen = ran("several.ipynb", "x = 1", "a = x", "b = x", "c = x", "print(a + b + c)")
    choose(screen, "warn")
    screen.set_source("c1", "x = 2")
    screen.run_cell("c1")
    expect(header(screen)).to_have_text("4 cells stale")
    screen.press_at("c5", "Control+Enter")
    expect(strip(screen)).to_contain_text("3 inputs are stale. a (cell 2), b (cell 3), c (cell 4).")
    expect(strip(screen).get_by_role("button")).to_have_text(["Run 3 cells first", "Run anyway", ""])
    strip(screen).get_by_role("button", name="Run anyway").click()
    screen.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[4].model.executionCount === 7"
    )
    expect(header(screen)).to_have_text("4 cells stale")
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("3")
