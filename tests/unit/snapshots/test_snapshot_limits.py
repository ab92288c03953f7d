"""How much disk snapshots may take: the largest new values are left out, named, and said once."""

from __future__ import annotations

import pytest

from mlnb.snapshots.plugins.limits import words_from_bytes


@pytest.mark.parametrize("name", ["MLNB_SNAPSHOTS_CAP_NOTEBOOK_BYTES", "MLNB_SNAPSHOTS_CAP_TOTAL_BYTES"])
def test_beyond_the_limit_the_largest_value_is_left_out_and_said_once(notebook, name, monkeypatch, capsys):
    monkeypatch.setenv(name, str(1 << 20))
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
    monkeypatch.setenv("MLNB_SNAPSHOTS_CAP_NOTEBOOK_BYTES", str(1 << 20))
    notebook.run("second = os.urandom(900_000)")
    taken = notebook.snapshots.take()
    assert {name: one.state for name, one in taken.variables.items()} == {
        "first": "saved", "os": "saved", "second": "not_restorable",
    }  # fmt: skip
    notebook.snapshots.flush()


def test_part_of_the_disk_stays_free(notebook, monkeypatch):
    monkeypatch.setenv("MLNB_SNAPSHOTS_MIN_FREE_PERCENT", "100")
    notebook.run("import os; large = os.urandom(200_000)")
    assert "100 % of the disk" in notebook.snapshots.take().variables["large"].reason


def test_limits_set_in_a_file_reach_kernels(tmp_path):
    from mlnb.config import Settings

    (tmp_path / "mlnb.toml").write_text("[snapshots]\ncap_total_bytes = 5000\nkeep_last = 7\n")
    settings = Settings(folder=tmp_path)
    assert settings.for_kernels() == {"MLNB_SNAPSHOTS_CAP_TOTAL_BYTES": "5000"}
    assert settings.get("snapshots.keep_last") == 7


def test_sizes_in_words():
    assert [words_from_bytes(size) for size in (5, 2048, 20 << 20, 3 << 29)] == [
        "5 bytes",
        "2 KiB",
        "20 MiB",
        "1.5 GiB",
    ]
