"""What a capture says of all that surrounds the packages: own modules, what hides what, kernels, the system, graphics."""

from __future__ import annotations

import json
import os
import sys
import sysconfig

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.envs import capture as capturing
from tests.unit.envs.builders import install

STDLIB = sysconfig.get_path("stdlib")


def around(monkeypatch, *path, folder=None, level="fast"):
    monkeypatch.setattr(sys, "path", [str(entry) for entry in path])
    return capturing.capture(level, str(folder) if folder else None).surroundings


def test_modules_and_packages_of_the_folder_are_its_own_and_nothing_else_is(tmp_path, monkeypatch):
    (tmp_path / "helper.py").write_text("")
    (tmp_path / "pack" / "deep").mkdir(parents=True)
    (tmp_path / "pack" / "__init__.py").write_text("")
    (tmp_path / "pack" / "deep" / "part.py").write_text("X = 1")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.py").write_text("")
    (tmp_path / "notes.txt").write_text("")
    (tmp_path / ".hidden.py").write_text("")
    first = around(monkeypatch, STDLIB, folder=tmp_path).modules
    assert [(one.name, one.place) for one in first] == [("helper", "<folder>"), ("pack", "<folder>")]
    (tmp_path / "pack" / "deep" / "part.py").write_text("X = 2")
    second = around(monkeypatch, STDLIB, folder=tmp_path).modules
    assert [one.fingerprint == other.fingerprint for one, other in zip(first, second, strict=True)] == [True, False]


def test_a_module_that_hides_a_package_or_the_standard_library_is_named(tmp_path, monkeypatch):
    install(tmp_path / "site", "one", "1.0")
    (tmp_path / "mine" / "one").mkdir(parents=True)
    (tmp_path / "mine" / "one" / "__init__.py").write_text("")
    (tmp_path / "mine" / "random.py").write_text("")
    (tmp_path / "mine" / "sys.py").write_text("")  # never imported: sys is built in
    found = around(monkeypatch, STDLIB, tmp_path / "site", folder=tmp_path / "mine").shadows
    assert [(one.name, one.place, one.hides) for one in found] == [
        ("one", "<folder>", "one"), ("random", "<folder>", "the standard library"),
    ]  # fmt: skip
    behind = around(monkeypatch, STDLIB, tmp_path / "site", tmp_path / "mine").shadows
    assert behind == (), "what comes first on sys.path counts"


def test_loose_modules_and_pth_files_of_an_environment_are_told_those_of_packages_are_not(tmp_path, monkeypatch):
    install(tmp_path, "one", "1.0", files={"one/__init__.py": "", "one.pth": "import one"})
    (tmp_path / "_virtualenv.py").write_text("")
    (tmp_path / "_virtualenv.pth").write_text("import _virtualenv")
    found = around(monkeypatch, tmp_path)
    assert (found.modules, found.path_files) == ((), {})
    (tmp_path / "loose.py").write_text("")
    (tmp_path / "more.pth").write_text("/somewhere")
    found = around(monkeypatch, tmp_path)
    assert [one.name for one in found.modules] == ["loose"]
    assert set(found.path_files) == {"more.pth"}


def test_a_copy_further_down_is_told_and_does_not_count(tmp_path, monkeypatch):
    install(tmp_path / "user", "one", "2.0")
    install(tmp_path / "system", "one", "1.0")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sys, "path", [str(tmp_path / "user"), str(tmp_path / "system")])
    (found,) = capturing.capture().distributions
    assert (found.version, found.hidden, found.problems) == ("2.0", ("1.0 in <prefix>/system",), ())
    alone = capturing.capture().env_id
    monkeypatch.setattr(sys, "path", [str(tmp_path / "user")])
    assert capturing.capture().env_id == alone
    install(tmp_path / "user", "one", "1.5")
    (found,) = capturing.capture().distributions
    assert found.problems == ("installed twice: also 2.0",)
    assert capturing.capture().env_id != alone


def kernelspec(place, name, **spec):
    folder = place / "kernels" / name
    folder.mkdir(parents=True)
    (folder / "kernel.json").write_text(json.dumps(spec))


def test_kernels_of_this_interpreter_are_told_without_its_place_and_without_foreign_variables(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "env"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "env/bin/python"))
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    own, env = f"{tmp_path}/env/bin/python", {"OMP_NUM_THREADS": "2", "API_TOKEN": "never-to-be-seen"}
    kernelspec(tmp_path / "env/share/jupyter", "python3", argv=["python", "-m", "ipykernel_launcher"])
    kernelspec(tmp_path / "data", "mine", argv=[own, "-O", "-m", "ipykernel_launcher"], env=env)
    kernelspec(tmp_path / "data", "other", argv=["/opt/other/bin/python", "-m", "ipykernel_launcher"])
    kernelspec(tmp_path / "env/share/jupyter", "broken", argv=17)
    (tmp_path / "data/kernels/stray").write_text("")
    found = around(monkeypatch, tmp_path).kernelspecs
    assert found == {
        "python3": ["python", "-m", "ipykernel_launcher"],
        "mine": ["OMP_NUM_THREADS=2", "python", "-O", "-m", "ipykernel_launcher"],
    }


