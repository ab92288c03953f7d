"""Twenty-five ways in which an environment drifts, each seen at the level that can see it; and what is no drift."""

from __future__ import annotations

import dataclasses
import io
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from mlnb.envs import capture
from mlnb.envs.interpreters import environment_from_json
from mlnb.envs.rules import drift_between
from mlnb.envs.service import EnvsService
from tests import built
from tests.integration import drift_wheels, drift_world
from tests.integration.drift_world import World

LEVELS = ("fast", "stat", "hash")


@dataclasses.dataclass(frozen=True)
class Mutation:
    """One kind of drift.

    Attributes:
        seen_from: the first level that sees it.
        name: of the difference that tells of it.
        severity: how grave it is.
        do: what happens.
        before: what has to be so already when the environment is captured for the first time.
    """

    seen_from: str
    name: str
    severity: str
    do: Callable[[World, pytest.MonkeyPatch], None]
    before: Callable[[World, pytest.MonkeyPatch], None] = lambda world, patch: None


MUTATIONS: dict[str, Mutation] = {}


def mutation(seen_from: str, name: str, severity: str, before=None):
    def register(do):
        more = {"before": before} if before else {}
        MUTATIONS[do.__name__] = Mutation(seen_from, name, severity, do, **more)
        return do

    return register


@mutation("fast", "alpha", "red")
def a_direct_dependency_has_another_version(world, patch):
    world.install("alpha==2.0")


@mutation("fast", "beta", "red")
def a_transitive_dependency_has_another_version(world, patch):
    world.install("beta==1.1")


@mutation("fast", "extra", "amber")
def a_package_was_added(world, patch):
    world.install("extra")


@mutation("fast", "gamma", "red")
def a_package_was_removed(world, patch):
    built.uv("pip", "uninstall", "--quiet", "--python", world.python, "gamma")


@mutation("fast", "fromgit", "red")
def a_package_of_git_is_of_another_commit(world, patch):
    (world.fromgit / "README").write_text("another file\n")
    drift_world.commit(world.fromgit, "second")
    world.install("--reinstall", f"git+file://{world.fromgit}")


@mutation("fast", "edited", "red")
def an_editable_package_has_uncommitted_changes(world, patch):
    (world.edited / "edited" / "__init__.py").write_text("VALUE = 2\n")


@mutation("fast", "edited", "red")
def an_editable_package_is_at_another_commit(world, patch):
    (world.edited / "edited" / "__init__.py").write_text("VALUE = 2\n")
    drift_world.commit(world.edited, "second")


@mutation("fast", "delta", "red")
def a_wheel_was_rebuilt_under_the_same_version(world, patch):
    drift_wheels.write_package(world.index, "delta", "1.0", marker="two")
    world.install("--reinstall", "delta")


@mutation("stat", "delta", "red")
def an_installed_file_has_another_size(world, patch):
    (world.site / "delta" / "part.py").write_text("PART = 'longer than before'\n")


@mutation("hash", "delta", "red")
def an_installed_file_of_the_same_size_was_edited(world, patch):
    (world.site / "delta" / "part.py").write_text("PART = 'two'\n")


@mutation("stat", "delta", "red")
def an_installed_file_was_deleted(world, patch):
    (world.site / "delta" / "a,b.py").unlink()


