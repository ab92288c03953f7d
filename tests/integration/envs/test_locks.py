"""What is installed is locked exactly, and the environment made from the lock is the same."""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from mlnb.core.errors import BadInput, NotFound
from mlnb.envs.errors import CannotLock, CannotRestore, NotALock, NoUv, UvRefused
from tests import built
from tests.integration.envs import packages
from tests.integration.envs.conftest import everything_in


def said_by(python: Path | str, code: str) -> str:
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, cwd="/").stdout.strip()


# ---- there and back --------------------------------------------------------------------------------------------------
def test_the_restored_environment_is_the_one_that_was_locked(project, locks, envs, tmp_path):
    before = envs.capture(project.folder)
    lock = locks.lock(tmp_path / "env.lock", python=str(project.folder))
    made = locks.restore(tmp_path / "env.lock", tmp_path / "again")
    assert made.verified.same, made.verified.drift
    assert made.verified.compared == "contents"
    after = envs.capture(tmp_path / "again")
    assert (
        (after.env_id, after.env_request_id)
        == (before.env_id, before.env_request_id)
        == (lock.env_id, lock.env_request_id)
    )
    assert locks.verify(tmp_path / "env.lock", str(tmp_path / "again"), "hash").same
    assert (
        said_by(made.python, "import edited, edited.fresh, ofcommit, ownwheel, asked; print(edited.X, edited.fresh.Y)")
        == "2 1"
    )


def test_programs_and_data_of_packed_packages_work_where_they_are_restored(project, locks, tmp_path):
    locks.lock(tmp_path / "env.lock", python=str(project.folder))
    made = Path(locks.restore(tmp_path / "env.lock", tmp_path / "again").folder)
    own = subprocess.run([made / "bin" / "ownwheel-own"], capture_output=True, text=True, check=True).stdout
    assert own.strip() == "own"
    assert (made / "bin" / "ownwheel-made").exists()
    assert (made / "share" / "ownwheel" / "notes.txt").read_text() == "notes"


def test_what_is_not_committed_is_packed_and_said(project, locks, tmp_path):
    lock = locks.lock(tmp_path / "env.lock", python=str(project.folder))
    (note,) = [note for note in lock.notes if "edited" in note]
    assert "uncommitted" in note
    assert "patches/edited.patch" in note
    assert "1 new file" in note
    patch = (tmp_path / "env.lock" / "patches" / "edited.patch").read_text()
    assert "+X = 2" in patch
    one = next(one for one in lock.packages if one.name == "edited")
    assert (one.origin.kind, one.origin.dirty, one.patch) == ("editable", True, "edited.patch")
    commit = packages.git(tmp_path / "commit", "rev-parse", "HEAD")
    assert next(one for one in lock.packages if one.name == "ofcommit").origin.commit == commit
    assert packages.git(tmp_path / "edited", "status", "--porcelain").splitlines() == [
        "M edited/__init__.py",
        "?? edited/fresh.py",
    ]


def test_no_path_of_this_machine_gets_into_a_lock(project, locks, tmp_path):
    locks.lock(tmp_path / "env.lock", python=str(project.folder))
    for file in (tmp_path / "env.lock").glob("*.*"):
        if file.is_file():
            assert str(tmp_path) not in file.read_text(), file.name


def test_both_forms_name_every_file_by_its_digest(project, locks, tmp_path):
    lock = locks.lock(tmp_path / "env.lock", python=str(project.folder), kernel=False)
    value = tomllib.loads((tmp_path / "env.lock" / "pylock.toml").read_text())
    assert value["lock-version"] == "1.0"
    assert {one["name"]: one["version"] for one in value["packages"]} == {
        one.name: one.version for one in lock.packages
    }
    assert {one.name for one in lock.packages} == {"asked", "needed", "ownwheel", "ofcommit", "edited"}
    assert all(file["hashes"]["sha256"] for one in value["packages"] for file in one["wheels"])


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_the_requirements_give_the_same_by_any_installer(installer, project, index, locks, tmp_path, monkeypatch):
    """Though the index has a file of the same name and version as a packed one."""
    packages.wheel(index.folder, "ownwheel", "1.0", source="X = 'of the index'\n")
    locks.lock(tmp_path / "env.lock", python=str(project.folder), kernel=False)
    fresh = built.Environment(tmp_path / "fresh", sys.executable)
    monkeypatch.chdir(tmp_path / "env.lock")
    wanted = ["install", "--quiet", "--require-hashes", "--no-deps", "-r", "requirements.txt"]
    if installer == "uv":
        built.uv("pip", *wanted, "--python", fresh.python)
    else:
        command = [
            sys.executable,
            "-m",
            "pip",
            "--isolated",
            "--python",
            fresh.python,
            *wanted,
            "--index-url",
            index.url,
        ]
        subprocess.run(command, check=True)
    assert locks.verify(tmp_path / "env.lock", str(fresh.folder)).same


