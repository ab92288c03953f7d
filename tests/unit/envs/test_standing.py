"""How the environment of a notebook stands: to its project's lock, to its last job, by itself; and what a policy refuses."""

from __future__ import annotations

import dataclasses
import json

import pytest

from mlnb.envs import kept
from mlnb.envs.capture import capture, to_json
from mlnb.envs.errors import CannotCompare, DriftRefused, NoEnvironment, NoKernel, NotACapture
from mlnb.envs.rules import drift_between
from mlnb.envs.service import EnvsService, lock_of
from mlnb.envs.types import LastJob, Origin, Shadow


@pytest.fixture(scope="module")
def here():
    return capture()


def without(environment, name):
    """The environment before `name` was installed."""
    rest = tuple(one for one in environment.distributions if one.name != name)
    return dataclasses.replace(environment, distributions=rest, env_id="a" * 64)


def with_version(environment, name, version):
    changed = tuple(
        dataclasses.replace(one, version=version) if one.name == name else one for one in environment.distributions
    )
    return dataclasses.replace(environment, distributions=changed, env_id="b" * 64)


def test_what_an_env_id_stands_for_is_kept_without_what_surrounds_it(here, mlnb_home):
    assert kept.keep(here) == here.env_id
    found = kept.find(here.env_id[:12])
    assert found.distributions == here.distributions
    assert found.surroundings is None
    assert drift_between(found, here).same
    assert [path.name for path in (mlnb_home / "environments").iterdir()] == [f"{here.env_id}.json"]


@pytest.mark.parametrize("env_id", ["", "abc", "../../etc", "0" * 64, "*" * 8])
def test_what_was_not_kept_is_not_found(env_id):
    assert kept.find(env_id) is None


def test_a_kept_file_that_is_damaged_counts_as_not_kept(here, mlnb_home):
    kept.keep(here)
    (mlnb_home / "environments" / f"{here.env_id}.json").write_text("{")
    assert kept.find(here.env_id) is None


def test_the_oldest_go_when_there_are_many(here, monkeypatch, mlnb_home):
    monkeypatch.setattr(kept, "MOST", 3)
    for number in range(5):
        kept.keep(dataclasses.replace(here, env_id=f"{number}" * 64))
    assert len(list((mlnb_home / "environments").iterdir())) == 3
    assert kept.find("4" * 64)


def test_a_disk_that_cannot_be_written_loses_the_capture_only(here, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "file"))
    assert kept.keep(here) == here.env_id


def test_a_job_a_snapshot_and_an_env_id_are_compared_by_what_was_kept(here):
    kept.keep(without(here, "pytest"))
    service = EnvsService(env_ids=lambda reference: {"job-1": "a" * 64, "job-2": "c" * 64}.get(reference))
    for name in ("job-1", "a" * 64, "a" * 8):
        assert service.diff(name, ".").summary == "+1 package"
    with pytest.raises(NoEnvironment, match="cccccccccccc of job-2 was not kept"):
        service.diff("job-2", ".")


def test_a_lock_is_compared_by_the_environment_it_was_made_of(here, tmp_path):
    (tmp_path / "env.lock").mkdir()
    (tmp_path / "env.lock" / "lock.json").write_text("{}")
    with pytest.raises(NotACapture, match="locked from requirements"):
        EnvsService().read(str(tmp_path / "env.lock"))
    (tmp_path / "env.lock" / "environment.json").write_text(to_json(here))
    assert EnvsService().read(str(tmp_path / "env.lock")) == here


def test_the_lock_of_a_notebook_is_the_nearest_of_its_project(tmp_path):
    (tmp_path / "env.lock").mkdir()
    (tmp_path / "env.lock" / "lock.json").write_text("{}")
    deep = tmp_path / "project" / "notebooks"
    deep.mkdir(parents=True)
    (tmp_path / "project" / "mlnb.toml").write_text("")
    assert lock_of(deep / "a.ipynb") is None, "that of another project"
    (tmp_path / "project" / "env.lock").mkdir()
    (tmp_path / "project" / "env.lock" / "lock.json").write_text("{}")
    assert lock_of(deep / "a.ipynb") == tmp_path / "project" / "env.lock"


def standing(tmp_path, *, locked_as=None, last=None, is_strict=False, fails=None):
    """A service of a project whose lock (where given) was made of `locked_as`."""
    (tmp_path / "mlnb.toml").write_text("")
    if locked_as is not None or fails:
        (tmp_path / "env.lock").mkdir()
        (tmp_path / "env.lock" / "lock.json").write_text("{}")

    def verify(lock, python):
        assert lock == tmp_path / "env.lock"
        if fails:
            raise fails
        return drift_between(locked_as, capture())

    return EnvsService(verify_lock=verify, last_job=lambda notebook: last, is_strict=lambda notebook: is_strict)


