"""Ids, places, plug-ins, errors and the services in use."""

from __future__ import annotations

import inspect
import itertools
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core import current, errors, ids, registry
from mlnb.core.errors import BadInput, MlnbError, NotFound, NotInstalled
from mlnb.core.home import home, keys_dir, project_of


# ---- ids -------------------------------------------------------------------------------------------------------------
@given(st.lists(st.integers(0, 2**48 - 1), min_size=2, max_size=5))
def test_ids_sort_by_the_millisecond_they_were_made_in(moments_ms):
    made = []
    with pytest.MonkeyPatch.context() as patch:
        for moment in moments_ms:
            patch.setattr(ids.time, "time_ns", lambda moment=moment: moment * 1_000_000)
            made.append((moment, ids.new_id("job")))
    for (at, one), (later, other) in itertools.pairwise(made):
        if at != later:
            assert (one < other) == (at < later)


def test_ids_differ_and_have_one_form():
    made = {ids.new_id("x") for _ in range(5000)}
    assert len(made) == 5000
    assert all(len(i) == 24 and i.startswith("x-") and i.islower() for i in made)


# ---- places ----------------------------------------------------------------------------------------------------------
def test_home_is_read_when_used(monkeypatch, tmp_path):
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "one"))
    assert home() == tmp_path / "one"
    monkeypatch.setenv("MLNB_HOME", "~/two")
    assert home() == Path("~/two").expanduser()


def test_without_a_word_from_the_user_the_platform_decides(monkeypatch, tmp_path):
    monkeypatch.delenv("MLNB_HOME")
    monkeypatch.delenv("MLNB_KEYS")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    assert home() == tmp_path / "data" / "mlnb"
    assert keys_dir() == tmp_path / "config" / "mlnb"
    monkeypatch.setattr(sys, "platform", "darwin")
    assert home().parts[-2:] == ("Application Support", "mlnb")


@pytest.mark.parametrize("mark", ["mlnb.toml", ".git"])
def test_a_project_is_the_nearest_marked_folder_above(mark, tmp_path):
    inner = tmp_path / "p" / "a" / "b"
    inner.mkdir(parents=True)
    (tmp_path / "p" / mark).touch()
    assert project_of(inner / "x.ipynb") == tmp_path / "p"
    (inner / "mlnb.toml").touch()
    assert project_of(inner / "x.ipynb") == inner


# ---- plug-ins --------------------------------------------------------------------------------------------------------
def test_an_unknown_plug_in_is_told_with_the_known_ones():
    with pytest.raises(NotFound, match="no executor named 'moon'") as refused:
        registry.load("mlnb.executors", "moon")
    assert "local" in refused.value.hint


def test_names_import_nothing():
    code = "import sys; from mlnb.core import registry; registry.names('mlnb.executors'); print('mlnb.jobs' in sys.modules)"
    said = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert said.stdout.strip() == "False"


# ---- services in use -------------------------------------------------------------------------------------------------
def test_a_filled_area_wins_over_the_composed_ones():
    class Services:
        order = "composed"
        jobs = "composed jobs"

    current.compose(Services())
    current.fill("order", "mine")
    assert current.service("order") == "mine"
    assert current.service("jobs") == "composed jobs"
    current.clear("order")
    assert current.service("order") == "composed"


def test_without_the_whole_of_mlnb_an_area_says_so(monkeypatch):
    monkeypatch.setattr(registry, "_entry_points", lambda group: {})
    with pytest.raises(NotInstalled, match="kernel half") as refused:
        current.service("jobs")
    assert "pip install mlnb" in refused.value.hint


# ---- errors ----------------------------------------------------------------------------------------------------------
KINDS = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, MlnbError)]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_error_can_be_told(kind):
    error = kind("what happened", "the way out")
    assert (str(error), error.message, error.hint) == ("what happened", "what happened", "the way out")
    assert 400 <= kind.status < 500
    assert kind.exit_code in (1, 2, 3, 4)
    assert kind.code == kind.code.lower()


def test_bad_input_is_exit_code_two():
    assert {kind.exit_code for kind in KINDS if issubclass(kind, BadInput)} == {2}


def test_codes_are_one_for_each_kind():
    codes = [kind.code for kind in KINDS]
    assert len(codes) == len(set(codes))


def test_mlnb_says_its_version_everywhere(repository):
    import json
    from importlib import metadata

    import mlnb

    assert mlnb.__version__ == metadata.version("mlnb")
    assert json.loads((repository / "package.json").read_text())["version"] == mlnb.__version__
