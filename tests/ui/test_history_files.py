"""A state as one file on the screen: written, downloaded, taken over elsewhere; one that somebody else signed asks before it loads."""

from __future__ import annotations

import pytest
from history_screen import consider, entry, from_somebody_else, look, opened, output, run, source, stands_at
from playwright.sync_api import expect

pytestmark = [pytest.mark.ui, pytest.mark.kernel]


def take_over(screen, history, file):
    """Choose a file in the dialog of the import button."""
    history.get_by_role("button", name="Import …").click()
    dialog = screen.page.locator(".jp-Open-Dialog")
    dialog.locator(".jp-DirListing-item", has_text=file).click()
    screen.page.get_by_role("button", name="Select").click()
    expect(dialog).to_have_count(0)


def shows(screen, path):
    """Wait until the notebook at `path` is the current one, with its kernel."""
    screen.page.wait_for_function(
        "path => window.jupyterapp.shell.currentWidget?.context?.path === path && window.jupyterapp.shell.currentWidget.context.isReady",
        arg=path,
    )
    screen.wait_for_kernel()


def test_a_state_is_downloaded_as_a_file_deleted_and_taken_over_again(screen, tmp_path):
    history = opened(screen, "carry.ipynb", "n = [7]", "n = None", "print(n)")
    run(screen, history, "c1", "After cell 1")
    run(screen, history, "c2", "After cell 2")
    (kept,) = screen.lab.request("GET", "mlnb/snapshots/timeline?notebook=carry.ipynb")["entries"][1:]
    look(history, "After cell 1").get_by_role("button", name="Export").click()
    expect(history.get_by_role("status").filter(has_text="Written to carry")).to_be_visible()
    with screen.page.expect_download() as download:
        history.get_by_role("button", name="Download").click()
    target = tmp_path / download.value.suggested_filename
    download.value.save_as(target)
    assert target.suffix == ".mlnb-snapshot"
    assert target.read_bytes() == (screen.lab.root / target.name).read_bytes()
    (screen.lab.root / target.name).unlink()

    opened_entry = look(history, "After cell 1")
    opened_entry.get_by_role("button", name="Delete …").click()
    history.get_by_role("group", name="Delete this snapshot?").get_by_role("button", name="Delete").click()
    expect(entry(history, "After cell 1")).to_have_count(0)
    (screen.lab.root / "back.mlnb-snapshot").write_bytes(target.read_bytes())
    take_over(screen, history, "back.mlnb-snapshot")
    expect(history.get_by_text("Taken over: it stands in the list.")).to_be_visible()
    found = screen.lab.request("GET", f"mlnb/snapshots/{kept['id']}")
    assert (found["is_trusted"], found["has_document"], list(found["variables"])) == (True, True, ["n"])
    consider(history, "After cell 1").get_by_role("button", name="Go back", exact=True).click()
    stands_at(history, "After cell 1")
    screen.run_cell("c3")
    stands_at(history, "After cell 3")
    assert output(screen, "c3") == "[7]\n"


def test_a_state_of_another_notebook_is_opened_beside_the_file(screen):
    history = opened(screen, "from.ipynb", "n = 1\nprint('there', n)")
    run(screen, history, "c1", "After cell 1")
    look(history, "After cell 1").get_by_role("button", name="Export").click()
    expect(history.get_by_text("Written to from-after-cell-run-1.mlnb-snapshot")).to_be_visible()
    history = opened(screen, "to.ipynb", "m = 2")  # in a workspace of its own
    run(screen, history, "c1", "After cell 1")
    take_over(screen, history, "from-after-cell-run-1.mlnb-snapshot")
    shows(screen, "from-2.ipynb")
    expect(screen.page.locator("#mlnb-sidebar")).to_contain_text("from-2.ipynb")
    assert (source(screen, "c1"), output(screen, "c1")) == ("n = 1\nprint('there', n)", "there 1\n")


