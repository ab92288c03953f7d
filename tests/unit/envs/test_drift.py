"""How two environments differ, and how much each difference matters."""

import dataclasses
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.envs.rules import drift_between
from mlnb.envs.types import Distribution, Environment, LocalModule, Origin, Shadow, Surroundings
from tests.unit.envs.builders import NAMES, VERSIONS


def package(name, version="1.0", **changes):
    return Distribution(
        **{"name": name, "version": version, "fingerprint": f"{name}-{version}", "origin": Origin("index")} | changes
    )


def environment(*distributions, **changes):
    given = {
        "env_id": "e", "env_request_id": "r", "level": "fast", "python": "3.11.7", "implementation": "cpython",
        "executable": "/x/python", "system": "linux", "machine": "x86_64", "libc": "glibc 2.36", "variables": {},
        "captured_at": datetime(2026, 1, 1, tzinfo=UTC),
    }  # fmt: skip
    return Environment(**{**given, "distributions": distributions, **changes})


def only(drift):
    (difference,) = drift.differences
    return difference


def test_the_same_environment_elsewhere_is_the_same():
    drift = drift_between(environment(package("one")), environment(package("one"), executable="/y/python"))
    assert drift.same
    assert drift.summary == "the same environment"


def test_added_removed_and_changed_packages_are_counted_and_graded():
    before = environment(package("gone"), package("old", loaded=True), package("idle", loaded=False))
    after = environment(package("new"), package("old", "2.0", loaded=True), package("idle", "2.0", loaded=False))
    drift = drift_between(before, after)
    assert drift.summary == "+1 package, -1 package, 2 packages changed"
    grades = [(one.name, one.change, one.severity) for one in drift.differences]
    assert grades == [
        ("gone", "removed", "red"), ("old", "changed", "red"), ("idle", "changed", "amber"), ("new", "added", "amber"),
    ]  # fmt: skip


def test_same_version_other_content_is_red_on_one_platform_and_expected_on_another():
    before, after = environment(package("one")), environment(package("one", fingerprint="rebuilt"))
    assert only(drift_between(before, after)).reason == "other content under the same version 1.0"
    mac = dataclasses.replace(after, system="macosx", machine="arm64", libc="")
    drift = drift_between(before, mac)
    assert {one.kind for one in drift.differences} == {"platform"}
    assert drift.summary == "same packages, other platform"


def test_a_stale_kernel_altered_files_and_edited_work_trees_are_red():
    clean = package("one", origin=Origin("editable", commit="a", dirty=False))
    for changed in (
        dataclasses.replace(clean, loaded_version="0.9"),
        dataclasses.replace(clean, problems=("missing: one/x.py",)),
        dataclasses.replace(clean, origin=Origin("editable", commit="b", dirty=False)),
        dataclasses.replace(clean, origin=Origin("editable", commit="a", dirty=True)),
    ):
        assert only(drift_between(environment(clean), environment(changed))).severity == "red"
    unknown = dataclasses.replace(clean, origin=Origin("editable", commit="a", dirty=None))
    assert drift_between(environment(clean), environment(unknown)).same


def test_python_is_amber_by_patch_and_red_by_minor_version():
    here = environment()
    assert only(drift_between(here, dataclasses.replace(here, python="3.11.2"))).severity == "amber"
    assert only(drift_between(here, dataclasses.replace(here, python="3.12.0"))).severity == "red"
    assert only(drift_between(here, dataclasses.replace(here, implementation="pypy"))).severity == "red"


def test_variables_are_amber_where_they_change_results_else_information():
    drift = drift_between(environment(variables={"TZ": "UTC"}), environment(variables={"OMP_NUM_THREADS": "1"}))
    assert [(one.name, one.change, one.severity) for one in drift.differences] == [
        ("OMP_NUM_THREADS", "added", "amber"),
        ("TZ", "removed", "info"),
    ]


def test_installers_and_mlnb_itself_are_no_difference():
    before = environment(package("pip", role="installer"), package("mlnb", role="mlnb"))
    assert drift_between(before, environment(package("pip", "26.0", role="installer"))).same


packages = st.dictionaries(NAMES, VERSIONS, max_size=5).map(
    lambda found: [package(n, v) for n, v in sorted(found.items())]
)


