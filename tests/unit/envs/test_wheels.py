"""Wheels of what is installed, the lock file as text, and what uv says."""

import dataclasses
import tomllib
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.envs import locking, pylock, uv, wheels
from mlnb.envs.capture import Distribution, Origin
from mlnb.envs.errors import CannotLock, NoUv, UvRefused
from mlnb.envs.inventory import Installed, Inventory
from tests.unit.envs.builders import install


def inventory(prefix: Path, *names: str) -> Inventory:
    site = prefix / "lib" / "python3.11" / "site-packages"
    found = {name: Installed(name, "1.0", site / f"{name}-1.0.dist-info", (), "pip", "") for name in names}
    return Inventory("3.11", "3.11.7", "cpython", "linux-x86_64", prefix, prefix / "bin", found)


def installed(prefix: Path, files: dict[str, str]) -> Inventory:
    site = prefix / "lib" / "python3.11" / "site-packages"
    info = install(
        site, "one", "1.0", files={**files, "one-1.0.dist-info/WHEEL": "Tag: py3-none-any\nTag: py2-none-any\n"}
    )
    record = (info / "RECORD").read_text().replace("../../../bin/one,", "../../../bin/made,")
    (info / "RECORD").write_text(record)
    (info / "entry_points.txt").write_text("[console_scripts]\nmade = one:main\n")
    (prefix / "bin").mkdir(exist_ok=True)
    (prefix / "bin" / "made").write_text("#!/somewhere/bin/python\n")
    return inventory(prefix, "one")


NAMES = st.from_regex(r"[a-z]{1,6}(/[a-z ,é]{1,6}){0,2}\.(py|txt)", fullmatch=True)


@given(files=st.dictionaries(NAMES, st.text(max_size=30), max_size=5))
def test_a_wheel_has_the_files_as_they_are_installed_and_lists_them(tmp_path_factory, files):
    prefix = tmp_path_factory.mktemp("prefix")
    there = installed(prefix, {f"one/{name}": text for name, text in files.items()})
    wheel = wheels.repack(there.distributions["one"], there, prefix)
    assert wheel.name == "one-1.0-py3.py2-none-any.whl"
    site = there.distributions["one"].info.parent
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        assert {f"one/{name}" for name in files} <= names
        assert not [
            name for name in names if name.endswith((".pyc", "/INSTALLER", "/direct_url.json")) or "made" in name
        ]
        for name in names - {"one-1.0.dist-info/RECORD"}:
            assert archive.read(name) == (site / name).read_bytes()
    assert (
        wheels.repack(there.distributions["one"], there, tmp_path_factory.mktemp("again")).read_bytes()
        == wheel.read_bytes()
    )


def test_a_file_that_is_gone_is_named_with_its_package(tmp_path):
    there = installed(tmp_path, {"one/a.py": ""})
    (there.distributions["one"].info.parent / "one" / "a.py").unlink()
    with pytest.raises(CannotLock, match=r"one 1\.0 cannot be packed: .*one/a\.py: no such file"):
        wheels.repack(there.distributions["one"], there, tmp_path)
    assert not list(tmp_path.glob("*.whl"))


@pytest.mark.parametrize("gone", ["RECORD", "WHEEL"])
def test_what_has_no_list_of_its_files_is_named(tmp_path, gone):
    there = installed(tmp_path, {"one/a.py": ""})
    (there.distributions["one"].info / gone).unlink()
    with pytest.raises(CannotLock, match=r"one 1\.0") as refused:
        wheels.repack(there.distributions["one"], there, tmp_path)
    assert "pip install --force-reinstall one" in refused.value.hint
    assert gone == "WHEEL" or "no such file" in refused.value.message


def test_a_wheel_says_where_it_came_from(tmp_path):
    there = installed(tmp_path, {"one/a.py": ""})
    wheel = wheels.repack(there.distributions["one"], there, tmp_path, Origin("vcs", "https://git.example/one", "abc"))
    with zipfile.ZipFile(wheel) as archive:
        assert b'"abc"' in archive.read("one-1.0.dist-info/mlnb_origin.json")


# ---- the lock file ---------------------------------------------------------------------------------------------------
INDEX = (
    'lock-version = "1.0"\ncreated-by = "uv"\n\n[[packages]]\nname = "six"\nversion = "1.17.0"\n'
    'wheels = [{ url = "https://ana:hunter22@index.example/six-1.17.0-py2.py3-none-any.whl", hashes = { sha256 = "aa" } }]\n'
)


def test_a_lock_file_is_standard_toml_without_credentials_and_names_packed_wheels_beside_it():
    blocks = [*pylock.read(INDEX, Path()), pylock.packed("mine", "1.0", "mine-1.0-py3-none-any.whl", "bb")]
    text = pylock.compose(blocks, "3.11")
    value = tomllib.loads(text)
    assert [one["name"] for one in value["packages"]] == ["mine", "six"]
    assert value["packages"][0]["wheels"] == [{"path": "wheels/mine-1.0-py3-none-any.whl", "hashes": {"sha256": "bb"}}]
    assert value["requires-python"] == "==3.11.*"
    assert "hunter22" not in text
    lines = pylock.requirements(blocks).splitlines()
    assert "./wheels/mine-1.0-py3-none-any.whl \\" in lines
    assert "    --hash=sha256:aa" in lines
    assert [one.name for one in pylock.read(text, Path())] == ["mine", "six"]


def test_a_lock_of_nothing_is_one():
    assert tomllib.loads(pylock.compose([], "3.11"))["packages"] == []


@pytest.mark.parametrize("text", ["[[packages]]\nversion = 1\n", "[[packages]]\nname = \n"])
def test_what_is_no_lock_file_is_refused(text):
    with pytest.raises(ValueError, match="not a lock file"):
        pylock.read(text, Path())


def test_packages_are_asked_for_that_no_other_one_needs():
    needs = {
        "app": ("lib>=1",),
        "lib": ("deep",),
        "deep": (),
        "ping": ("pong",),
        "pong": ("ping",),
        "tool": ("app; extra == 'x'",),
    }
    there = inventory(Path("/x"), *needs)
    found = {name: dataclasses.replace(there.distributions[name], requires=lines) for name, lines in needs.items()}
    packages = {name: Distribution(name, "1.0", "", Origin("index")) for name in needs}
    assert locking.asked_for(packages, found) == {"app", "tool", "ping", "pong"}


# ---- uv --------------------------------------------------------------------------------------------------------------
def test_what_uv_refuses_is_told_in_its_words_without_credentials(tmp_path, monkeypatch):
    program = tmp_path / "uv"
    words = "error: cannot read https://ana:hunter22@x.example/simple"
    program.write_text(f"#!/bin/sh\necho 'Using Python 3.11' >&2; echo '{words}' >&2; exit 2\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(uv.sys, "executable", str(tmp_path / "python"))
    with pytest.raises(UvRefused) as refused:
        uv.run("pip", "compile")
    assert refused.value.message == "cannot read https://x.example/simple"
    program.unlink()
    monkeypatch.setenv("HOME", str(tmp_path))
    with pytest.raises(NoUv):
        uv.run("pip", "compile")
