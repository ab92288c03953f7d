"""The image that the Docker tests and the demo run jobs in, built with no registry.

    .venv/bin/python tests/images/build.py            build it where it is missing; the last line is its name
    .venv/bin/python tests/images/build.py --name     only say what it would be called
    .venv/bin/python tests/images/build.py --present  its name when an engine has it or can load it, else nothing and exit 1

A base from Debian's packages (mmdebstrap, `docker import`), then the wheels that ``uv.lock`` names, which uv fetches on this
side, so that no index setting, certificate or credential of this machine gets into the image. It is called after its recipe,
and kept as a file below ~/.cache/mlnb/images, from where an engine with an empty data folder loads it in seconds.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

from packaging.markers import Marker

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mlnb" / "images"
SUITE, PYTHON, FULL_PYTHON = "bookworm", "3.11", "3.11.2"  # what Debian bookworm has
DEBIAN = ("python3", "ca-certificates", "tini")
WHEELS = (
    "papermill", "ipykernel", "nbclient", "cloudpickle", "xxhash", "blake3", "zstandard",
    "pandas", "scikit-learn", "mlflow-skinny", "skops", "pyarrow",
)  # fmt: skip
DOCKERFILE = """
FROM {base}
COPY site /usr/local/lib/python{python}/dist-packages
RUN ln -sf /usr/bin/python3 /usr/local/bin/python \
 && python3 -m compileall -q -j 0 /usr/lib/python{python} /usr/local/lib/python{python}/dist-packages >/dev/null || true
ENV LANG=C.UTF-8 MLFLOW_DISABLE_TELEMETRY=true GIT_PYTHON_REFRESH=quiet
LABEL org.mlnb.recipe={recipe}
"""


class CannotBuild(Exception):
    """The image can neither be found nor built here; the message says why and the way out."""


def pinned() -> list[str]:
    """The wheels of the image and all they need, ``name==version``, as ``uv.lock`` has them for the image's Python."""
    packages: dict[str, list[dict]] = {}
    for package in tomllib.loads((ROOT / "uv.lock").read_text())["package"]:
        packages.setdefault(package["name"], []).append(package)
    env = {
        "python_version": PYTHON, "python_full_version": FULL_PYTHON, "sys_platform": "linux", "platform_system": "Linux",
        "os_name": "posix", "implementation_name": "cpython", "platform_python_implementation": "CPython",
        "platform_machine": platform.machine(), "extra": "group-4-mlnb-dev",  # how uv writes: the development environment, not Feast's
    }  # fmt: skip
    found: dict[str, str] = {}
    ours = packages["mlnb"][0]
    asked = [*ours["dependencies"], *ours["dev-dependencies"]["dev"]]
    asked = [one for one in asked if "marker" not in one or Marker(one["marker"]).evaluate(env)]
    open_ends = [next((one for one in asked if one["name"] == name), {"name": name}) for name in WHEELS]
    while open_ends:
        wanted = open_ends.pop()
        if "marker" in wanted and not Marker(wanted["marker"]).evaluate(env):
            continue
        package = next(p for p in packages[wanted["name"]] if _fits(p, wanted, env))
        wanted_extras = [e for extra in wanted.get("extra", []) for e in package["optional-dependencies"][extra]]
        if wanted["name"] not in found or wanted_extras:
            found[wanted["name"]] = package["version"]
            open_ends += [*package.get("dependencies", []), *wanted_extras]
    return [f"{name}=={version}" for name, version in sorted(found.items())]


def _fits(package: dict, wanted: dict, env: dict[str, str]) -> bool:
    markers = package.get("resolution-markers", [])
    return wanted.get("version", package["version"]) == package["version"] and (
        not markers or any(Marker(m).evaluate(env) for m in markers)
    )


def recipe() -> str:
    """Twelve hex characters that change when the image would."""
    text = "\n".join([SUITE, PYTHON, platform.machine(), *DEBIAN, DOCKERFILE, *pinned()])
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def base_name() -> str:
    """The base image: Debian's packages alone."""
    return "mlnb-base:" + hashlib.sha256(" ".join([SUITE, platform.machine(), *DEBIAN]).encode()).hexdigest()[:12]


def name() -> str:
    """The runner image."""
    return f"mlnb-runner:{recipe()}"