def test_a_file_that_somebody_else_signed_opens_its_document_and_asks_before_it_loads_a_value(screen, tmp_path):
    from_somebody_else(tmp_path, screen.lab.root / "bo.mlnb-snapshot")
    history = opened(screen, "mine.ipynb", "x = 1")
    run(screen, history, "c1", "After cell 1")
    take_over(screen, history, "bo.mlnb-snapshot")
    page = screen.page
    shows(screen, "bo.ipynb")
    screen.wait_until_linked()
    assert source(screen, "c1") == "n"  # the document, at once
    theirs = screen.lab.request("GET", "mlnb/snapshots/timeline?notebook=bo.ipynb")["entries"][-1]
    assert (theirs["name"], theirs["is_trusted"]) == ("from bo", False)

    expect(entry(history, "from bo")).to_contain_text("from elsewhere")
    consent = consider(history, "from bo").get_by_role("group", name="From elsewhere")
    expect(consent).to_contain_text("the file bo.mlnb-snapshot")
    history.get_by_role("button", name="Cancel").click()
    expect(history.get_by_role("group", name="What going back would do")).to_have_count(0)
    screen.set_source("c1", "print('n' in globals(), 'odd' in globals())")
    screen.run_cell("c1")
    stands_at(history, "After cell 1")
    assert output(screen, "c1") == "False False\n"  # refused: nothing was loaded
    assert not screen.lab.request("GET", f"mlnb/snapshots/{theirs['id']}")["is_trusted"]

    consider(history, "from bo").get_by_role("button", name="Trust it and load variables").click()
    expect(history.locator(".mlnb-Arrival")).to_contain_text("variables are as they were")
    screen.set_source("c1", "print(n, odd.size)")
    screen.run_cell("c1")
    expect(page.locator(".jp-OutputArea-output").last).to_have_text("5 3")
    assert screen.lab.request("GET", f"mlnb/snapshots/{theirs['id']}")["is_trusted"]  # said once


def test_a_file_that_was_changed_on_the_way_is_refused_and_says_so(screen):
    history = opened(screen, "broken.ipynb", "n = 1")
    run(screen, history, "c1", "After cell 1")
    look(history, "After cell 1").get_by_role("button", name="Export").click()
    expect(history.get_by_text("Written to broken-after-cell-run-1.mlnb-snapshot")).to_be_visible()
    file = screen.lab.root / "broken-after-cell-run-1.mlnb-snapshot"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    before = screen.lab.request("GET", "mlnb/snapshots?limit=1")["total"]
    take_over(screen, history, file.name)
    alert = history.get_by_role("alert")
    expect(alert).to_contain_text(file.name)
    assert screen.lab.request("GET", "mlnb/snapshots?limit=1")["total"] == before
    alert.get_by_role("button", name="Dismiss").click()
    expect(alert).to_have_count(0)


def test_a_damaged_state_says_so_at_verify_and_at_going_back_and_leaves_all_as_it_is(screen):
    history = opened(screen, "rotten.ipynb", "data = list(range(5000))", "data = 'now'", "print(data)")
    store = screen.lab.root.parent / "mlnb" / "blobs"
    before = set(store.rglob("*"))
    run(screen, history, "c1", "After cell 1")
    packs = [path for path in set(store.rglob("*")) - before if path.is_file()]
    run(screen, history, "c2", "After cell 2")
    for pack in packs:
        data = bytearray(pack.read_bytes())
        data[len(data) // 2] ^= 1
        pack.chmod(0o600)
        pack.write_bytes(data)
    look(history, "After cell 1").get_by_role("button", name="Verify").click()
    alert = history.get_by_role("alert")
    expect(alert).to_contain_text("It is damaged")
    expect(alert).to_contain_text("Go back to another state")
    alert.get_by_role("button", name="Dismiss").click()
    history.get_by_role("button", name="Go back to here").click()
    going = history.get_by_role("button", name="Go back", exact=True)
    expect(going.or_(alert).first).to_be_visible()
    if going.count():  # the document is in another file than the values
        going.click()
    expect(alert).to_be_visible()
    screen.run_cell("c3")
    expect(screen.page.locator(".jp-OutputArea-output").last).to_have_text("now")