def test_a_lock_of_the_same_environment_is_the_same(project, locks, tmp_path):
    one, two = (locks.lock(tmp_path / name, python=str(project.folder), kernel=False) for name in ("a.lock", "b.lock"))
    assert one.digest == two.digest


def test_what_needs_a_late_release_of_this_python_can_be_locked(index, locks, tmp_path):
    packages.wheel(index.folder, "late", "1.0", python=f">={platform.python_version()}")
    here = built.Environment(tmp_path / "venv", sys.executable)
    here.install("late")
    lock = locks.lock(tmp_path / "env.lock", python=str(here.folder), kernel=False)
    assert [one.name for one in lock.packages] == ["late"]


def test_a_difference_is_found(project, locks, tmp_path):
    locks.lock(tmp_path / "env.lock", python=str(project.folder))
    built.uv("pip", "uninstall", "--quiet", "--python", project.python, "needed")
    found = locks.verify(tmp_path / "env.lock", str(project.folder))
    assert not found.same
    assert [(one.change, one.name) for one in found.drift.differences] == [("removed", "needed")]


# ---- from requirements and notebooks ---------------------------------------------------------------------------------
def test_requirements_are_resolved_and_folders_and_commits_packed(index, locks, tmp_path):
    packages.wheel(index.folder, "needed", "2.0")
    packages.wheel(index.folder, "asked", "1.0", requires=["needed>=2"])
    packages.tree(tmp_path / "folder", "offolder")
    commit = packages.tree(tmp_path / "commit", "ofcommit")
    file = tmp_path / "requirements.txt"
    file.write_text(f"asked\n./folder\nofcommit @ git+{commit.as_uri()}\n")
    lock = locks.lock(tmp_path / "env.lock", requirements=file, kernel=False)
    assert {one.name: bool(one.wheel) for one in lock.packages} == {
        "asked": False, "needed": False, "offolder": True, "ofcommit": True,
    }  # fmt: skip
    assert lock.env_id is None
    made = locks.restore(tmp_path / "env.lock", tmp_path / "venv")
    assert (made.verified.same, made.verified.compared, made.packages) == (True, "versions", 4)
    assert said_by(made.python, "import asked, needed, offolder, ofcommit; print('all')") == "all"


def test_what_a_notebook_needs_is_written_into_it_and_read_again(project, index, locks, tmp_path):
    notebook = tmp_path / "one.ipynb"
    cell = {
        "cell_type": "code",
        "id": "a",
        "source": "import asked",
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    notebook.write_text(
        json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}, indent=1) + "\n"
    )
    for name in ("ownwheel", "ofcommit", "edited"):
        built.uv("pip", "uninstall", "--quiet", "--python", project.python, name)
    locks.lock(tmp_path / "a.lock", python=str(project.folder), kernel=False, to_notebook=notebook)
    first = json.loads(notebook.read_text())["cells"][0]["source"]
    assert '#   "asked==1.0",' in first.splitlines()
    assert "needed" not in first
    lock = locks.lock(tmp_path / "b.lock", notebook=notebook, kernel=False)
    assert {one.name: one.version for one in lock.packages} == {"asked": "1.0", "needed": "2.0"}


def test_another_platform_gets_what_it_alone_needs_and_not_what_this_one_does(index, locks, tmp_path):
    packages.wheel(index.folder, "onlyhere", "1.0")
    packages.wheel(index.folder, "onlythere", "1.0")
    packages.wheel(
        index.folder,
        "asked",
        "1.0",
        requires=["onlyhere; sys_platform != 'win32'", "onlythere; sys_platform == 'win32'"],
    )
    here = built.Environment(tmp_path / "venv", sys.executable)
    here.install("asked")
    lock = locks.lock(tmp_path / "env.lock", python=str(here.folder), platform="windows", kernel=False)
    assert {one.name for one in lock.packages} == {"asked", "onlythere"}
    assert (lock.system, lock.env_id) == ("win", None)
    with pytest.raises(CannotRestore, match="the lock is for win"):
        locks.restore(tmp_path / "env.lock", tmp_path / "again")
    assert not (tmp_path / "again").exists()


