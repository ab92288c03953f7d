"""What a capture says about an environment on disk, and what its two digests depend on."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core.wire import from_wire
from mlnb.envs import capture as capturing
from mlnb.envs.types import Environment
from tests.unit.envs.builders import NAMES, VERSIONS, install


def captured(monkeypatch, *sites, level="fast"):
    monkeypatch.setattr(sys, "path", [str(site) for site in sites])
    return capturing.capture(level)


def by_name(environment):
    return {one.name: one for one in environment.distributions}


def test_lists_every_distribution_with_its_normalised_name_version_and_origin(tmp_path, monkeypatch):
    install(tmp_path, "Ruamel.Yaml", "0.18", files={"ruamel/yaml/__init__.py": ""})
    url = {"url": "https://ana:secret@git.example/x.git", "vcs_info": {"vcs": "git", "commit_id": "abc"}}
    install(tmp_path, "fromgit", "1.0", direct_url=json.dumps(url))
    install(tmp_path, "fromwheel", "1.0", direct_url=json.dumps({"url": "file:///tmp/w.whl", "archive_info": {}}))
    found = by_name(captured(monkeypatch, tmp_path))
    assert set(found) == {"ruamel-yaml", "fromgit", "fromwheel"}
    assert found["ruamel-yaml"].version == "0.18"
    assert found["ruamel-yaml"].origin == capturing.Origin("index")
    assert found["fromgit"].origin == capturing.Origin("vcs", "https://git.example/x.git", "abc")
    assert found["fromwheel"].origin.kind == "local"


def test_another_installer_or_prefix_gives_the_same_digests(tmp_path, monkeypatch):
    for site, installer in (("a", "pip"), ("b/deeper", "uv")):
        install(tmp_path / site, "one", "1.0", files={"one/__init__.py": "", "one/a,b.py": "1"}, installer=installer)
        install(tmp_path / site, "two", "2.0", requires=["one>=1"], installer=installer)
    a, b = captured(monkeypatch, tmp_path / "a"), captured(monkeypatch, tmp_path / "b/deeper")
    assert (a.env_id, a.env_request_id) == (b.env_id, b.env_request_id)
    assert all(one.fingerprint for one in a.distributions)


def test_a_rebuilt_wheel_of_the_same_version_changes_env_id_only(tmp_path, monkeypatch):
    install(tmp_path / "a", "one", "1.0", files={"one/__init__.py": "X = 1"})
    install(tmp_path / "b", "one", "1.0", files={"one/__init__.py": "X = 2"})
    a, b = captured(monkeypatch, tmp_path / "a"), captured(monkeypatch, tmp_path / "b")
    assert a.env_id != b.env_id
    assert a.env_request_id == b.env_request_id


def test_installers_and_what_mlnb_brings_are_left_out_of_both_digests(tmp_path, monkeypatch):
    install(tmp_path / "plain", "one", "1.0")
    install(tmp_path / "more", "one", "1.0")
    install(tmp_path / "more", "pip", "25.0")
    install(tmp_path / "more", "mlnb", "0.1", requires=["xxhash>=3", "cloudpickle"])
    install(tmp_path / "more", "xxhash", "3.5")
    install(tmp_path / "more", "cloudpickle", "3.1")
    plain, more = captured(monkeypatch, tmp_path / "plain"), captured(monkeypatch, tmp_path / "more")
    assert (plain.env_id, plain.env_request_id) == (more.env_id, more.env_request_id)
    roles = {one.name: one.role for one in more.distributions}
    assert roles == {"one": "package", "pip": "installer", "mlnb": "mlnb", "xxhash": "mlnb", "cloudpickle": "mlnb"}


def test_a_small_wheel_that_the_user_needs_too_is_the_users(tmp_path, monkeypatch):
    install(tmp_path, "mlnb", "0.1", requires=["cloudpickle"])
    install(tmp_path, "cloudpickle", "3.1")
    install(tmp_path, "dask", "2025.1", requires=["cloudpickle>=3"])
    assert by_name(captured(monkeypatch, tmp_path))["cloudpickle"].role == "package"


def test_packages_that_only_a_platform_marker_brings_are_not_part_of_the_request(tmp_path, monkeypatch):
    torch = ["nvidia-cublas==12; platform_system == 'Linux'", "nvidia-cudnn; sys_platform == 'linux'", "filelock"]
    install(tmp_path / "linux", "torch", "2.5+cu121", requires=torch)
    install(tmp_path / "linux", "nvidia-cublas", "12")
    install(tmp_path / "linux", "nvidia-cudnn", "9", requires=["nvidia-cublas"])
    install(tmp_path / "linux", "filelock", "3")
    install(tmp_path / "mac", "torch", "2.5", requires=torch)
    install(tmp_path / "mac", "filelock", "3")
    linux, mac = captured(monkeypatch, tmp_path / "linux"), captured(monkeypatch, tmp_path / "mac")
    assert linux.env_request_id == mac.env_request_id
    assert linux.env_id != mac.env_id


def test_packages_that_need_each_other_and_nothing_else_are_part_of_the_request(tmp_path, monkeypatch):
    for version in ("1.0", "2.0"):
        install(tmp_path / version, "ping", version, requires=["pong"])
        install(tmp_path / version, "pong", "1.0", requires=["ping"])
    one, two = captured(monkeypatch, tmp_path / "1.0"), captured(monkeypatch, tmp_path / "2.0")
    assert one.env_request_id != two.env_request_id


@given(st.lists(st.tuples(NAMES, VERSIONS), max_size=6), st.randoms())
def test_the_request_digest_ignores_order_spelling_and_local_labels(pairs, random):
    respelled = [(name.upper().replace("-", "_").replace(".", "-"), f"{version}+cpu") for name, version in pairs]
    random.shuffle(respelled)
    assert capturing.request_digest(pairs) == capturing.request_digest(respelled)


@given(NAMES, VERSIONS, VERSIONS)
def test_the_request_digest_tells_versions_apart(name, one, other):
    assert (capturing.request_digest([(name, one)]) == capturing.request_digest([(name, other)])) == (one == other)


def test_levels_find_files_that_are_missing_or_edited(tmp_path, monkeypatch):
    files = {"one/__init__.py": "X = 1", "one/gone.py": "Y = 1", "one/longer.py": "Z = 1", "one/a,b.py": "K = 1"}
    install(tmp_path, "one", "1.0", files=files)
    clean = [captured(monkeypatch, tmp_path, level=level).env_id for level in capturing.LEVELS]
    assert len(set(clean)) == 1
    (tmp_path / "one/gone.py").unlink()
    (tmp_path / "one/longer.py").write_text("Z = 1000")
    (tmp_path / "one/a,b.py").write_text("K = 2")
    problems = {
        level: set(by_name(captured(monkeypatch, tmp_path, level=level))["one"].problems) for level in capturing.LEVELS
    }
    assert problems["fast"] == set()
    assert problems["stat"] == {"missing: one/gone.py", "changed: one/longer.py"}
    assert problems["hash"] == {"missing: one/gone.py", "changed: one/longer.py", "changed: one/a,b.py"}
    assert captured(monkeypatch, tmp_path, level="hash").env_id not in clean


def test_a_change_on_disk_is_seen_in_the_same_process(tmp_path, monkeypatch):
    install(tmp_path, "one", "1.0")
    assert set(by_name(captured(monkeypatch, tmp_path))) == {"one"}
    install(tmp_path, "two", "1.0")
    assert set(by_name(captured(monkeypatch, tmp_path))) == {"one", "two"}


def test_the_first_on_the_path_counts(tmp_path, monkeypatch):
    install(tmp_path / "user", "one", "2.0")
    install(tmp_path / "system", "one", "1.0")
    assert by_name(captured(monkeypatch, tmp_path / "user", tmp_path / "system"))["one"].version == "2.0"


def test_half_removed_distributions_and_strange_entries_do_no_harm(tmp_path, monkeypatch):
    (tmp_path / "broken-1.0.dist-info").mkdir()
    bad_url = install(tmp_path, "one", "1.0") / "direct_url.json"
    bad_url.write_text("[not json")
    (tmp_path / "old.egg-info").write_text("Name: old\nVersion: 0.1\n")
    (tmp_path / "a.zip").write_bytes(b"PK")
    found = by_name(captured(monkeypatch, tmp_path, tmp_path / "a.zip", tmp_path / "absent"))
    assert {name: one.version for name, one in found.items()} == {"one": "1.0", "old": "0.1"}
    assert found["old"].fingerprint == ""


def test_an_upgrade_under_a_running_process_is_seen(tmp_path, monkeypatch):
    info = install(tmp_path, "mlnb_test_upgraded", "1.0")
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    __import__("mlnb_test_upgraded")
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert by_name(capturing.capture())["mlnb-test-upgraded"].loaded_version is None
    for file in info.iterdir():
        file.unlink()
    info.rmdir()
    install(tmp_path, "mlnb_test_upgraded", "1.1")
    found = by_name(capturing.capture())["mlnb-test-upgraded"]
    del sys.modules["mlnb_test_upgraded"]
    assert (found.version, found.loaded, found.loaded_version) == ("1.1", True, "1.0")


def editable(place: Path, source: str = "X = 1"):
    """An editable install in `place`/site whose files lie in a work tree beside it; returns the work tree."""
    project = place / "project"
    (project / ".git" / "refs" / "heads").mkdir(parents=True)
    (project / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    (project / ".git" / "packed-refs").write_text(f"# pack-refs\n{'a' * 40} refs/heads/main\n")
    (project / "src" / "proj").mkdir(parents=True)
    (project / "src" / "proj" / "__init__.py").write_text(source)
    url = json.dumps({"url": f"file://{project}", "dir_info": {"editable": True}})
    install(place / "site", "proj", "0.1", files={"_editable_proj.pth": f"{project}/src\n"}, direct_url=url)
    return project


def test_an_editable_install_is_told_by_its_source_files_not_by_its_folder(tmp_path, monkeypatch):
    ids = []
    for place in ("here", "there"):
        project = editable(tmp_path / place)
        environment = captured(monkeypatch, tmp_path / place / "site")
        origin = by_name(environment)["proj"].origin
        assert (origin.kind, origin.url, origin.commit) == ("editable", f"file://{project}", "a" * 40)
        ids.append(environment.env_id)
    assert ids[0] == ids[1]
    (project / ".git/refs/heads/main").write_text("b" * 40)
    committed = captured(monkeypatch, tmp_path / "there/site")
    assert by_name(committed)["proj"].origin.commit == "b" * 40
    assert committed.env_id == ids[0], "a commit of other files"
    (project / "src/proj/__init__.py").write_text("X = 2")
    assert captured(monkeypatch, tmp_path / "there/site").env_id != ids[0]


def test_only_listed_variables_are_read(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "2")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "never-to-be-seen")
    text = capturing.to_json(captured(monkeypatch, tmp_path))
    assert json.loads(text)["variables"]["OMP_NUM_THREADS"] == "2"
    assert "never-to-be-seen" not in text


def test_the_file_runs_by_itself_as_a_script_and_from_standard_input():
    file = Path(capturing.__file__)
    as_script = subprocess.run([sys.executable, str(file)], capture_output=True, text=True, check=True).stdout
    sent = subprocess.run(
        [sys.executable, "-", "--level", "fast"], input=file.read_text(), capture_output=True, text=True, check=True
    ).stdout
    one, other = (from_wire(Environment, json.loads(text)) for text in (as_script, sent))
    here = capturing.capture()
    assert one.env_id == other.env_id == here.env_id
    assert by_name(one)["pytest"].loaded is None
    assert by_name(here)["pytest"].loaded is True


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="no level 'deep'"):
        capturing.capture("deep")