def another_python() -> str:
    """A Python of another version than this one, or the test is skipped."""
    said = ["-c", "import sys; print('%d.%d.%d' % sys.version_info[:3]); sys.exit(sys.version_info < (3, 8))"]
    found = ["/usr/bin/python3", *filter(None, (built.python_of(version) for version in ("3.13", "3.12", "3.11")))]
    for python in found:
        if shutil.which(python):
            done = subprocess.run([python, *said], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if done.returncode == 0 and done.stdout.strip() != "{}.{}.{}".format(*sys.version_info[:3]):
                return python
    pytest.skip("only one Python is installed here")


@mutation("fast", "version", "")
def python_has_another_version(world, patch):
    world.base = another_python()
    shutil.rmtree(world.venv)
    world.new_venv("venv")
    world.install("alpha==1.0", "beta==1.0", "gamma", "delta", f"git+file://{world.fromgit}", "-e", str(world.edited))


@mutation("fast", "OMP_NUM_THREADS", "amber")
def a_number_of_threads_was_set(world, patch):
    patch.setenv("OMP_NUM_THREADS", "1")


@mutation("fast", "TZ", "info")
def the_time_zone_was_set(world, patch):
    patch.setenv("TZ", "Asia/Tokyo")


@mutation("fast", "gamma", "red")
def a_folder_on_pythonpath_hides_a_package(world, patch):
    (world.folder / "mine" / "gamma").mkdir(parents=True)
    (world.folder / "mine" / "gamma" / "__init__.py").write_text("MARKER = 'mine'\n")
    patch.setenv("PYTHONPATH", str(world.folder / "mine"))


@mutation("fast", "aaa.pth", "amber")
def a_pth_file_was_added(world, patch):
    (world.site / "aaa.pth").write_text("import sys; sys.mlnb_was_here = 1\n")


@mutation("fast", "helper", "red")
def a_module_beside_the_notebook_was_edited(world, patch):
    (world.project / "helper.py").write_text("HELP = 2\n")


def has_dpkg(world, patch):
    drift_world.dpkg_status(world.folder / "dpkg", "3.11.0-2")
    patch.setenv("DPKG_ADMINDIR", str(world.folder / "dpkg"))


@mutation("fast", "libblas3", "info", has_dpkg)
def a_package_of_the_system_was_upgraded(world, patch):
    drift_world.dpkg_status(world.folder / "dpkg", "3.12.0-1")


def has_graphics(world, patch):
    if Path("/proc/driver/nvidia/version").exists():
        pytest.skip("this machine has a graphics driver of its own")
    drift_world.program(world.folder / "bin", "nvidia-smi", "550.54.15, NVIDIA H100")
    patch.setenv("PATH", f"{world.folder / 'bin'}{os.pathsep}{os.environ['PATH']}")


@mutation("fast", "driver", "info", has_graphics)
def the_graphics_driver_was_upgraded(world, patch):
    drift_world.program(world.folder / "bin", "nvidia-smi", "560.35.03, NVIDIA H100")


def has_processors(world, patch):
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        pytest.skip("this process cannot leave processors to others")


@mutation("fast", "processors", "amber", has_processors)
def fewer_processors_may_be_used(world, patch):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


@mutation("fast", "alpha", "red", lambda world, patch: world.start("import alpha"))
def a_package_was_upgraded_under_a_running_kernel(world, patch):
    world.install("alpha==2.0")


def put_into(world, folder, package):
    """Unpack a package of the world's index into a folder that is no environment."""
    offline = ("--quiet", "--no-cache", "--no-index", "--find-links", world.index)
    built.uv("pip", "install", *offline, "--target", folder, package)


def has_a_user_site(world, patch):
    site = drift_world.bare_prefix(world.folder / "bare")
    put_into(world, site, "alpha==1.0")
    world.python = str(world.folder / "bare" / "bin" / "python")
    patch.setenv("PYTHONHOME", str(world.folder / "bare"))
    patch.setenv("PYTHONUSERBASE", str(world.folder / "user"))


@mutation("fast", "alpha", "red", has_a_user_site)
def a_package_of_the_user_hides_that_of_the_system(world, patch):
    asked = [world.python, "-c", "import site; print(site.getusersitepackages())"]
    place = subprocess.run(asked, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL).stdout.strip()
    patch.delenv("PYTHONHOME")
    put_into(world, place, "alpha==2.0")
    patch.setenv("PYTHONHOME", str(world.folder / "bare"))


@mutation("fast", "beta", "red")
def two_distributions_have_one_name(world, patch):
    shutil.copytree(world.site / "beta-1.0.dist-info", world.site / "beta-1.1.dist-info")
    metadata = world.site / "beta-1.1.dist-info" / "METADATA"
    metadata.write_text(metadata.read_text().replace("Version: 1.0", "Version: 1.1"))


@mutation("fast", "python3", "amber")
def the_kernel_is_started_with_other_words(world, patch):
    world.write_kernelspec("-O", "-m", "ipykernel_launcher", "-f", "{connection_file}")


@mutation("fast", "delta", "red")
def another_index_has_another_wheel_of_the_same_version(world, patch):
    other = world.folder / "other-index"
    drift_wheels.write_package(other, "delta", "1.0", marker="of the mirror")
    world.install("--reinstall", "delta", index=other)


@pytest.fixture
def world(tmp_path):
    affinity = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    made = World(tmp_path)
    yield made
    made.end()
    if affinity is not None:
        os.sched_setaffinity(0, affinity)


def captures(world):
    return {level: world.capture(level) for level in LEVELS}


@pytest.mark.parametrize("name", MUTATIONS)
def test_each_drift_is_seen_by_the_level_that_can_see_it(name, world, monkeypatch):
    one = MUTATIONS[name]
    one.before(world, monkeypatch)
    before = captures(world)
    one.do(world, monkeypatch)
    after = captures(world)
    for level in LEVELS:
        drift = drift_between(before[level], after[level])
        assert drift.same is (LEVELS.index(level) < LEVELS.index(one.seen_from)), (level, drift.differences)
        named = {difference.name: difference.severity for difference in drift.differences}
        if not drift.same:
            assert one.name in named, (level, named)
            assert one.severity in ("", named[one.name])


def test_fast_sees_most_of_them_and_hash_all():
    assert len(MUTATIONS) == 25
    assert sum(one.seen_from == "fast" for one in MUTATIONS.values()) / len(MUTATIONS) >= 0.85


def nothing(world, patch):
    pass


def reinstalled_by_pip(world, patch):
    world.install_by_pip("--force-reinstall", "alpha==1.0", "beta==1.0", "gamma", "delta")
    world.install_by_pip("--force-reinstall", "--no-build-isolation", f"git+file://{world.fromgit}")
    world.install_by_pip("--force-reinstall", "--no-build-isolation", "-e", str(world.edited))


def reinstalled_by_uv(world, patch):
    world.install("--reinstall", "alpha==1.0", "beta==1.0", "gamma", "delta", f"git+file://{world.fromgit}")
    world.install("--reinstall", "-e", str(world.edited))


def made_again_elsewhere(world, patch):
    """Another prefix, the editable package in another clone, the project in another folder, by pip."""
    world.venv = world.new_venv("deeper/other-venv")
    world.python = str(world.venv / "bin" / "python")
    shutil.copytree(world.edited, world.folder / "clone")
    shutil.move(world.project, world.folder / "moved-project")
    world.project = world.folder / "moved-project"
    world.install_by_pip("alpha==1.0", "beta==1.0", "gamma", "delta")
    world.install_by_pip("--no-build-isolation", f"git+file://{world.fromgit}")
    world.install_by_pip("--no-build-isolation", "-e", str(world.folder / "clone"))
    world.write_kernelspec("-m", "ipykernel_launcher", "-f", "{connection_file}")


def used_by_somebody_else(world, patch):
    """Another home, with a kernel of another environment in it."""
    kernel = world.folder / "bob" / ".local" / "share" / "jupyter" / "kernels" / "mine"
    kernel.mkdir(parents=True)
    (kernel / "kernel.json").write_text('{"argv": ["/opt/r/bin/R", "--slave"]}')
    for name, value in (("HOME", str(world.folder / "bob")), ("USER", "bob"), ("LOGNAME", "bob")):
        patch.setenv(name, value)


def used(world, patch):
    """Compiled files, a log of a run, more notebooks."""
    code = "import alpha, alpha.part, beta, gamma, delta, fromgit, edited"
    subprocess.run([world.python, "-c", code], check=True, stdin=subprocess.DEVNULL, cwd=world.project)
    (world.project / "result.csv").write_text("1\n")
    (world.project / "other.ipynb").write_text("{}")


@pytest.mark.parametrize(
    "do", [nothing, reinstalled_by_pip, reinstalled_by_uv, made_again_elsewhere, used_by_somebody_else, used]
)
def test_what_is_no_drift_raises_no_alarm(do, world, monkeypatch):
    before = captures(world)
    do(world, monkeypatch)
    after = captures(world)
    for level in LEVELS:
        assert drift_between(before[level], after[level]).differences == ()
    digests = {(one.env_id, one.env_request_id) for one in (*before.values(), *after.values())}
    assert len(digests) == 1


def tar(*files: tuple[Path, str]) -> bytes:
    """Files and folders as a tar archive, each under the name it has in the container."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, name in files:
            archive.add(path, name)
    return buffer.getvalue()


@pytest.mark.docker
def test_a_container_with_the_same_packages_has_the_same_digests(world, docker_image):
    import docker

    built.uv("pip", "uninstall", "--quiet", "--python", world.python, "edited")
    container = docker.from_env().containers.create(docker_image, ["sleep", "600"], entrypoint="")
    try:
        container.start()
        code, said = container.exec_run(["python3", "-m", "venv", "--without-pip", "/opt/of-test"])
        assert code == 0, said
        where = container.exec_run(["/opt/of-test/bin/python", "-c", "import site; print(site.getsitepackages()[0])"])
        site = where.output.decode().strip().lstrip("/")
        container.put_archive(
            "/", tar((world.site, site), (world.project, "opt/project"), (Path(capture.__file__), "opt/capture.py"))
        )
        command = ["/opt/of-test/bin/python", "/opt/capture.py", "--level", "hash", "--folder", "/opt/project"]
        there = environment_from_json(container.exec_run(command).output.decode(), "container")
    finally:
        container.remove(force=True)
    here = world.capture("hash")
    if there.python.rpartition(".")[0] != here.python.rpartition(".")[0]:
        pytest.skip("the image has another Python than the tests")
    assert (there.env_id, there.env_request_id) == (here.env_id, here.env_request_id)
    found = drift_between(here, there).differences
    assert [one for one in found if one.severity == "red" or one.kind in ("package", "module", "path")] == []


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
def test_old_and_new_pythons_are_captured(version, tmp_path):
    python = built.python_of(version)
    if python is None:
        pytest.skip(f"Python {version} is not installed here")
    (tmp_path / "helper.py").write_text("")
    found = EnvsService().capture(python, "stat", tmp_path)
    assert found.python.startswith(f"{version}.")
    assert [one.name for one in found.surroundings.modules if one.place == "<folder>"] == ["helper"]