# ---- what cannot be --------------------------------------------------------------------------------------------------
def test_a_version_that_no_index_has_is_named_and_can_be_packed(project, index, locks, tmp_path):
    next(index.folder.glob("needed-*")).unlink()
    with pytest.raises(CannotLock, match="needed") as refused:
        locks.lock(tmp_path / "env.lock", python=str(project.folder), kernel=False)
    assert "--vendor needed" in refused.value.hint
    assert not [name for name in everything_in(tmp_path) if "lock" in name]
    lock = locks.lock(tmp_path / "env.lock", python=str(project.folder), kernel=False, vendor=("needed",))
    assert next(one for one in lock.packages if one.name == "needed").wheel
    assert locks.restore(tmp_path / "env.lock", tmp_path / "again").verified.same


def test_a_withdrawn_version_is_locked_and_said(project, index, locks, tmp_path):
    index.withdrawn[next(index.folder.glob("needed-*")).name] = "it deletes files"
    lock = locks.lock(tmp_path / "env.lock", python=str(project.folder), kernel=False)
    assert [note for note in lock.notes if "needed==2.0" in note and "yanked" in note and "it deletes files" in note]


def test_an_editable_install_whose_folder_is_gone_is_named(project, locks, tmp_path):
    (tmp_path / "edited").rename(tmp_path / "moved")
    with pytest.raises(CannotLock, match=r"edited 1\.0 .*gone"):
        locks.lock(tmp_path / "env.lock", python=str(project.folder))
    assert not (tmp_path / "env.lock").exists()


def test_a_file_that_is_gone_from_a_package_of_yours_is_named(project, locks, tmp_path):
    site = next((project.folder / "lib").glob("*/site-packages"))
    (site / "ownwheel" / "__init__.py").unlink()
    with pytest.raises(CannotLock, match=r"ownwheel 1\.0.*__init__\.py"):
        locks.lock(tmp_path / "env.lock", python=str(project.folder))
    assert not (tmp_path / "env.lock").exists()


def test_packages_of_conda_are_locked_as_the_index_has_them_and_kept_as_conda_has_them(project, locks, tmp_path):
    site = next((project.folder / "lib").glob("*/site-packages"))
    (site / "needed-2.0.dist-info" / "INSTALLER").write_text("conda\n")
    meta = project.folder / "conda-meta"
    meta.mkdir()
    (meta / "history").write_text("")
    told = {
        "name": "needed",
        "version": "2.0",
        "build": "py_0",
        "channel": "conda-forge",
        "files": [],
        "url": "",
        "md5": "0" * 32,
    }
    (meta / "needed-2.0-py_0.json").write_text(json.dumps(told, indent=2))
    lock = locks.lock(tmp_path / "env.lock", python=str(project.folder), kernel=False)
    assert [note for note in lock.notes if "conda" in note]
    assert next(one for one in lock.packages if one.name == "needed").wheel == ""
    assert "needed=2.0=py_0" in (tmp_path / "env.lock" / "environment.yml").read_text()


def test_an_environment_that_cannot_be_read_whole_is_not_locked(project, locks, tmp_path):
    (project.folder / "conda-meta").mkdir()
    (project.folder / "conda-meta" / "history").write_text("")
    (project.folder / "conda-meta" / "broken-1-0.json").write_text("{")
    with pytest.raises(CannotLock, match="broken-1-0") as refused:
        locks.lock(tmp_path / "env.lock", python=str(project.folder))
    assert refused.value.hint
    assert not (tmp_path / "env.lock").exists()


def test_a_compiled_package_of_yours_is_not_for_another_platform(index, locks, tmp_path):
    tag = f"cp{sys.version_info[0]}{sys.version_info[1]}-abi3-{'linux_x86_64'}"
    here = built.Environment(tmp_path / "venv", sys.executable)
    own = packages.wheel(tmp_path / "wheels", "compiled", "1.0", tag="py3-none-any")
    here.install(own)
    info = next((here.folder / "lib").glob("*/site-packages/compiled-1.0.dist-info")) / "WHEEL"
    info.write_text(info.read_text().replace("py3-none-any", tag))
    with pytest.raises(CannotLock, match=r"compiled 1\.0.*windows"):
        locks.lock(tmp_path / "env.lock", python=str(here.folder), platform="windows")


