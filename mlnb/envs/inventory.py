"""Where the files of an environment's packages lie, told by its own interpreter: what a lock packs is read from there.

The part below `SCRIPT` is sent to foreign interpreters as text, so it keeps to the standard library of Python 3.8.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from mlnb.core.secrets import mask
from mlnb.envs.capture import normalised
from mlnb.envs.errors import InterpreterFailed

_TIMEOUT_S = 120

SCRIPT = """
import importlib.metadata as m, json, os, platform, sys, sysconfig
seen, found = set(), []
for one in m.distributions():
    name, info = (one.metadata["Name"] if one.metadata else None), getattr(one, "_path", None)
    if not name or info is None or name.lower().replace("_", "-") in seen:
        continue
    seen.add(name.lower().replace("_", "-"))
    found.append({"name": name, "version": one.version, "info": os.path.abspath(str(info)), "requires": one.requires or [],
                  "installer": (one.read_text("INSTALLER") or "").strip(), "direct_url": one.read_text("direct_url.json") or ""})
print(json.dumps({"prefix": sys.prefix, "scripts": sysconfig.get_path("scripts"), "python": "%d.%d" % sys.version_info[:2],
                  "full_python": platform.python_version(), "implementation": sys.implementation.name,
                  "platform": sysconfig.get_platform(), "distributions": found}))
"""


@dataclass(frozen=True)
class Installed:
    """One installed distribution.

    Attributes:
        name: normalised (PEP 503).
        version: by its metadata.
        info: its metadata folder (or file, of what ``setup.py install`` once left).
        requires: its ``Requires-Dist`` lines.
        installer: what put it there, such as ``pip``, ``uv`` or ``conda``.
        direct_url: the text of ``direct_url.json``; empty for a package of an index.
    """

    name: str
    version: str
    info: Path
    requires: tuple[str, ...]
    installer: str
    direct_url: str

    @property
    def editable_at(self) -> Path | None:
        """The folder of an editable install."""
        value = json.loads(self.direct_url) if self.direct_url else {}
        is_editable = bool(value.get("dir_info", {}).get("editable")) and str(value.get("url", "")).startswith(
            "file://"
        )
        return Path(value["url"][len("file://") :]) if is_editable else None


@dataclass(frozen=True)
class Inventory:
    """What is installed for one interpreter.

    Attributes:
        python: such as ``3.11``.
        full_python: such as ``3.11.7``.
        implementation: such as ``cpython``.
        platform: as `sysconfig.get_platform` says.
        prefix: the environment's folder.
        scripts: where its programs lie.
        distributions: by normalised name.
    """

    python: str
    full_python: str
    implementation: str
    platform: str
    prefix: Path
    scripts: Path
    distributions: dict[str, Installed]


def take(python: str) -> Inventory:
    """The inventory of the interpreter `python`.

    Raises:
        InterpreterFailed: it could not be run, or does not say.
    """
    try:
        done = subprocess.run(
            [python, "-"], input=SCRIPT, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, cwd="/"
        )
        value = json.loads(done.stdout) if done.returncode == 0 else None
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        raise InterpreterFailed(f"{python} cannot be run: {mask(str(error))}", "Is it a Python interpreter?") from error
    if value is None:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise InterpreterFailed(f"{python} cannot list its packages: {mask(last)}", "Is it Python 3.8 or newer?")
    found = [
        Installed(
            normalised(one["name"]), one["version"], Path(one["info"]), tuple(one["requires"]), one["installer"], one["direct_url"]
        )
        for one in value["distributions"]
    ]  # fmt: skip
    return Inventory(
        value["python"], value["full_python"], value["implementation"], value["platform"], Path(value["prefix"]),
        Path(value["scripts"]), {one.name: one for one in found},
    )  # fmt: skip


def own() -> Inventory:
    """The inventory of the environment that mlnb itself is installed in."""
    return take(sys.executable)
