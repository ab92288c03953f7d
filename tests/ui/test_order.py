"""Order on the screen: marks beside cells, the list with reasons, the plan, the check."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.ui, pytest.mark.kernel]


def open_linked(screen, name, *sources):
    screen.open(screen.lab.write_notebook(name, *sources))
    screen.wait_until_linked()
    return screen.section("order")


def test_a_cell_run_out_of_order_is_marked_stale_with_the_reason(screen):
    order = open_linked(screen, "stale.ipynb", "x = 1", "y = x + 1", "x = 10")
    for cell in ("c1", "c2"):
        screen.run_cell(cell)
    expect(order.get_by_role("listitem")).to_have_count(1)  # the third has not run
    screen.set_source("c1", "x = 5")
    screen.run_cell("c1")
    row = order.get_by_role("listitem").filter(
        has_text=re.compile("^y = x \\+ 1.*x")
    )  # below no other, with its own reason
    expect(row.get_by_role("img", name="Stale")).to_be_visible()
    expect(row).to_contain_text("x")
    mark = screen.page.locator(".jp-Cell.mlnb-mod-stale > .mlnb-CellMark")
    expect(mark).to_have_count(1)
    expect(mark).to_contain_text("Stale")


def test_running_the_plan_makes_the_notebook_fresh(screen):
    order = open_linked(screen, "plan.ipynb", "x = 1", "y = x + 1", "print(y)")
    order.get_by_role("button", name="Run 3 cells").click()
    expect(order.get_by_text("All 3 cells are fresh.")).to_be_visible()
    expect(screen.page.locator(".mlnb-CellMark")).to_have_count(0)
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("2")


def test_an_edit_is_seen_without_a_run_and_a_click_leads_to_the_cell(screen):
    order = open_linked(screen, "edit.ipynb", "x = 1", "print(x)")
    order.get_by_role("button", name="Run 2 cells").click()
    expect(order.get_by_text("All 2 cells are fresh.")).to_be_visible()
    screen.set_source("c2", "print(x + 1)")
    row = order.get_by_role("listitem").filter(has_text="print(x + 1)")
    expect(row.get_by_role("img", name="Edited since it ran")).to_be_visible()
    row.get_by_role("button").click()
    active = screen.page.evaluate("window.jupyterapp.shell.currentWidget.content.activeCell.model.id")
    assert active == "c2"


def test_the_link_survives_a_restart_of_the_kernel(screen):
    order = open_linked(screen, "restart.ipynb", "x = 1")
    order.get_by_role("button", name="Run 1 cell").click()
    expect(order.get_by_text("The one cell is fresh.")).to_be_visible()
    screen.page.evaluate("window.jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(order.get_by_role("img", name="Not run in this kernel")).to_be_visible()
    order.get_by_role("button", name="Run 1 cell").click()
    expect(order.get_by_text("The one cell is fresh.")).to_be_visible()


def test_switched_off_it_marks_nothing(screen):
    order = open_linked(screen, "off.ipynb", "x = 1")
    expect(screen.page.locator(".mlnb-CellMark")).to_have_count(1)
    order.get_by_label("What mlnb does about order in this notebook").select_option("off")
    expect(order.get_by_text("mlnb does not watch the order in this notebook.")).to_be_visible()
    expect(screen.page.locator(".mlnb-CellMark")).to_have_count(0)


def test_the_check_finds_what_a_run_from_top_to_bottom_would_trip_over(screen):
    order = open_linked(screen, "check.ipynb", "print(total)", "total = 3")
    order.get_by_role("button", name="Check Order").click()
    findings = order.get_by_role("list", name="Findings in the saved notebook")
    expect(findings.get_by_role("listitem").first).to_contain_text("total")


def test_without_a_notebook_it_teaches_and_opens_one(screen):
    screen.open()
    order = screen.section("order")
    expect(order.get_by_text("Order shows which cells no longer match")).to_be_visible()
    order.get_by_role("button", name="New notebook").click()
    screen.page.get_by_role("button", name="Select").or_(screen.page.locator(".jp-Notebook")).first.wait_for()