def build(*, only_present: bool = False) -> str:
    """Make sure the engine has the runner image; returns its name.

    Args:
        only_present: load it where it was kept, but do not build it.

    Raises:
        CannotBuild: no engine answers, a tool or the network is missing, or it is not present and must not be built.
    """
    image = name()
    if not _answers():
        raise CannotBuild("no Docker engine answers; start one (as root on Debian: .ci/docker-engine start)")
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        file = CACHE / f"{image.replace(':', '-')}.tar"
        if _has(image) or (file.exists() and _load(file) and _has(image)):
            return image
        if only_present:
            raise CannotBuild(f"{image} is not built; make image")
        with _told(f"image {image}"):
            _build_base()
            _build_runner(image)
        _save(image, file)
    return image


def _build_base() -> None:
    if _has(base_name()):
        return
    if not shutil.which("mmdebstrap"):
        raise CannotBuild("mmdebstrap is missing; as root on Debian: apt-get install mmdebstrap")
    with _told(f"base {base_name()} from Debian {SUITE}"), tempfile.TemporaryDirectory() as folder:
        tar = Path(folder, "base.tar")
        options = [f"--include={','.join(DEBIAN)}", *_apt_proxy()]
        options += ["--dpkgopt=path-exclude=/usr/share/doc/*", "--dpkgopt=path-exclude=/usr/share/man/*"]
        _run("mmdebstrap", "--quiet", "--variant=minbase", *options, SUITE, str(tar))
        _run(docker(), "import", str(tar), base_name())


def _apt_proxy() -> list[str]:
    said = subprocess.run(["apt-config", "dump", "Acquire::http::Proxy"], capture_output=True, text=True).stdout
    return [f"--aptopt={line.rstrip(';')}" for line in said.splitlines() if '"' in line and '""' not in line]


def _build_runner(image: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        (context / "pinned.txt").write_text("\n".join(pinned()))
        (context / "Dockerfile").write_text(DOCKERFILE.format(base=base_name(), python=PYTHON, recipe=recipe()))
        with _told(f"{len(pinned())} wheels"):
            _run(
                _uv(), "pip", "install", "--quiet", "--no-deps", "--only-binary", ":all:", "--python", sys.executable,
                "--python-version", PYTHON, "--python-platform", f"{platform.machine()}-manylinux_2_36",
                "--link-mode", "copy", "--target", str(context / "site"), "-r", str(context / "pinned.txt"),
            )  # fmt: skip
        shutil.rmtree(context / "site" / "bin", ignore_errors=True)  # scripts that name this machine's interpreter
        with _told("docker build"):
            _run(docker(), "build", "--quiet", "--tag", image, folder, DOCKER_BUILDKIT="0")


def _save(image: str, file: Path) -> None:
    part = file.with_suffix(".part")
    with _told(f"keep it as {file}"):
        _run(docker(), "save", "--output", str(part), image)
        part.replace(file)
    for old in CACHE.glob("mlnb-runner-*.tar"):
        if old != file:
            old.unlink()


def _load(file: Path) -> bool:
    with _told(f"load {file.name}"):
        return subprocess.run([docker(), "load", "--quiet", "--input", str(file)], capture_output=True).returncode == 0


def docker() -> str:
    """The docker command: the distribution's own before another on the path.

    Raises:
        CannotBuild: there is none.
    """
    found = shutil.which("/usr/bin/docker") or shutil.which("docker")
    if not found:
        raise CannotBuild("the docker command is missing; as root on Debian: apt-get install docker.io")
    return found


def _answers() -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired, CannotBuild):
        return subprocess.run([docker(), "version"], capture_output=True, timeout=30).returncode == 0
    return False


def _has(image: str) -> bool:
    return subprocess.run([docker(), "image", "inspect", image], capture_output=True).returncode == 0


def _uv() -> str:
    found = shutil.which("uv") or shutil.which(str(ROOT / ".tools" / "bin" / "uv"))
    if not found:
        raise CannotBuild("uv is missing; run `make setup`")
    return found


def _run(*command: str, **env: str) -> None:
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, env={**os.environ, **env})
    if done.returncode:
        last = " / ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise CannotBuild(f"{Path(command[0]).name} {command[1]} failed: {last}")


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    begun = time.monotonic()
    print(f"{what} ...", file=sys.stderr, flush=True)
    yield
    print(f"{what}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        print(name() if "--name" in sys.argv else build(only_present="--present" in sys.argv))
    except CannotBuild as reason:
        sys.exit(f"image: {reason}")
