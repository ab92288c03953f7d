"""Keeping house in History on the screen: names, deletion, purge, one file to hand on, what was typed, a state from elsewhere."""

from __future__ import annotations

import json

import pytest
from history_screen import consider, entry, from_somebody_else, look, opened, output, run, source, stands_at
from playwright.sync_api import expect

pytestmark = [pytest.mark.ui, pytest.mark.kernel]


def test_a_state_is_named_filtered_verified_and_deleted(screen):
    history = opened(screen, "named.ipynb", "n = 1", "n = 2")
    run(screen, history, "c1", "After cell 1")
    look(history, "After cell 1").get_by_role("button", name="Name …").click()
    field = history.get_by_label("Name of the snapshot")
    field.fill("before the merge")
    field.press("Enter")
    expect(entry(history, "before the merge").get_by_role("img", name="Named")).to_be_visible()
    run(screen, history, "c2", "After cell 2")
    history.get_by_label("Which states are shown").select_option("named")
    expect(history.locator(".mlnb-Entry")).to_have_count(1)
    history.get_by_label("Which states are shown").select_option("all")
    look(history, "before the merge").get_by_role("button", name="Verify").click()
    expect(history.get_by_text("Every byte is as it was written.")).to_be_visible()
    look(history, "before the merge").get_by_role("button", name="Delete …").click()
    history.get_by_role("group", name="Delete this snapshot?").get_by_role("button", name="Delete").click()
    expect(entry(history, "before the merge")).to_have_count(0)
    assert screen.page.locator(".jp-Dialog").count() == 0


def test_a_leaked_value_goes_out_of_every_state(screen):
    history = opened(screen, "leak.ipynb", "key = 'hunter2-hunter2'\nn = 1", "n = 2")
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "After cell 2")
    look(history, "After cell 1").get_by_role("button", name="Purge the value of key").click()
    question = history.get_by_role("group", name="Purge the value of key")
    expect(question).to_contain_text("cannot be undone")
    question.get_by_role("button", name="Purge").click()
    expect(history.get_by_text("The value of key is gone from 2 snapshots")).to_be_visible()
    expect(history.get_by_text("the source of cell 1")).to_be_visible()  # where its text still shows


def test_what_was_typed_is_kept_at_a_save_without_any_run_and_once(screen):
    history = opened(screen, "typed.ipynb", "n = 1", "m = 1")
    run(screen, history, "c1", "After cell 1")
    screen.set_source("c2", "m = 2  # a thought")
    screen.execute("docmanager:save")
    expect(entry(history, "Text as typed")).to_contain_text("document only")
    screen.set_source("c2", "m = 3")
    plan = consider(history, "Text as typed")
    expect(plan.get_by_role("list", name="Cells that differ")).to_contain_text("cell 2 gets its old text")
    plan.get_by_role("button", name="Go back", exact=True).click()
    expect(history.locator(".mlnb-Arrival")).to_contain_text("The document is as it was")
    assert source(screen, "c2") == "m = 2  # a thought"
    stands_at(history, "After cell 1")  # the kernel was left alone


def test_nothing_is_kept_by_itself_when_it_is_switched_off(screen):
    history = opened(screen, "off.ipynb", "n = 1", "n = 2")
    run(screen, history, "c1", "After cell 1")
    history.get_by_role("button", name="Off").click()
    expect(history.get_by_text("Nothing is kept by itself in this notebook.")).to_be_visible()
    screen.run_cell("c2")
    expect(history.locator(".mlnb-Here")).to_have_text("here + 1 run")
    expect(history.locator(".mlnb-Entry")).to_have_count(1)
    assert screen.metadata()["snapshots"] == {"auto": "off"}


def test_a_state_from_elsewhere_gives_its_document_first_and_variables_on_the_users_word(screen, tmp_path):
    file = screen.lab.root / "shared.mlnb-snapshot"
    theirs = from_somebody_else(tmp_path, file)
    screen.lab.request("POST", "mlnb/snapshots/import", {"file": file.name})
    mine = {**theirs, "cells": [{**theirs["cells"][0], "source": "print(odd.size, n)"}]}
    (screen.lab.root / "shared.ipynb").write_text(json.dumps(mine))
    screen.open("shared.ipynb")
    screen.wait_until_linked()
    history = screen.section("history")
    expect(entry(history, "from bo")).to_contain_text("from elsewhere")
    plan = consider(history, "from bo")
    consent = plan.get_by_role("group", name="From elsewhere")
    expect(consent).to_contain_text("the file shared.mlnb-snapshot")
    expect(consent).to_contain_text("neither yours nor of anybody you trust")
    expect(plan.get_by_role("checkbox", name="Variables")).to_be_disabled()
    plan.get_by_role("button", name="Go back", exact=True).click()
    expect(history.locator(".mlnb-Arrival")).to_contain_text("variables were left as they are")
    assert source(screen, "c1") == "n"
    consider(history, "from bo").get_by_role("button", name="Trust it and load variables").click()
    expect(history.locator(".mlnb-Arrival")).to_contain_text("3 variables are as they were")  # its class, too
    screen.set_source("c1", "print(n)")
    screen.run_cell("c1")
    expect(screen.page.locator(".jp-OutputArea-output")).to_have_text("5")
    assert output(screen, "c1") == "5\n"
