"""The other sections on the screen, each after its first step; and the sidebar itself."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.ui, pytest.mark.kernel]
LONG_MS = 180_000

FEATURES = '''
import mlnb


@mlnb.feature_view(entity="customer_id", timestamp="event_time", source="events.csv", owner="ana")
def spend(events):
    """What a customer spent."""
    return events[["customer_id", "event_time", "amount"]]
'''
EVENTS = "customer_id,event_time,amount\n1,2026-01-01T00:00:00Z,10.5\n2,2026-01-02T00:00:00Z,20.25\n"


def test_a_run_that_a_notebook_logs_is_listed_with_its_metrics(screen):
    screen.open(screen.lab.write_notebook("runs.ipynb", "a = 1"))
    screen.wait_until_linked()
    models = screen.section("models")
    models.get_by_role("button", name="Insert a cell that logs a run").or_(
        models.get_by_role("list", name="Runs, newest first")
    ).first.wait_for(timeout=LONG_MS)  # a new store imports MLflow first
    screen.execute("mlnb:models-insert-example")
    screen.page.wait_for_function("() => window.jupyterapp.shell.currentWidget.content.widgets.length === 2")
    screen.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
    row = models.get_by_role("list", name="Runs, newest first").locator("> li").filter(has_text="total 45").first
    expect(row).to_be_visible(timeout=LONG_MS)  # the first run of a home imports MLflow twice and makes its store
    row.get_by_role("button").first.click()
    expect(row.get_by_role("table").filter(has_text="Parameters")).to_contain_text("numbers")


def test_a_feature_file_is_added_found_and_previewed(screen):
    (screen.lab.root / "shop.py").write_text(FEATURES)
    (screen.lab.root / "events.csv").write_text(EVENTS)
    screen.open()
    features = screen.section("features")
    expect(features.get_by_role("button", name="Add a feature file")).to_be_visible()
    screen.execute("mlnb:features-add", {"path": "shop.py"})
    row = features.get_by_role("list", name="Feature views").locator("> li")
    expect(row).to_contain_text("spend")
    expect(row).to_contain_text("ana")
    row.get_by_role("button").first.click()
    expect(row.get_by_role("table")).to_contain_text("20.25")
    expect(row.get_by_role("list", name="Features of spend")).to_contain_text("amount")
    features.get_by_label("Search features").fill("nothing like it")
    expect(features.get_by_text("Nothing matches")).to_be_visible()


def test_the_environment_of_the_kernel_is_shown(screen):
    screen.open(screen.lab.write_notebook("env.ipynb", "a = 1"))
    environment = screen.section("environment")
    expect(environment.get_by_text("the kernel", exact=True)).to_be_visible()
    environment.get_by_label("Filter packages").fill("jupyterlab")
    packages = environment.get_by_role("list", name="Installed packages").get_by_role("listitem")
    expect(packages.filter(has_text="jupyterlab").first).to_be_visible()
    expect(packages.filter(has_text="pandas")).to_have_count(0)


def test_sections_stay_as_the_user_left_them(screen):
    screen.open()
    screen.section("environment")
    order = screen.page.locator("#mlnb-section-order h3 button")
    order.click()
    expect(order).to_have_attribute("aria-expanded", "false")
    screen.page.wait_for_function(
        """async () => JSON.stringify(
            (await (await fetch('/lab/api/settings/mlnb:sidebar')).json()).settings.sections ?? {}
        ).includes('"order":false')"""
    )
    screen.open()
    screen.open_sidebar()
    expect(order).to_have_attribute("aria-expanded", "false")
    expect(screen.page.locator("#mlnb-section-environment h3 button")).to_have_attribute("aria-expanded", "true")


def test_every_command_is_named_explained_and_in_the_menu(screen):
    screen.open()
    screen.open_sidebar()
    bad = screen.page.evaluate(
        """async () => {
            const { commands } = window.jupyterapp;
            const ours = commands.listCommands().filter(id => id.startsWith('mlnb:'));
            const bad = [];
            for (const id of ours) {
                const described = await commands.describedBy(id);
                if (!commands.label(id) || !commands.caption(id) || !described.args) { bad.push(id); }
            }
            return ours.length ? bad : ['no commands at all'];
        }"""
    )
    assert bad == []
    screen.page.get_by_role("menuitem", name="mlnb", exact=True).click()
    for label in (
        "Show mlnb",
        "Check Order",
        "Take Snapshot",
        "Submit as Job …",
        "Add Feature File …",
        "Show Environment",
    ):
        expect(screen.page.get_by_role("menuitem", name=label)).to_be_visible()


def test_notebook_7_shows_the_same_sidebar(screen):
    name = screen.lab.write_notebook("seven.ipynb", "x = 1", "print(x)")
    screen.page.goto(f"{screen.lab.url}notebooks/{name}")
    screen.wait_for_kernel()
    screen.execute("mlnb:sidebar-show")
    panel = screen.page.locator("#mlnb-sidebar")
    panel.wait_for(state="visible")
    panel.get_by_role("button", name="Run 2 cells").click()
    expect(panel.get_by_text("All 2 cells are fresh.")).to_be_visible()
