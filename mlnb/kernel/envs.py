"""``%mlnb env``: what this kernel's environment is, what is wrong with it, and how it differs from one that was captured."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from mlnb.core.errors import BadInput, NotFound

if TYPE_CHECKING:
    from collections.abc import Iterable

    from mlnb.envs.types import Difference, Environment


def in_words(wanted: str) -> str:
    """The environment of this process in a few lines.

    Args:
        wanted: empty; or ``diff`` and a capture file or an `env_id`, to say how this environment differs from that one.

    Raises:
        BadInput: `wanted` is something else, or the file is no capture.
        NotFound: there is no such file, and no environment of that id was kept.
    """
    from mlnb.envs import kept  # noqa: PLC0415 - only when needed
    from mlnb.envs.capture import capture  # noqa: PLC0415 - only when needed
    from mlnb.envs.rules import drift_between  # noqa: PLC0415 - only when needed

    verb, _, reference = wanted.partition(" ")
    if verb not in ("", "diff") or bool(verb) != bool(reference.strip()):
        raise BadInput(f"%mlnb env knows no {wanted!r}", "Use %mlnb env, or %mlnb env diff FILE_OR_ENV_ID.")
    now = capture(folder=str(Path.cwd()))
    kept.keep(now)
    if not verb:
        return _about(now)
    drift = drift_between(_recorded(reference.strip()), now)
    return "\n".join([drift.summary, *_lines(drift.differences)])


def _recorded(reference: str) -> Environment:
    from mlnb.core.wire import from_wire  # noqa: PLC0415 - only when needed
    from mlnb.envs import kept  # noqa: PLC0415 - only when needed
    from mlnb.envs.types import Environment  # noqa: PLC0415 - only when needed

    path = Path(reference).expanduser()
    found = kept.find(reference)
    if found is None and not path.is_file():
        raise NotFound(
            f"there is no capture {reference!r}",
            "Name a file of `mlnb env capture -o FILE`, or the env_id of a snapshot.",
        )
    try:
        return found or from_wire(Environment, json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise BadInput(f"{reference} is not a capture", "Make one: mlnb env capture -o FILE.") from error


def _about(now: Environment) -> str:
    from mlnb.envs.rules import findings  # noqa: PLC0415 - only when needed

    packages = [one for one in now.distributions if one.role == "package"]
    imported = sum(bool(one.loaded) for one in packages)
    own = [one.name for one in now.surroundings.modules if one.loaded] if now.surroundings else []
    lines = [
        f"environment {now.env_id[:12]}, asked for {now.env_request_id[:12]}",
        f"{now.implementation} {now.python}, {now.system} {now.machine}, {now.executable}",
        f"{len(packages)} packages, {imported} of them imported",
    ]
    lines += [f"own modules imported: {', '.join(own)}"] if own else []
    return "\n".join([*lines, *_lines(findings(now))])


def _lines(differences: Iterable[Difference]) -> list[str]:
    return [
        f"  {one.severity:<5} {one.name}: {one.before or '-'} → {one.after or '-'} ({one.reason})"
        for one in differences
    ]
