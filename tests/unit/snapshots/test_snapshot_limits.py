"""How much disk snapshots may take: the largest new values are left out, named, and said once."""

from __future__ import annotations

import pytest

from mlnb.snapshots.plugins.limits import words_from_bytes


@pytest.mark.parametrize("name", ["MLNB_SNAPSHOTS_NOTEBOOK_MIB", "MLNB_SNAPSHOTS_TOTAL_MIB"])
def test_beyond_the_limit_the_largest_value_is_left_out_and_said_once(notebook, name, monkeypatch, capsys):
    monkeypatch.setenv(name, "1")
    notebook.run("import os; large = os.urandom(2_000_000); small = [1, 2]")
    taken = notebook.snapshots.take()
    assert taken.variables["large"].state == "not_restorable"
    assert "1 MiB" in taken.variables["large"].reason
    assert taken.variables["small"].state == "saved"
    notebook.snapshots.flush()
    capsys.readouterr()
    notebook.snapshots.take().wait()
    notebook.snapshots.take().wait()
    told = capsys.readouterr().out
    assert told.count("mlnb: snapshots leave out large") == 1
    assert "Off: mlnb.snapshots.set_auto('off')" in told


def test_what_is_stored_already_stays_when_the_limit_is_reached(notebook, monkeypatch):
    notebook.run("import os; first = os.urandom(900_000)")
    notebook.snapshots.take().wait()
    monkeypatch.setenv("MLNB_SNAPSHOTS_NOTEBOOK_MIB", "1")
    notebook.run("second = os.urandom(900_000)")
    taken = notebook.snapshots.take()
    assert {name: one.state for name, one in taken.variables.items()} == {
        "first": "saved", "os": "saved", "second": "not_restorable",
    }  # fmt: skip
    notebook.snapshots.flush()


def test_sizes_in_words():
    assert [words_from_bytes(size) for size in (5, 2048, 20 << 20, 3 << 29)] == [
        "5 bytes",
        "2 KiB",
        "20 MiB",
        "1.5 GiB",
    ]