def test_without_uv_it_says_how_to_get_it(project, locks, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(project.python))
    with pytest.raises(NoUv) as refused:
        locks.lock(tmp_path / "env.lock", python=str(project.folder))
    assert "pip install uv" in refused.value.hint
    assert not (tmp_path / "env.lock").exists()


def test_a_folder_with_something_else_is_left_alone(project, locks, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(NotALock, match="something else"):
        locks.lock(tmp_path / "mine", python=str(project.folder))
    assert everything_in(tmp_path / "mine") == ["notes.txt"]


def test_a_lock_that_is_made_again_keeps_what_lies_beside_it_and_an_old_one_where_it_fails(
    project, index, locks, tmp_path
):
    first = locks.lock(tmp_path / "env.lock", python=str(project.folder), kernel=False)
    (tmp_path / "env.lock" / "README.md").write_text("mine")
    next(index.folder.glob("needed-*")).unlink()
    with pytest.raises(CannotLock):
        locks.lock(tmp_path / "env.lock", python=str(project.folder), kernel=False)
    assert locks.read(tmp_path / "env.lock").digest == first.digest
    locks.lock(tmp_path / "env.lock", python=str(project.folder), vendor=("needed",), kernel=False)
    assert (tmp_path / "env.lock" / "README.md").read_text() == "mine"


def test_two_sources_are_one_too_many(project, locks, tmp_path):
    (tmp_path / "r.txt").write_text("")
    with pytest.raises(BadInput, match="two sources"):
        locks.lock(tmp_path / "env.lock", requirements=tmp_path / "r.txt", notebook=tmp_path / "n.ipynb")
    with pytest.raises(BadInput, match="platform"):
        locks.lock(tmp_path / "env.lock", python=str(project.folder), platform="amiga")
    with pytest.raises(NotFound):
        locks.lock(tmp_path / "env.lock", requirements=tmp_path / "none.txt")


# ---- restoring that cannot be ----------------------------------------------------------------------------------------
@pytest.fixture
def locked(project, locks, tmp_path) -> Path:
    locks.lock(tmp_path / "env.lock", python=str(project.folder), kernel=False)
    return tmp_path / "env.lock"


def test_a_wheel_that_is_gone_or_another_is_named(locked, locks, tmp_path):
    wheel = next((locked / "wheels").glob("ownwheel-*"))
    data = wheel.read_bytes()
    wheel.write_bytes(data + b"more")
    with pytest.raises(NotALock, match=r"ownwheel 1\.0 is not the one"):
        locks.restore(locked, tmp_path / "again")
    wheel.unlink()
    with pytest.raises(NotALock, match=r"ownwheel 1\.0 is gone"):
        locks.restore(locked, tmp_path / "again")
    assert "again" not in " ".join(everything_in(tmp_path))


def test_a_lock_that_was_edited_is_refused(locked, locks, tmp_path):
    file = locked / "pylock.toml"
    file.write_text(file.read_text().replace('version = "2.0"', 'version = "2.1"'))
    with pytest.raises(NotALock, match="was changed"):
        locks.restore(locked, tmp_path / "again")


def test_nothing_is_left_where_a_package_cannot_be_had(locked, locks, index, tmp_path):
    next(index.folder.glob("needed-*")).unlink()
    with pytest.raises(UvRefused, match="needed"):
        locks.restore(locked, tmp_path / "again")
    assert [name for name in everything_in(tmp_path) if "again" in name] == []


def test_a_place_that_is_taken_stays_as_it_is(locked, locks, index, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine")
    with pytest.raises(CannotRestore, match="no virtual environment"):
        locks.restore(locked, tmp_path / "mine", replace=True)
    locks.restore(locked, tmp_path / "again")
    mark = tmp_path / "again" / "mark"
    mark.write_text("x")
    with pytest.raises(CannotRestore, match="already"):
        locks.restore(locked, tmp_path / "again")
    assert mark.exists()
    locks.restore(locked, tmp_path / "again", replace=True)
    assert not mark.exists()


def test_a_python_of_another_version_is_refused(locked, locks, tmp_path):
    other = next(
        (
            python
            for python in ("3.12", "3.13", "3.11")
            if python != f"3.{sys.version_info[1]}" and built.python_of(python)
        ),
        None,
    )
    if other is None:
        pytest.skip("no other Python is installed here")
    with pytest.raises(CannotRestore, match="the lock is for Python"):
        locks.restore(locked, tmp_path / "again", python=built.python_of(other))
