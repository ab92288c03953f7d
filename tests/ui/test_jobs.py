"""Jobs on the screen: submitted with parameters, followed to the end, opened; a failure says where and why."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.ui, pytest.mark.kernel]


def submit(screen, jobs, **values):
    jobs.get_by_role("button", name="Submit as Job").click()
    dialog = screen.page.get_by_role("dialog")
    for name, value in values.items():
        dialog.get_by_role("textbox", name=name).fill(value)
    dialog.get_by_role("button", name="Submit", exact=True).click()
    return dialog


def row_of(jobs, text):
    return jobs.get_by_role("list", name="Jobs, newest first").locator("> li").filter(has_text=text)


def test_a_notebook_runs_as_a_job_with_another_parameter(screen):
    screen.open(screen.lab.write_notebook("sums.ipynb", "n = 3", "print(sum(range(n)))", parameters=True))
    jobs = screen.section("jobs")
    submit(screen, jobs, n="5")
    row = row_of(jobs, "sums.ipynb")
    expect(row.get_by_role("img", name="Succeeded")).to_be_visible()
    expect(row).to_contain_text("n=5")
    row.get_by_role("button").first.click()
    row.get_by_role("button", name="Open output").click()
    screen.page.locator(".jp-OutputArea-output").filter(has_text="10").first.wait_for()


def test_a_wrong_parameter_is_named_and_nothing_is_submitted(screen):
    screen.open(screen.lab.write_notebook("wrong.ipynb", "n = 3", parameters=True))
    jobs = screen.section("jobs")
    dialog = submit(screen, jobs, n="many")
    expect(dialog.get_by_role("alert")).to_have_text("not a value of type int")
    dialog.get_by_role("button", name="Cancel").click()
    expect(row_of(jobs, "wrong.ipynb")).to_have_count(0)


def test_a_failed_job_says_which_cell_and_why(screen):
    screen.open(screen.lab.write_notebook("fails.ipynb", "a = 1", "1 / 0"))
    jobs = screen.section("jobs")
    submit(screen, jobs)
    row = row_of(jobs, "fails.ipynb")
    expect(row.get_by_role("img", name="Failed")).to_be_visible()
    row.get_by_role("button").first.click()
    expect(row).to_contain_text("ZeroDivisionError")
    expect(row.get_by_role("button", name="Retry")).to_be_enabled()
    expect(screen.page.get_by_role("button", name="Open at failed cell")).to_be_visible()


def test_a_running_job_stands_in_the_running_panel_and_is_cancelled(screen):
    screen.open(screen.lab.write_notebook("waits.ipynb", "import threading\nthreading.Event().wait()"))
    jobs = screen.section("jobs")
    submit(screen, jobs)
    row = row_of(jobs, "waits.ipynb")
    expect(row.get_by_role("img", name="Running")).to_be_visible()
    screen.page.locator('.jp-SideBar [data-id="jp-running-sessions"]').click()
    running = screen.page.locator("#jp-running-sessions")
    expect(running).to_contain_text("mlnb jobs", ignore_case=True)
    expect(running).to_contain_text("mlnb worker")
    screen.open_sidebar()
    row.get_by_role("button").first.click()
    row.get_by_role("button", name="Cancel").click()
    expect(row.get_by_role("img", name="Cancelled")).to_be_visible()