def test_variables_name_no_folder_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "ana"))
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([f"{tmp_path}/ana/mine", f"{tmp_path}/project/lib", "/opt/shared"])
    )
    monkeypatch.setattr(sys, "path", [])
    found = capturing.capture(folder=str(tmp_path / "project")).variables["PYTHONPATH"]
    assert found == os.pathsep.join(["~/mine", "<folder>/lib", "/opt/shared"])


def test_the_system_packages_of_debian_are_those_that_are_installed(tmp_path, monkeypatch):
    blocks = [
        "Package: one\nStatus: install ok installed\nDescription: text\n more text\nVersion: 1.0-1",
        "Package: gone\nStatus: deinstall ok config-files\nVersion: 2.0",
        "Package: two\nEssential: yes\nStatus: install ok installed\nVersion: 2:3.0",
    ]
    (tmp_path / "status").write_text("\n\n".join(blocks) + "\n")
    monkeypatch.setenv("DPKG_ADMINDIR", str(tmp_path))
    assert around(monkeypatch, tmp_path).system_packages == {"one": "1.0-1", "two": "2:3.0"}


def test_those_of_alpine_are_read_too():
    assert capturing._read_apk("C:Q1\nP:musl\nV:1.2.4-r2\n\nP:busybox\nV:1.36\nA:x86_64\n") == {
        "musl": "1.2.4-r2",
        "busybox": "1.36",
    }


def test_the_toolkit_of_cuda_is_told(tmp_path, monkeypatch):
    (tmp_path / "version.json").write_text('{\n "cuda" : {\n "name" : "CUDA SDK",\n "version" : "12.4.1"\n }\n}')
    monkeypatch.setenv("CUDA_HOME", str(tmp_path))
    assert around(monkeypatch, tmp_path).cuda == "12.4.1"


@pytest.mark.parametrize("finder", [False, True])
def test_an_editable_install_points_to_files_by_a_path_or_by_a_finder(tmp_path, monkeypatch, finder):
    project = tmp_path / "work"
    (project / "proj").mkdir(parents=True)
    (project / "proj" / "__init__.py").write_text("X = 1")
    files = (
        {
            "__editable___proj_0_1_finder.py": f"MAPPING: dict[str, str] = {{'proj': '{project}/proj'}}\nNAMESPACES = {{}}\n"
        }
        if finder
        else {"__editable__.proj-0.1.pth": f"{project}\n"}
    )
    url = json.dumps({"url": f"file://{project}", "dir_info": {"editable": True}})
    install(tmp_path / "site", "proj", "0.1", files=files, direct_url=url)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site"), str(project)])
    (before,) = capturing.capture().distributions
    (project / "proj" / "__init__.py").write_text("X = 2")
    environment = capturing.capture()
    assert before.origin.tree != environment.distributions[0].origin.tree
    assert environment.surroundings.modules == (), "what belongs to an editable install is no module of its own"


def test_of_too_large_a_work_tree_the_commit_alone_is_known(tmp_path, monkeypatch):
    monkeypatch.setattr(capturing, "MOST_FILES", 2)
    project = tmp_path / "work"
    (project / "proj").mkdir(parents=True)
    for name in ("a", "b", "c"):
        (project / "proj" / f"{name}.py").write_text("")
    url = json.dumps({"url": f"file://{project}", "dir_info": {"editable": True}})
    install(tmp_path / "site", "proj", "0.1", files={"_proj.pth": f"{project}\n"}, direct_url=url)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "site")])
    (found,) = capturing.capture().distributions
    assert found.origin.tree is None


def test_a_version_that_a_package_always_calls_otherwise_is_no_stale_kernel(tmp_path, monkeypatch):
    install(tmp_path, "mlnb_test_named", "1.0.0", files={"mlnb_test_named/__init__.py": "__version__ = '7.7'\n"})
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    __import__("mlnb_test_named")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    (found,) = capturing.capture().distributions
    del sys.modules["mlnb_test_named"]
    assert (found.loaded, found.loaded_version) == (True, None)


def test_a_package_without_a_version_in_memory_is_told_by_what_was_there_before(tmp_path, monkeypatch):
    info = install(tmp_path, "mlnb_test_silent", "1.0", files={"mlnb_test_silent/__init__.py": "X = 1\n"})
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    __import__("mlnb_test_silent")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert capturing.capture().distributions[0].loaded_version is None
    for file in info.iterdir():
        file.unlink()
    info.rmdir()
    install(tmp_path, "mlnb_test_silent", "2.0", files={"mlnb_test_silent/__init__.py": "X = 2\n"})
    found = capturing.capture().distributions[0]
    del sys.modules["mlnb_test_silent"]
    assert (found.version, found.loaded_version) == ("2.0", "1.0")


@given(st.dictionaries(st.from_regex(r"[a-z]{1,6}\.py", fullmatch=True), st.text(max_size=20), max_size=5), st.data())
def test_the_digest_of_a_tree_depends_on_its_files_alone(tmp_path_factory, files, data):
    roots = [tmp_path_factory.mktemp("tree") for _ in range(2)]
    for root in roots:
        for name, text in data.draw(st.permutations(sorted(files.items()))):
            (root / name).write_bytes(text.encode())
        (root / "__pycache__").mkdir()
        (root / "__pycache__" / "x.py").write_text(root.name)
        (root / "result.csv").write_text(root.name)
    one, other = (capturing._tree((str(root),)) for root in roots)
    assert one == other
    (roots[1] / "added.py").write_text("")
    assert capturing._tree((str(roots[1]),)) != one
