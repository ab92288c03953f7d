"""What keeps order from doing as one likes: a team's floor, a slow cell, a fault of mlnb's own; and how the section says it all."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from test_order_elsewhere import ECHO
from test_order_modes import CHAIN, MODE, choose, header, make_first_cell_stale, strip

pytestmark = [pytest.mark.ui, pytest.mark.kernel]


@pytest.fixture
def team(screen):
    """Opens notebooks of a project whose mlnb.toml names a floor."""

    def opened(floor, *sources, **how):
        folder = screen.lab.root / f"team-{floor}"
        folder.mkdir(exist_ok=True)
        (folder / "mlnb.toml").write_text(f'[order]\nfloor = "{floor}"\n')
        screen.open(screen.lab.write_notebook(f"team-{floor}/plan.ipynb", *sources, **how))
        return screen

    return opened


def in_kernel(screen, expression):
    """Have the kernel evaluate something that is no run of a cell."""
    screen.page.evaluate(
        """async expression => {
            const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
            const reply = await kernel.requestExecute(
                {code: '', silent: true, store_history: false, user_expressions: {it: expression}}).done;
            if (reply.content.user_expressions.it.status !== 'ok') { throw new Error(JSON.stringify(reply.content)); }
        }""",
        expression,
    )


ORDER = "__import__('mlnb.core.current', fromlist=['service']).service('order')"


def test_a_teams_floor_is_said_and_milder_modes_cannot_be_chosen(team):
    screen = team("block", *CHAIN)
    screen.wait_until_linked()
    order = screen.section("order")
    expect(order.locator(".mlnb-Policy")).to_have_text("policy: Block")
    milder = ["Off", "Mark stale cells", "Warn of stale inputs", "Reactive: run dependants"]
    expect(order.get_by_label(MODE).locator("option:disabled")).to_have_text(milder)
    expect(order.get_by_label(MODE).locator("option").first).to_have_text("As in my settings: Block")
    title = "In force: Block. Your team's policy asks for Block at least."
    expect(order.get_by_label(MODE)).to_have_attribute("title", title)
    screen.press_at("c2", "Control+Enter")
    expect(strip(screen)).to_contain_text("Cell 1 must run first.")
    screen.page.keyboard.press("Escape")
    choose(screen, "linear")
    expect(order.get_by_label(MODE)).to_have_attribute("title", title.replace("Block.", "Linear.", 1))


def test_a_floor_of_linear_holds_in_another_language_too(team, screen):
    screen.lab.add_kernel("echo", "echo", ECHO)
    team("linear", "first", "second", kernel="echo")
    order = screen.section("order")
    expect(order.locator(".mlnb-Policy")).to_have_text("policy: Linear")
    expect(order.get_by_label(MODE).locator("option:enabled")).to_have_count(2)  # as in my settings, and linear
    expect(header(screen)).to_have_text("Top to bottom only")
    screen.press_at("c2", "Control+Enter")
    expect(strip(screen)).to_contain_text("this notebook runs from top to bottom. Cell 1 must run first.")
    strip(screen).get_by_role("button", name=re.compile("^Run .* first$")).click()
    screen.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.executionCount === 2"
    )
    assert screen.counts() == [1, 2]


@pytest.fixture
def chain(screen):
    screen.open(screen.lab.write_notebook("limits.ipynb", *CHAIN))
    screen.wait_until_linked()
    screen.execute("notebook:run-all-cells")
    expect(header(screen)).to_have_text("Equals a clean run")
    return screen


def test_slow_dependants_wait_for_a_yes_and_so_does_what_needs_them(chain):
    screen = chain
    choose(screen, "reactive")
    in_kernel(screen, f"{ORDER}._runs.took_s.update(c2=60.0)")
    make_first_cell_stale(screen, "2 cells stale")
    expect(strip(screen)).to_contain_text("1 slow cell depends on what ran. More than 30 s the last time: cell 2.")
    screen.page.keyboard.press("Escape")
    expect(strip(screen)).to_have_count(0)
    assert screen.counts()[1:] == [2, 3]
    screen.press_at("c3", "Control+Enter")
    expect(strip(screen)).to_contain_text("1 input is stale.")
    expect(strip(screen)).to_contain_text("cell 2 took 60 s last time")
    expect(strip(screen).get_by_role("button", name="Run", exact=True)).to_be_visible()
    strip(screen).get_by_role("button", name="Run cell 2 first").click()
    expect(header(screen)).to_have_text("Equals a clean run")
    assert screen.counts() == [4, 5, 6]


def test_a_fault_of_mlnbs_own_is_said_and_costs_no_run(chain):
    screen = chain
    in_kernel(screen, f"setattr({ORDER}._judge, 'judged', lambda **_: 1 / 0)")
    screen.run_cell("c1")
    expect(header(screen)).to_have_text("Order is off: a fault")
    expect(header(screen).get_by_role("button")).to_have_attribute("title", re.compile("division by zero"))
    header(screen).get_by_role("button").click()
    order = screen.section("order")
    expect(order.get_by_role("status")).to_contain_text("A fault in mlnb switched order off:")
    expect(order.get_by_role("status")).to_contain_text("division by zero")
    expect(screen.page.locator(".mlnb-CellMark")).to_have_count(0)
    screen.run_cell("c3")
    assert screen.counts() == [4, 2, 5]


def test_what_is_stale_because_of_a_cell_stands_below_it_and_in_the_graph(chain):
    screen = chain
    screen.set_source("c1", "x = 10")
    order = screen.section("order")
    expect(order.get_by_role("status")).to_have_text("3 cells: 3 stale.")
    expect(header(screen)).to_have_text("3 cells stale")
    followers = order.get_by_role("list", name="Stale because of cell 1")
    expect(followers.get_by_role("listitem")).to_have_count(2)
    expect(order.get_by_text("2 cells are stale because of it")).to_be_visible()
    screen.press_at("c1", "Enter")  # into the text
    followers.get_by_role("button").last.click()
    active = screen.page.locator(".jp-Notebook.jp-mod-commandMode .jp-Cell.jp-mod-active")
    expect(active).to_contain_text("print(y)")
    screen.run_cell("c1")
    expect(header(screen)).to_have_text("2 cells stale")
    order.get_by_role("button", name="Graph", exact=True).click()
    graph = screen.page.locator(".mlnb-Graph")
    expect(graph.get_by_role("checkbox", name="Only not fresh")).to_be_checked()
    expect(graph.get_by_role("option")).to_have_count(2)
    expect(graph.get_by_role("status")).to_have_text("3 cells · 2 links · 2 stale")
