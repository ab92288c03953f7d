"""Decisions about runs and models."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core.errors import BadInput
from mlnb.models import rules
from mlnb.models.types import Difference, IndexedRun, Run

FILES = st.dictionaries(st.text(min_size=1), st.text("0123456789abcdef", min_size=64, max_size=64), min_size=1)


@given(FILES, st.randoms())
def test_a_models_digest_does_not_depend_on_the_order_of_its_files(files, chance):
    shuffled = list(files.items())
    chance.shuffle(shuffled)
    assert rules.model_digest(shuffled) == rules.model_digest(files.items())


@given(FILES, st.data())
def test_a_models_digest_changes_with_any_file(files, data):
    path = data.draw(st.sampled_from(sorted(files)))
    if path in rules.WRITTEN_BY_READERS:
        return
    other = {**files, path: ("1" if files[path][0] == "0" else "0") + files[path][1:]}
    without = {name: digest for name, digest in files.items() if name != path}
    renamed = {**without, path + "x": files[path]}
    assert len({rules.model_digest(each.items()) for each in (files, other, without, renamed)}) >= 3
    assert rules.model_digest(files.items()) not in {rules.model_digest(each.items()) for each in (other, without)}


def test_what_mlflow_leaves_in_the_folder_when_it_loads_a_version_does_not_count():
    assert rules.model_digest([("MLmodel", "a")]) == rules.model_digest(
        [("MLmodel", "a"), ("registered_model_meta", "b")]
    )


def test_runs_are_ordered_by_a_metric_highest_first_or_as_said():
    assert rules.order_clause("val/auc")[0] == "metrics.`val/auc` DESC"
    assert rules.order_clause("loss asc")[0] == "metrics.`loss` ASC"
    assert rules.order_clause(None) == ["attributes.start_time DESC"]


@pytest.mark.parametrize("text", ["auc`; drop", "a,b", "x' or"])
def test_what_cannot_be_a_metric_is_refused(text):
    with pytest.raises(BadInput):
        rules.order_clause(text)


def test_a_model_is_named_with_a_version_an_alias_or_neither():
    assert rules.split_model_name("churn") == ("churn", None, None)
    assert rules.split_model_name("churn/3") == ("churn", "3", None)
    assert rules.split_model_name("churn@prod") == ("churn", None, "prod")
    assert rules.split_model_name("team/churn") == ("team/churn", None, None)


def test_only_what_two_runs_do_not_share_is_a_difference():
    nan = float("nan")
    a = Run("a", "a", "E", "FINISHED", "u", None, None, {"x": "1", "y": "2"}, {"auc": 0.5, "loss": nan})
    b = Run("b", "b", "E", "FINISHED", "u", None, None, {"x": "1", "z": "3"}, {"auc": 0.75, "loss": nan})
    found = rules.compare(a, b)
    assert found.params == [Difference("y", "2", None), Difference("z", None, "3")]
    assert found.metrics == [Difference("auc", 0.5, 0.75)]
    assert found.tags == []


def test_the_index_learns_where_a_run_came_from_and_nothing_else():
    tags = {"mlnb.snapshot": "s", "mlnb.job": "j", "other": "x"}
    assert rules.indexed({"kind": "run_logged", "run_id": "r", "tags": tags}) == IndexedRun("r", None, None, "j", "s")
    assert rules.indexed({"kind": "run_logged", "run_id": "r", "params": {"a": "1"}}) is None
    assert rules.indexed({"kind": "experiment_changed", "experiment": "E", "tags": {}}) is None
