"""`mlnb env`: capture environments and compare them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlnb.cli.envs_lock import lock, restore, verify
from mlnb.cli.output import emit, json_option, service, table

if TYPE_CHECKING:
    from mlnb.envs.service import EnvsService
    from mlnb.envs.types import Drift, Environment


def _envs() -> EnvsService:
    envs: EnvsService = service("envs")
    return envs


@click.group()
def env() -> None:
    """Capture environments and compare them."""


@env.command()
@click.option(
    "--python", metavar="P", help="An interpreter or the folder of a virtual environment. Default: mlnb's own."
)
@click.option(
    "--level",
    type=click.Choice(["fast", "stat", "hash"]),
    default="fast",
    show_default=True,
    help="fast: metadata; stat: also the sizes of all files; hash: also their contents.",
)
@click.option(
    "-o", "output", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path), help="Write a capture file."
)
@json_option
def capture(python: str | None, level: str, output: Path | None, as_json: bool) -> None:
    """What an environment consists of: Python, platform, every package with a fingerprint of its content.

    Example: mlnb env capture --python .venv/bin/python -o env.json
    """
    environment = _envs().capture(python, level)
    if output is not None:
        from mlnb.core.files import write_atomically
        from mlnb.envs.capture import to_json

        write_atomically(output, to_json(environment).encode())
    emit(environment, as_json, lambda: _in_words(environment, output))


@env.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@json_option
def diff(before: str, after: str, as_json: bool) -> int:
    """How environment B differs from A. Ends with 0 when they are the same, 3 when they differ.

    A and B are capture files, interpreters, folders of virtual environments, or `.` for mlnb's own.

    Example: mlnb env diff env.json .venv
    """
    drift = _envs().diff(before, after)
    emit(drift, as_json, lambda: _differences(drift))
    return 0 if drift.same else 3


for command in (lock, verify, restore):
    env.add_command(command)


def _in_words(environment: Environment, output: Path | None) -> str:
    packages = [one for one in environment.distributions if one.role == "package"]
    altered = [f"  {one.name}: {problem}" for one in packages for problem in one.problems]
    lines = [
        f"env_id          {environment.env_id}",
        f"env_request_id  {environment.env_request_id}",
        f"Python          {environment.python} ({environment.implementation}), {environment.executable}",
        f"platform        {environment.system} {environment.machine}, {environment.libc or 'no libc named'}",
        f"packages        {len(packages)}",
    ]
    if altered:
        lines += ["files that differ from what was installed:", *altered]
    if output is not None:
        lines.append(f"written to      {output}")
    return "\n".join(lines)


def _differences(drift: Drift) -> str:
    rows = [(one.severity, one.change, one.name, one.before, one.after, one.reason) for one in drift.differences]
    if not rows:
        return "the same environment"
    return f"{drift.summary}\n" + table(("grade", "change", "what", "before", "after", "why it matters"), rows, "")