@given(packages, packages)
def test_turning_the_comparison_round_turns_every_difference_round(ones, others):
    there = drift_between(environment(*ones), environment(*others))
    back = drift_between(environment(*others), environment(*ones))
    turn = {"added": "removed", "removed": "added", "changed": "changed"}
    assert {(d.name, d.change, d.before, d.after) for d in there.differences} == {
        (d.name, turn[d.change], d.after, d.before) for d in back.differences
    }
    assert there.same == (ones == others)


def surroundings(**changes):
    given = {
        "modules": (), "path_files": {}, "shadows": (), "kernelspecs": {}, "flags": None, "operating_system": "debian 12",
        "system_packages": {}, "cuda": "", "driver": "", "gpus": (), "cpus": 8,
    }  # fmt: skip
    return environment(surroundings=Surroundings(**{**given, **changes}))


def module(name="helper", fingerprint="a", **changes):
    return LocalModule(**{"name": name, "place": "<folder>", "fingerprint": fingerprint} | changes)


@pytest.mark.parametrize(
    ("before", "after", "severity", "name"),
    [
        ({"modules": (module(),)}, {"modules": (module(fingerprint="b"),)}, "red", "helper"),
        (
            {"modules": (module(loaded=False),)},
            {"modules": (module(fingerprint="b", loaded=False),)},
            "amber",
            "helper",
        ),
        ({"modules": (module(loaded=True),)}, {}, "red", "helper"),
        ({}, {"modules": (module(loaded=True),)}, "info", "helper"),
        ({}, {"shadows": (Shadow("random", "<folder>", "the standard library"),)}, "red", "random"),
        ({"path_files": {"a.pth": "1"}}, {"path_files": {"a.pth": "2"}}, "amber", "a.pth"),
        ({"kernelspecs": {"k": ["python", "-m", "x"]}}, {"kernelspecs": {"k": ["python", "-O"]}}, "amber", "k"),
        ({"kernelspecs": {"k": ["python", "-m", "x"]}}, {"kernelspecs": {"k": ["/usr/bin/python3"]}}, "red", "k"),
        ({"flags": ()}, {"flags": ("-O",)}, "amber", "flags"),
        ({"cuda": "12.4"}, {"cuda": "12.6"}, "amber", "CUDA"),
        ({"driver": "550"}, {"driver": "560"}, "info", "driver"),
        ({"gpus": ("A100",)}, {"gpus": ("H100",)}, "amber", "graphics"),
        ({"cpus": 4}, {}, "amber", "processors"),
        ({"operating_system": "debian 11"}, {}, "info", "operating system"),
        ({"system_packages": {"libblas3": "1"}}, {"system_packages": {"libblas3": "2"}}, "info", "libblas3"),
        ({}, {"system_packages": {f"lib{n}": "1" for n in range(50)}}, "info", "system packages"),
    ],
)
def test_what_surrounds_the_packages_is_graded(before, after, severity, name):
    found = only(drift_between(surroundings(**before), surroundings(**after)))
    assert (found.severity, found.name) == (severity, name)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"modules": (module(loaded=False), module("other", loaded=None))}),
        ({}, {"kernelspecs": {"mine": ["python"]}}),
        ({}, {"flags": ("-O",)}),
        ({}, {"system_packages": None}),
    ],
)
def test_what_nobody_uses_or_nobody_knows_is_no_difference(before, after):
    assert drift_between(surroundings(**before), surroundings(**after)).same


def test_what_was_kept_without_its_surroundings_is_compared_by_its_packages_alone():
    kept = environment(package("one"))
    now = dataclasses.replace(surroundings(cpus=1), distributions=(package("one"),), variables={"TZ": "UTC"})
    assert drift_between(kept, now).same
    assert drift_between(now, kept).same


def test_an_editable_package_is_red_by_its_files_and_information_by_its_commit():
    clean = package("one", origin=Origin("editable", commit="a" * 40, tree="t"))
    edited = dataclasses.replace(clean, origin=Origin("editable", commit="a" * 40, tree="u"))
    committed = dataclasses.replace(clean, origin=Origin("editable", commit="b" * 40, tree="t"))
    assert only(drift_between(environment(clean), environment(edited))).severity == "red"
    assert only(drift_between(environment(clean), environment(committed))).severity == "info"


def test_a_copy_further_down_the_path_is_told():
    found = only(drift_between(environment(package("one")), environment(package("one", hidden=("0.9 in <user>",)))))
    assert (found.severity, found.after) == ("amber", "0.9 in <user>")
