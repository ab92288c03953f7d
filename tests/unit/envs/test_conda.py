"""Conda environments, from the files that conda leaves: captured, compared, written as ``environment.yml``."""

from __future__ import annotations

import hashlib
import json
import sys

import pytest

from mlnb.envs import capture as capturing
from mlnb.envs.conda import environment_yml
from mlnb.envs.errors import NotConda
from mlnb.envs.rules import drift_between
from tests.unit.envs.builders import install


def put(prefix, name, version, build="0", channel="https://conda.anaconda.org/conda-forge/linux-64", files=None):
    """A package as conda puts it there, with the long lists of files that its records have."""
    files = {f"lib/{name}.so": name} if files is None else files
    for path, text in files.items():
        (prefix / path).parent.mkdir(parents=True, exist_ok=True)
        (prefix / path).write_text(text)
    record = {
        "build": build, "channel": channel, "depends": ["libc"], "files": list(files), "name": name,
        "paths_data": {"paths": [
            {"_path": path, "path_type": "hardlink", "sha256": hashlib.sha256(text.encode()).hexdigest(), "size_in_bytes": len(text)}
            for path, text in files.items()
        ]},
        "sha256": hashlib.sha256(f"{name}{version}{build}".encode()).hexdigest(), "version": version,
    }  # fmt: skip
    folder = prefix / "conda-meta"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}-{version}-{build}.json").write_text(json.dumps(record, indent=2))


def conda_python(prefix, name, version, **more):
    """A package of Python that conda installed: it has both a record of conda's and metadata of Python's."""
    built_at = json.dumps({"url": f"file:///home/ana/feedstock_root/{name}", "dir_info": {}})
    install(prefix / "lib/python3.11/site-packages", name, version, installer="conda\n", direct_url=built_at)
    put(prefix, name, version, "py311h1_0", files={}, **more)


def captured(monkeypatch, prefix, level="fast"):
    monkeypatch.setattr(sys, "prefix", str(prefix))
    monkeypatch.setattr(sys, "path", [str(prefix / "lib/python3.11/site-packages")])
    return capturing.capture(level)


@pytest.fixture
def prefix(tmp_path):
    put(tmp_path, "python", "3.11.9", "h955ad1f_0")
    put(tmp_path, "libblas", "3.9.0", "20_openblas")
    conda_python(tmp_path, "numpy", "1.26.4")
    install(tmp_path / "lib/python3.11/site-packages", "six", "1.16.0")
    return tmp_path


@pytest.mark.parametrize("level", capturing.LEVELS)
def test_its_packages_are_captured_at_every_level(prefix, monkeypatch, level):
    found = captured(monkeypatch, prefix, level)
    told = [(one.name, one.version, one.build, one.channel) for one in found.conda]
    forge = "https://conda.anaconda.org/conda-forge"
    assert told == [
        ("libblas", "3.9.0", "20_openblas", forge), ("numpy", "1.26.4", "py311h1_0", forge), ("python", "3.11.9", "h955ad1f_0", forge),
    ]  # fmt: skip
    assert all(len(one.digest) == 64 for one in found.conda)
    assert found.env_id == captured(monkeypatch, prefix, "fast").env_id
    origins = {one.name: one.origin.kind for one in found.distributions}
    assert origins == {"numpy": "conda", "six": "index"}


def test_another_build_of_a_library_is_a_difference_and_another_env_id(prefix, monkeypatch):
    before = captured(monkeypatch, prefix)
    (prefix / "conda-meta" / "libblas-3.9.0-20_openblas.json").unlink()
    put(prefix, "libblas", "3.9.0", "20_mkl")
    after = captured(monkeypatch, prefix)
    (found,) = drift_between(before, after).differences
    assert (found.kind, found.name, found.before, found.after) == (
        "conda",
        "libblas",
        "3.9.0 20_openblas",
        "3.9.0 20_mkl",
    )
    assert before.env_id != after.env_id
    assert before.env_request_id == after.env_request_id


def test_a_package_of_python_is_told_once(prefix, monkeypatch):
    before = captured(monkeypatch, prefix)
    (prefix / "conda-meta" / "numpy-1.26.4-py311h1_0.json").unlink()
    for file in (prefix / "lib/python3.11/site-packages/numpy-1.26.4.dist-info").iterdir():
        file.unlink()
    (prefix / "lib/python3.11/site-packages/numpy-1.26.4.dist-info").rmdir()
    conda_python(prefix, "numpy", "2.0.0")
    (found,) = drift_between(before, captured(monkeypatch, prefix)).differences
    assert (found.kind, found.name, found.before, found.after) == ("package", "numpy", "1.26.4", "2.0.0")


def test_files_that_were_edited_or_deleted_are_found(prefix, monkeypatch):
    (prefix / "lib/libblas.so").write_text("LIBBLAS")
    (prefix / "lib/python.so").unlink()
    for level, expected in (("fast", set()), ("stat", {"python"}), ("hash", {"python", "libblas"})):
        assert {one.name for one in captured(monkeypatch, prefix, level).conda if one.problems} == expected


def test_it_is_written_as_environment_yml(prefix, monkeypatch):
    put(prefix, "mkl", "2024.0", "h1_0", channel="https://ana:secret@conda.example.org/private/linux-64")
    put(prefix, "zlib", "1.3", "h1_0", channel="https://repo.anaconda.com/pkgs/main/linux-64")
    assert environment_yml(captured(monkeypatch, prefix), "mine").splitlines() == [
        "name: mine",
        "channels:",
        "  - conda-forge",
        "  - https://conda.example.org/private",
        "  - defaults",
        "dependencies:",
        "  - libblas=3.9.0=20_openblas",
        "  - mkl=2024.0=h1_0",
        "  - numpy=1.26.4=py311h1_0",
        "  - python=3.11.9=h955ad1f_0",
        "  - zlib=1.3=h1_0",
        "  - pip",
        "  - pip:",
        "    - six==1.16.0",
    ]


@pytest.mark.parametrize("text", ["", "{", '{"name": 1', "[]", '{\n  "version": "1"\n}', "\x00"])
def test_a_record_that_cannot_be_read_is_named_and_nothing_is_written(prefix, monkeypatch, text):
    (prefix / "conda-meta" / "broken-1-0.json").write_text(text)
    for level in capturing.LEVELS:
        found = captured(monkeypatch, prefix, level)
        assert len(found.conda) == 3
        assert "broken-1-0.json" in found.unreadable[0]
        with pytest.raises(NotConda, match=r"broken-1-0\.json") as raised:
            environment_yml(found)
        assert "force-reinstall" in raised.value.hint


def test_what_is_no_conda_environment_is_refused(tmp_path, monkeypatch):
    install(tmp_path / "lib/python3.11/site-packages", "six", "1.16.0")
    with pytest.raises(NotConda, match="not in a conda environment"):
        environment_yml(captured(monkeypatch, tmp_path))
