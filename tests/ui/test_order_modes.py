"""What happens when a cell is about to run: the modes, their strips, by mouse and by keyboard."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import expect
from test_accessibility import violations

pytestmark = [pytest.mark.ui, pytest.mark.kernel]

CHAIN = ("x = 1", "y = x + 1", "print(y)")
MODE = "What mlnb does about order in this notebook"


@pytest.fixture
def chain(screen):
    """Three cells, each reading the one above, all of them run; mlnb answers."""

    def opened(name, *sources, **how):
        screen.open(screen.lab.write_notebook(name, *(sources or CHAIN), **how))
        screen.wait_until_linked()
        screen.execute("notebook:run-all-cells")
        expect(header(screen)).to_have_text("Equals a clean run")
        return screen

    return opened


def header(screen):
    return screen.page.locator(".mlnb-OrderHeader")


def strip(screen):
    return screen.page.locator(".mlnb-Strip")


def choose(screen, mode):
    select = screen.section("order").get_by_label(MODE)
    select.select_option(mode)
    expect(select).to_have_value(mode)


def make_first_cell_stale(screen, cells_stale):
    screen.set_source("c1", "x = 10")
    screen.run_cell("c1")
    expect(header(screen)).to_have_text(cells_stale)


def test_warn_asks_at_the_cell_and_runs_the_inputs_first_by_mouse(chain):
    screen = chain("warn.ipynb")
    choose(screen, "warn")
    make_first_cell_stale(screen, "2 cells stale")
    screen.press_at("c3", "Control+Enter")
    expect(strip(screen)).to_contain_text("1 input is stale.")
    assert screen.counts() == [4, 2, 3]  # the cell waits for the answer
    expect(screen.page.get_by_role("dialog")).to_have_count(0)
    strip(screen).get_by_role("button", name=re.compile("^Run .* first$")).click()
    expect(header(screen)).to_have_text("Equals a clean run")
    expect(strip(screen)).to_have_count(0)
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("11")
    assert screen.counts() == [4, 5, 6]


def test_warn_can_be_answered_and_dismissed_with_the_keyboard(chain):
    screen = chain("keys.ipynb")
    choose(screen, "warn")
    make_first_cell_stale(screen, "2 cells stale")
    screen.press_at("c3", "Control+Enter")
    expect(strip(screen)).to_be_focused()
    screen.page.keyboard.press("Escape")
    expect(strip(screen)).to_have_count(0)
    assert screen.counts() == [4, 2, 3]
    expect(screen.page.locator(".jp-Cell.jp-mod-active")).to_be_focused()
    screen.page.keyboard.press("Control+Enter")
    expect(strip(screen)).to_be_focused()
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.press("Tab")
    expect(strip(screen).get_by_role("button", name="Run anyway")).to_be_focused()
    screen.page.keyboard.press("Enter")
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("2")  # y is still the old one
    screen.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[2].model.executionCount === 5"
    )
    assert screen.counts() == [4, 2, 5]


def test_a_run_of_all_cells_asks_nothing_that_it_sees_to_itself(chain):
    screen = chain("all.ipynb")
    choose(screen, "block")
    make_first_cell_stale(screen, "2 cells stale")
    screen.execute("notebook:run-all-cells")
    expect(header(screen)).to_have_text("Equals a clean run")
    expect(strip(screen)).to_have_count(0)
    assert screen.counts() == [5, 6, 7]


def test_cells_that_are_run_together_are_asked_about_once(chain):
    screen = chain("once.ipynb", "x = 1", "y = x", "z = x", "print(y, z)")
    choose(screen, "warn")
    screen.set_source("c1", "x = 2")
    screen.press_at("c2", "Shift+ArrowDown")
    screen.page.keyboard.press("Shift+ArrowDown")
    screen.page.keyboard.press("Control+Enter")
    expect(strip(screen)).to_have_count(1)
    expect(strip(screen)).to_contain_text("1 input is stale.")
    strip(screen).get_by_role("button", name=re.compile("^Run .* first$")).click()
    expect(header(screen)).to_have_text("Equals a clean run")
    assert screen.counts() == [5, 6, 7, 8]


def test_block_refuses_and_offers_the_way_out(chain):
    screen = chain("block.ipynb")
    choose(screen, "block")
    make_first_cell_stale(screen, "2 cells stale")
    screen.press_at("c3", "Control+Enter")
    expect(strip(screen)).to_contain_text("Not run: an input is stale. Cell 2 must run first.")
    expect(strip(screen).get_by_role("button", name="Run anyway")).to_have_count(0)
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.press("Enter")
    expect(header(screen)).to_have_text("Equals a clean run")
    assert screen.counts() == [4, 5, 6]


def test_linear_lets_a_cell_run_only_after_all_above_it(chain):
    screen = chain("linear.ipynb", "a = 1", "b = 2", "print('third')")
    choose(screen, "linear")
    screen.run_cell("c1")
    screen.press_at("c3", "Control+Enter")
    expect(strip(screen)).to_contain_text("this notebook runs from top to bottom. Cell 2 must run first.")
    strip(screen).get_by_role("button", name=re.compile("^Run .* first$")).click()
    screen.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[2].model.executionCount === 6"
    )
    assert screen.counts() == [4, 5, 6]


def test_reactive_runs_the_dependants_but_not_of_an_untrusted_notebook(chain):
    screen = chain("reactive.ipynb", *CHAIN, "print('apart')")
    choose(screen, "reactive")
    screen.set_source("c1", "x = 10")
    screen.run_cell("c1")
    expect(header(screen)).to_have_text("Equals a clean run")
    expect(screen.page.locator(".jp-OutputArea-output").first).to_have_text("11")
    assert screen.counts() == [5, 6, 7, 4]
    screen.page.evaluate(
        """() => { const cell = window.jupyterapp.shell.currentWidget.content.widgets[3];
                   cell.model.trusted = false; }"""
    )
    screen.set_source("c1", "x = 20")
    screen.run_cell("c1")
    expect(header(screen)).to_have_text("2 cells stale")
    expect(screen.section("order").get_by_text("does not trust this notebook")).to_be_visible()
    assert screen.counts() == [8, 6, 7, 4]


def test_a_busy_kernel_is_not_waited_for(chain):
    screen = chain("busy.ipynb", "import pathlib, time", "y = 1", "pass", "print(y)")
    choose(screen, "warn")
    screen.set_source("c3", "while not pathlib.Path('go').exists():\n    time.sleep(0.05)")
    screen.press_at("c3", "Control+Enter")
    screen.press_at("c4", "Control+Enter")  # its inputs were fresh when the kernel was last heard
    expect(screen.page.locator(".jp-Cell").nth(3).locator(".jp-InputPrompt")).to_have_text("[*]:")
    expect(strip(screen)).to_have_count(0)
    (screen.lab.root / "go").touch()
    screen.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[3].model.executionCount === 6"
    )


def test_a_choice_is_kept_in_the_notebook_only_when_a_person_made_it(chain):
    screen = chain("choice.ipynb")
    assert screen.metadata() is None
    screen.execute("mlnb:order-set-mode", {"mode": "block"})
    order = screen.section("order")
    expect(order.get_by_label(MODE)).to_have_value("block")
    assert screen.metadata() == {"order": {"mode": "block"}}
    order.get_by_label(MODE).select_option("")
    expect(order.get_by_label(MODE).locator("option").first).to_have_text("As in my settings: Mark")
    assert screen.metadata() is None
    screen.lab.request("PUT", "lab/api/settings/mlnb:order", {"raw": json.dumps({"mode": "warn"})})
    try:
        screen.open("choice.ipynb")
        screen.wait_until_linked()
        expect(order.get_by_label(MODE).locator("option").first).to_have_text("As in my settings: Warn")
        assert screen.metadata() is None
    finally:
        screen.lab.request("PUT", "lab/api/settings/mlnb:order", {"raw": "{}"})


def test_the_header_tells_where_the_notebook_stands_and_leads_to_the_section(screen):
    screen.open(screen.lab.write_notebook("header.ipynb", *CHAIN))
    expect(header(screen)).to_have_text("Not run yet")
    screen.execute("notebook:run-all-cells")
    expect(header(screen)).to_have_text("Equals a clean run")
    screen.set_source("c2", "y = x + 2")
    expect(header(screen)).to_have_text("2 cells stale")
    expect(screen.page.locator("#mlnb-sidebar")).to_be_hidden()
    header(screen).get_by_role("button").click()
    expect(screen.page.locator("#mlnb-section-order .mlnb-Section-content")).to_be_visible()
    screen.execute("mlnb:order-set-mode", {"mode": "off"})
    expect(header(screen)).to_have_text("Order is off")


def test_make_clean_runs_the_plan_by_one_key(chain):
    screen = chain("clean.ipynb", *CHAIN, "apart = 1")
    screen.set_source("c1", "x = 7")
    expect(header(screen)).to_have_text("3 cells stale")
    screen.press_at("c1", "Control+Shift+Enter")
    expect(header(screen)).to_have_text("Equals a clean run")
    assert screen.counts() == [5, 6, 7, 4]


def test_a_cell_that_cannot_be_told_is_explained_and_vouched_for_with_the_keyboard(screen):
    screen.open(screen.lab.write_notebook("vouch.ipynb", "import random", "print(random.random() < 2)"))
    screen.wait_until_linked()
    screen.execute("notebook:run-all-cells")
    expect(header(screen)).to_have_text("Cannot tell of 1 cell")
    expect(screen.page.locator(".jp-Cell.mlnb-mod-unknown > .mlnb-CellMark")).to_contain_text("Cannot tell")
    screen.press_at("c2", "w")
    expect(strip(screen)).to_be_focused()
    expect(strip(screen)).to_contain_text("Cannot tell.")
    screen.page.keyboard.press("Tab")
    screen.page.keyboard.press("Enter")
    expect(header(screen)).to_have_text("Equals a clean run")
    expect(screen.section("order").get_by_text("Vouched for at")).to_be_visible()
    expect(screen.page.locator(".mlnb-CellMark")).to_have_count(0)


def test_skipped_and_frozen_cells_are_shown_as_such_and_do_not_run(chain):
    screen = chain("kept.ipynb", "x = 1", "scratch = 2", "print(x)")
    screen.press_at("c2", "Escape")
    screen.execute("mlnb:order-skip")
    expect(screen.page.locator(".jp-Cell.mlnb-mod-skip > .mlnb-CellMark")).to_contain_text("Skipped")
    screen.execute("notebook:run-all-cells")
    screen.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[2].model.executionCount === 5"
    )
    assert screen.counts() == [4, 2, 5]
    screen.press_at("c2", "Control+Enter")
    expect(strip(screen)).to_contain_text("The cell has the tag skip")
    screen.page.keyboard.press("Escape")
    screen.execute("mlnb:order-freeze")
    expect(screen.page.locator(".jp-Cell.mlnb-mod-frozen > .mlnb-CellMark")).to_contain_text("Frozen")
    screen.press_at("c2", "Control+Enter")
    strip(screen).get_by_role("button", name="Take the tag off and run").click()
    screen.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[1].model.executionCount === 6"
    )
    expect(screen.page.locator(".mlnb-CellMark")).to_have_count(0)


def test_what_only_a_restart_takes_away_is_said_and_offered(chain):
    screen = chain("restart.ipynb", "x = 1", "print('between')", "y = x")
    screen.press_at("c1", "d")
    screen.page.keyboard.press("d")
    hint = screen.section("order").locator(".mlnb-Message")
    expect(hint).to_contain_text("Running cells is not enough. x was left by a cell that has been deleted")
    expect(hint).to_contain_text("only a restart takes it away")
    hint.get_by_role("button", name="Restart and run all").click()
    screen.page.get_by_role("button", name="Confirm Kernel Restart").click()
    expect(screen.page.get_by_text("NameError: name 'x' is not defined").first).to_be_visible()


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"])
def test_axe_finds_nothing_wrong_with_strips_marks_and_header(screen, theme):
    screen.lab.set_theme(theme)
    screen.open(
        screen.lab.write_notebook(
            "axe-order.ipynb",
            "import random",
            "x = 1",
            "y = x",
            "z = random.random()",
            "print(x, y, z)",
            "a = 1",
            "b = 1",
        )
    )
    screen.wait_until_linked()
    screen.execute("notebook:run-all-cells")
    expect(header(screen)).to_have_text("Cannot tell of 2 cells")
    for cell, command in (("c6", "mlnb:order-skip"), ("c7", "mlnb:order-freeze")):
        screen.press_at(cell, "Escape")
        screen.execute(command)
    choose(screen, "warn")
    make_first = screen.page.locator(".jp-Cell.mlnb-mod-stale")
    screen.set_source("c2", "x = 2")
    screen.run_cell("c2")
    expect(make_first.first).to_be_visible()
    screen.set_source("c4", "z = random.random() + 1")
    expect(screen.page.locator(".jp-Cell.mlnb-mod-edited")).to_have_count(1)
    screen.press_at("c5", "w")
    expect(strip(screen)).to_be_focused()
    everything = ".mlnb-Strip", ".mlnb-OrderHeader", ".mlnb-CellMark", "#mlnb-section-order"
    assert [found for part in everything for found in violations(screen, part)] == []
    screen.page.keyboard.press("Escape")
    screen.page.keyboard.press("Control+Enter")
    expect(strip(screen).get_by_role("button", name="Run anyway")).to_be_visible()
    assert violations(screen, ".mlnb-Strip") == []


def test_the_whole_way_by_keyboard_alone(screen):
    screen.open(screen.lab.write_notebook("journey.ipynb", *CHAIN))
    screen.page.locator(".jp-Notebook .jp-Cell").first.focus()
    press = screen.page.keyboard.press
    for _ in CHAIN:
        press("Shift+Enter")
    expect(header(screen)).to_have_text("Equals a clean run")
    press("Escape")
    for _ in CHAIN:
        press("ArrowUp")
    press("Enter")
    press("Control+End")
    screen.page.keyboard.type("0")
    press("Control+Enter")
    expect(header(screen)).to_have_text("2 cells stale")
    press("Control+Shift+C")
    screen.page.keyboard.type("Order: Warn")
    press("Enter")
    screen.page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.context.model.getMetadata('mlnb')?.order?.mode === 'warn'"
    )
    screen.page.locator(".jp-Notebook .jp-Cell").first.focus()  # where the palette leaves the keyboard is not ours
    press("ArrowDown")
    press("w")
    expect(strip(screen)).to_contain_text("Stale. x was changed by cell 1")
    press("Escape")
    press("ArrowDown")
    press("Control+Enter")
    expect(strip(screen)).to_be_focused()
    press("Tab")
    press("Enter")
    expect(header(screen)).to_have_text("Equals a clean run")
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("11")


def test_section_row_and_mode_by_keyboard_alone(screen):
    """From the notebook to the section by the palette, and everything there with Tab and Enter."""
    screen.open(screen.lab.write_notebook("section.ipynb", "import random", "x = 1", "y = x", "z = random.random()"))
    screen.wait_until_linked()
    screen.execute("notebook:run-all-cells")
    expect(header(screen)).to_have_text("Cannot tell of 1 cell")
    screen.set_source("c2", "x = 2")
    expect(header(screen)).to_have_text("2 cells stale, 1 cannot be told")
    press = screen.page.keyboard.press
    header(screen).get_by_role("button").focus()
    press("Enter")
    order = screen.page.locator("#mlnb-section-order")
    expect(order.locator("h3 button")).to_be_focused()

    def tab_to(locator):
        for _ in range(12):
            press("Tab")
            if locator.evaluate("node => node === document.activeElement"):
                return
        pytest.fail(f"the keyboard does not reach {locator}")

    tab_to(order.get_by_label(MODE))
    screen.page.keyboard.type("Warn")
    expect(order.get_by_label(MODE)).to_have_value("warn")
    tab_to(order.get_by_role("button", name="Run 2 cells"))
    press("Enter")
    expect(header(screen)).to_have_text("Cannot tell of 1 cell")
    order.locator("h3 button").focus()
    row = order.get_by_role("listitem").filter(has_text="z = random.random()")
    tab_to(row.get_by_role("button").first)
    press("Enter")
    expect(screen.page.locator(".jp-Cell.jp-mod-active")).to_contain_text("z = random.random()")
    order.locator("h3 button").focus()
    tab_to(row.get_by_role("button", name="Vouch"))
    press("Enter")
    expect(header(screen)).to_have_text("Equals a clean run")


def test_axe_finds_nothing_wrong_with_a_section_that_says_all_it_can(chain):
    screen = chain("axe-all.ipynb", "x = 1", "print('between')", "y = x", "apart = 1")
    screen.press_at("c4", "Escape")
    screen.execute("mlnb:order-skip")
    screen.press_at("c1", "d")
    screen.page.keyboard.press("d")
    order = screen.section("order")
    expect(order.locator(".mlnb-Message")).to_contain_text("only a restart takes it away")
    expect(order.get_by_text("Set aside by you")).to_be_visible()
    order.get_by_role("button", name="Check Order").click()
    expect(
        order.get_by_role("list", name="Findings in the saved notebook").get_by_role("listitem").first
    ).to_be_visible()
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        screen.execute("apputils:change-theme", {"theme": theme})
        screen.page.locator(f'body[data-jp-theme-name="{theme}"]').wait_for(state="attached")
        assert violations(screen, "#mlnb-section-order") == []