def test_without_lock_and_job_nothing_has_drifted(tmp_path):
    found = standing(tmp_path).status(tmp_path / "a.ipynb")
    assert (found.lock, found.lock_path, found.drift, found.last_job, found.has_drifted) == (
        "unlocked", None, None, None, False,
    )  # fmt: skip
    assert found.packages > 50


def test_a_lock_is_kept_drifted_from_or_of_another_platform(here, tmp_path):
    for name, given, state, has_drifted in (
        ("same", {"locked_as": here}, "locked", False),
        ("other", {"locked_as": without(here, "pytest")}, "drifted", True),
        ("mac", {"fails": CannotCompare("the lock is for another platform", "")}, "other_platform", False),
    ):
        (tmp_path / name).mkdir()
        found = standing(tmp_path / name, **given).status(tmp_path / name / "a.ipynb")
        assert (found.lock, found.has_drifted) == (state, has_drifted)
        assert found.lock_path == str(tmp_path / name / "env.lock")


def test_the_last_job_ran_in_the_same_environment_or_says_how_it_differs(here, tmp_path):
    kept.keep(without(here, "pytest"))
    for last, same, summary in (
        (LastJob("job-1", here.env_id), True, None),
        (LastJob("job-2", "a" * 64), False, "+1 package"),
        (LastJob("job-3", "c" * 64), False, None),
        (LastJob("job-4", None), None, None),
    ):
        found = standing(tmp_path, last=last).status(tmp_path / "a.ipynb")
        assert (found.last_job.id, found.last_job.same) == (last.id, same)
        assert (found.last_job.drift.summary if found.last_job.drift else None) == summary
        assert found.has_drifted is (same is False)


def test_only_a_policy_makes_red_drift_refuse_and_amber_never_does(here, tmp_path):
    (tmp_path / "amber").mkdir()
    (tmp_path / "red").mkdir()
    red = with_version(here, "pytest", "1.0")
    notebook = tmp_path / "red" / "a.ipynb"
    assert standing(tmp_path / "red", locked_as=red).identify_for_job(notebook) == here.env_id
    strict = standing_again(tmp_path / "red", red)
    with pytest.raises(DriftRefused, match=r"env\.lock: pytest") as raised:
        strict.identify_for_job(notebook)
    assert (raised.value.exit_code, "strict_drift" in raised.value.hint) == (3, True)
    amber = standing(tmp_path / "amber", locked_as=without(here, "pytest"), is_strict=True)
    assert amber.identify_for_job(tmp_path / "amber" / "a.ipynb") == here.env_id
    assert kept.find(here.env_id)


def standing_again(folder, locked_as):
    (folder / "env.lock" / "lock.json").unlink()
    (folder / "env.lock").rmdir()
    return standing(folder, locked_as=locked_as, is_strict=True)


def test_without_a_lock_a_policy_goes_by_the_last_job(here, tmp_path):
    kept.keep(with_version(here, "pytest", "1.0"))
    service = standing(tmp_path, last=LastJob("job-1", "b" * 64), is_strict=True)
    with pytest.raises(DriftRefused, match="the last job, job-1: pytest"):
        service.identify_for_job(tmp_path / "a.ipynb")


def test_what_is_wrong_by_itself_is_found_without_another_environment(here):
    from mlnb.envs.rules import findings

    assert findings(here) == ()
    name = here.distributions[0].name
    for changes, severity, fix in (
        ({"loaded_version": "0.1"}, "red", "restart_kernel"),
        ({"problems": ("missing: x.py",)}, "red", "reinstall"),
        ({"hidden": ("0.1 in <prefix>",)}, "info", None),
    ):
        one = dataclasses.replace(here.distributions[0], role="package", origin=Origin("index"), **changes)
        (found,) = findings(dataclasses.replace(here, distributions=(one,)))
        assert (found.name, found.severity, found.fix) == (name, severity, fix)
    around = dataclasses.replace(here.surroundings, shadows=(Shadow("random", "<folder>", "the standard library"),))
    (found,) = findings(dataclasses.replace(here, surroundings=around))
    assert (found.name, found.severity) == ("random", "red")


@pytest.mark.parametrize("name", ["none", "../none", "/etc/passwd", ""])
def test_a_kernel_that_is_not_there_is_named(name):
    with pytest.raises(NoKernel) as raised:
        EnvsService().capture(kernel=name)
    assert raised.value.hint


def test_old_captures_are_read_and_compare_by_what_they_know(here, tmp_path):
    old = json.loads(to_json(here))
    for field in ("surroundings", "conda", "unreadable"):
        del old[field]
    for one in old["distributions"]:
        del one["hidden"], one["origin"]["tree"]
    (tmp_path / "old.json").write_text(json.dumps(old))
    assert EnvsService().diff(str(tmp_path / "old.json"), ".").same
