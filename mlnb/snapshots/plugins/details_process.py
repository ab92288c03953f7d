"""Loads values of two snapshots in a process of its own and says where they differ: ``python -m mlnb.snapshots.plugins.details_process``.

A process of its own, because loading a value imports its libraries, runs code of its classes and takes memory; whoever asks keeps
none of it. It reads the request from its standard input and answers on its standard output, both JSON.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlnb.core.errors import MlnbError
from mlnb.core.wire import dumps, from_wire
from mlnb.snapshots.differences import Details
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.types import Component, Manifest

TIMEOUT_S = 60.0
MOST_BYTES = 512 << 20


@dataclass(frozen=True)
class Request:
    """What to compare.

    Attributes:
        root: the home that the snapshots are in.
        a: id of a snapshot that this user signed.
        b: likewise.
        names: variables that differ, or that one of the two has alone.
        folders: where modules of the notebook's own lie.
    """

    root: str
    a: str
    b: str
    names: tuple[str, ...]
    folders: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """Details by name, and why there are none of the others, in sentences."""

    details: Mapping[str, Details] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def ask(request: Request, timeout_s: float = TIMEOUT_S) -> Answer:
    """Run the process and wait for its answer. Never raises for what the values do."""
    environment = {**os.environ, "MLNB_KERNEL": "0", "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-P", "-m", __name__]
    try:
        done = subprocess.run(
            command,
            env=environment,
            input=dumps(request),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=True,
        )
        return from_wire(Answer, json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        why = f"loading them took longer than {timeout_s:g} s"
    except subprocess.CalledProcessError as error:
        why = f"the process that loaded them ended with status {error.returncode}"
    except (OSError, ValueError):
        why = "the process that loads them could not be run"
    return Answer(notes=(f"Variables are compared by their digests alone: {why}.",))


def answer(request: Request) -> Answer:
    """Load and compare.

    Raises:
        NotTrusted: somebody else signed one of the two; nothing was loaded.
        Damaged: something was changed on disk; nothing was loaded.
    """
    from mlnb.snapshots.plugins.details import compare

    files, notes = SnapshotFiles(Path(request.root)), []
    states = []
    room = MOST_BYTES
    for snapshot_id in dict.fromkeys((request.a, request.b)):
        values, failed = _values(files, files.read(snapshot_id), request.names, room)
        states.append(values)
        notes += [
            f"{name} of {snapshot_id} is compared by its digest alone: {why}." for name, why in sorted(failed.items())
        ]
    one, two = states[0], states[-1]
    found = {}
    for name in request.names:
        given = {side: values[name] for side, values in (("before", one), ("after", two)) if name in values}
        if given:
            found[name] = compare(name, **given)
    return Answer(found, tuple(notes))


def _values(
    files: SnapshotFiles, manifest: Manifest, names: Sequence[str], room: int
) -> tuple[dict[str, Any], dict[str, str]]:
    """The values of `names` in one state, as far as they are saved, and why others could not be loaded."""
    from mlnb.snapshots.plugins import rebuild
    from mlnb.snapshots.plugins.codecs import codec_named
    from mlnb.snapshots.plugins.loading import load, read_contents

    wanted, failed = set(names), {}
    chosen = []
    for component in sorted(manifest.components, key=lambda one: _size(one, manifest)):
        inside = wanted.intersection(component.names)
        size = _size(component, manifest)
        if not inside:
            continue
        if size > room:
            failed.update(dict.fromkeys(inside, f"with what it shares it takes more than {MOST_BYTES >> 20} MiB"))
            continue
        room -= size
        chosen.append(component)
    loaded = load(
        read_contents(manifest, files.blobs, chosen), codec_named, rebuild.Loading({}, python=manifest.python)
    )
    failed.update({name: why for name, why in loaded.failed.items() if name in wanted})
    return {name: value for name, value in loaded.values.items() if name in wanted}, failed


def _size(component: Component, manifest: Manifest) -> int:
    stream = sum(manifest.chunks[number].size_bytes for number in component.stream)
    return stream + sum(buffer.size_bytes for buffer in component.buffers)


def main() -> int:
    """Answer one request."""
    request = from_wire(Request, json.load(sys.stdin))
    out = os.dup(1)
    os.dup2(2, 1)  # what libraries and values print is not the answer
    sys.path += [folder for folder in request.folders if folder not in sys.path]
    try:
        with contextlib.redirect_stdout(sys.stderr):
            found = answer(request)
    except MlnbError as error:
        found = Answer(notes=(f"Variables are compared by their digests alone: {error.message}.",))
    with os.fdopen(out, "w") as file:
        file.write(dumps(found))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
