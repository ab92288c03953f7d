"""The kernel half for other environments: a small wheel made from the installed files, with no network and no build."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from mlnb.core import version
from mlnb.core.errors import NotInstalled
from mlnb.core.secrets import mask
from mlnb.envs import inventory as inventories
from mlnb.envs import uv, wheels
from mlnb.envs.capture import OWN_WHEELS
from mlnb.envs.errors import CannotRestore, NoUv, UvRefused
from mlnb.envs.inventory import Inventory

NAME = "mlnb-kernel"
_DISTRIBUTION = f"mlnb_kernel-{version.__version__}"
_INFO = f"{_DISTRIBUTION}.dist-info"
_LEFT_OUT = frozenset({"labextension", "server", "cli", "testing", "__pycache__"})
_GROUPS = ("mlnb.services", "mlnb.analyzers", "mlnb.codecs", "mlflow.tracking_store", "mlflow.model_registry_store")
_CONFIG = "etc/ipython/ipython_kernel_config.py"
_OLDEST = (3, 11)
_TIMEOUT_S = 600
_LOADS_IT = (
    '"""Written by mlnb: loads its kernel half in every kernel of this environment. MLNB_KERNEL=0 switches it off."""\n\n'
    'import os\n\nif os.environ.get("MLNB_KERNEL", "1") != "0":\n'
    '    c.InteractiveShellApp.extensions.append("mlnb")  # noqa: F821\n'
)


@dataclass(frozen=True)
class KernelInstalled:
    """What was put into another environment.

    Attributes:
        python: its interpreter.
        version: of the kernel half.
        added: packages that were put there, as name and version.
        notes: what to know, such as that it has no ipykernel.
    """

    python: str
    version: str
    added: tuple[str, ...]
    notes: tuple[str, ...]


def build(folder: Path, added: tuple[str, ...] = (), *, with_config: bool = True) -> Path:
    """The wheel of the kernel half, written into `folder`.

    Args:
        folder: where to.
        added: names of what a lock added for mlnb's sake; captures leave them out of both digests.
        with_config: also the file by which every kernel of an environment loads it.

    Raises:
        NotInstalled: mlnb runs from a folder without metadata.
        StoreUnavailable: the folder cannot be written.
    """
    root = Path(version.__file__).parents[1]
    files = wheels.Files()
    for path in sorted(root.rglob("*")):
        if path.is_file() and not _LEFT_OUT & set(path.relative_to(root).parts):
            files.add(f"mlnb/{path.relative_to(root).as_posix()}", path)
    if with_config:
        files.data[f"{_DISTRIBUTION}.data/data/{_CONFIG}"] = _LOADS_IT.encode()
    files.data[f"{_INFO}/METADATA"] = _about().encode()
    files.data[f"{_INFO}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: mlnb\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files.data[f"{_INFO}/entry_points.txt"] = _entry_points().encode()
    if added:
        files.data[f"{_INFO}/mlnb_added.json"] = json.dumps(sorted(added)).encode()
    return wheels.pack(files, _DISTRIBUTION, ["py3-none-any"], folder)


def needed_wheels(have: set[str], there: tuple[str, str], folder: Path) -> tuple[list[Path], list[str]]:
    """What the kernel half stands on and an environment lacks.

    Args:
        have: names of packages that are there.
        there: Python and platform of the environment, as ``("3.11", "linux-x86_64")``.
        folder: where wheels go.

    Returns:
        Wheels packed from mlnb's own environment, where they fit, and else requirements for a package index.

    Raises:
        CannotLock: one of mlnb's own packages is damaged.
    """
    ours = inventories.own()
    packed, wanted = [], []
    for name in sorted(OWN_WHEELS - have):
        one = ours.distributions.get(name)
        if one is None:
            wanted.append(name)
        elif there == (ours.python, ours.platform) or wheels.is_for_every_platform(one):
            packed.append(wheels.repack(one, ours, folder))
        else:
            wanted.append(f"{name}=={one.version}")
    return packed, wanted


def check_python(there: Inventory, python: str) -> None:
    """Accept the environment `there` for the kernel half.

    Raises:
        CannotRestore: its Python is too old, or mlnb itself is installed there.
    """
    if tuple(int(part) for part in there.python.split(".")) < _OLDEST:
        raise CannotRestore(
            f"{python} is Python {there.full_python}; mlnb's kernel half needs Python 3.11 or newer",
            "Name an environment with a newer Python. Without the kernel half, the history of the document and jobs still work.",
        )
    if "mlnb" in there.distributions:
        raise CannotRestore(
            f"mlnb itself is installed in the environment of {python}", "Its kernels have the kernel half already."
        )


def install(python: str, folder: Path) -> KernelInstalled:
    """Put the kernel half into the environment of `python`, in one step of its installer.

    Args:
        python: path of the interpreter.
        folder: an empty one, to make the wheels in.

    Raises:
        InterpreterFailed: it is no Python.
        CannotRestore: it is too old, or mlnb itself is there.
        NoUv: neither uv nor pip is there to install with.
        UvRefused: the installer failed, with its words.
    """
    there = inventories.take(python)
    check_python(there, python)
    config = there.prefix / _CONFIG
    is_free = not config.exists() or "mlnb" in config.read_text(errors="replace")
    packed, wanted = needed_wheels(set(there.distributions), (there.python, there.platform), folder)
    wheel = build(folder, with_config=is_free)
    _install_into(python, there, [wheel, *packed], wanted)
    _check_import(python)
    notes = []
    if not is_free:
        notes.append(f'{config} belongs to another package. Add to it: c.InteractiveShellApp.extensions.append("mlnb")')
    if "ipykernel" not in there.distributions:
        notes.append(f"it has no ipykernel, so it has no kernels yet: {python} -m pip install ipykernel")
    names = ["-".join(path.name.split("-")[:2]).replace("_", "-") for path in packed]
    return KernelInstalled(
        python, version.__version__, tuple([f"{NAME}-{version.__version__}", *names, *wanted]), tuple(notes)
    )


def _install_into(python: str, there: Inventory, files: list[Path], wanted: list[str]) -> None:
    offline = [] if wanted else ["--no-index"]
    try:
        uv.find()
    except NoUv:
        if "pip" not in there.distributions:
            raise
        command = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--no-deps",
            "--force-reinstall",
            *offline,
            *map(str, files),
            *wanted,
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S
        )
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise UvRefused(f"pip could not install it: {mask(last)}", "Is the environment yours to write?") from None
        return
    uv.run("pip", "install", "--python", python, "--no-deps", "--reinstall-package", NAME, *offline, *files, *wanted)


def _check_import(python: str) -> None:
    done = subprocess.run(
        [python, "-c", "import mlnb.core.version, mlnb.kernel.door"], capture_output=True, text=True, check=False, cwd="/",
        stdin=subprocess.DEVNULL, timeout=_TIMEOUT_S,
    )  # fmt: skip
    if done.returncode != 0 and "IPython" not in done.stderr:  # which comes with ipykernel
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise CannotRestore(
            f"the kernel half was put there but cannot be imported by {python}: {mask(last)}",
            f"Take it out again: {python} -m pip uninstall {NAME}.",
        )


def _entry_points() -> str:
    lines = []
    about = _metadata()
    for group in _GROUPS:
        points = about.entry_points.select(group=group)
        lines += [f"[{group}]", *(f"{point.name} = {point.value}" for point in points), ""]
    return "\n".join(lines)


def _about() -> str:
    about = _metadata()
    needs = [line for line in about.requires or [] if line.partition(">")[0].strip() in {*OWN_WHEELS, "ipython"}]
    lines = [
        "Metadata-Version: 2.1", f"Name: {NAME}", f"Version: {version.__version__}", "Summary: The kernel half of mlnb",
        "License-Expression: BSD-3-Clause", "Requires-Python: >=3.11", *(f"Requires-Dist: {line}" for line in needs), "",
    ]  # fmt: skip
    return "\n".join(lines)


def _metadata() -> metadata.Distribution:
    for name in ("mlnb", NAME):
        try:
            return metadata.distribution(name)
        except metadata.PackageNotFoundError:
            continue
    raise NotInstalled("mlnb has no metadata here", f"Install it: {sys.executable} -m pip install -e . in its folder.")
