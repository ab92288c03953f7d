"""`mlnb env`: capture environments and compare them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlnb.cli.envs_build import build
from mlnb.cli.envs_lock import lock, restore, verify
from mlnb.cli.output import emit, json_option, service, table

if TYPE_CHECKING:
    from mlnb.envs.service import EnvsService
    from mlnb.envs.types import Difference, Drift, Environment, EnvironmentStatus


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
@click.option("--kernel", metavar="ID", help="A running kernel, by its id, its connection file or its notebook.")
@click.option(
    "--level",
    type=click.Choice(["fast", "stat", "hash"]),
    default="fast",
    show_default=True,
    help="fast: metadata; stat: also the sizes of all files; hash: also their contents.",
)
@click.option(
    "-o",
    "output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a capture file; of a conda environment its environment.yml, when FILE ends so.",
)
@json_option
def capture(python: str | None, kernel: str | None, level: str, output: Path | None, as_json: bool) -> None:
    """What an environment consists of: Python, platform, every package with a fingerprint of its content.

    Modules in the current folder are captured as the project's own; of a kernel those in the kernel's folder.

    Example: mlnb env capture --python .venv/bin/python -o env.json
    """
    environment = _envs().capture(python, level, None if kernel else Path.cwd(), kernel)
    if output is not None:
        from mlnb.core.files import write_atomically
        from mlnb.envs.capture import to_json
        from mlnb.envs.conda import environment_yml

        is_conda = output.suffix in (".yml", ".yaml")
        write_atomically(output, (environment_yml(environment) if is_conda else to_json(environment)).encode())
    emit(environment, as_json, lambda: _in_words(environment, output))


@env.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@json_option
def diff(before: str, after: str, as_json: bool) -> int:
    """How environment B differs from A. Ends with 0 when they are the same, 3 when they differ.

    A and B are capture files, interpreters, folders of virtual environments or of locks, ids of snapshots, runs and jobs, or `.` for
    mlnb's own.

    Example: mlnb env diff env.json .venv
    """
    drift = _envs().diff(before, after, Path.cwd())
    emit(drift, as_json, lambda: _differences(drift))
    return 0 if drift.same else 3


@env.command()
@click.argument("notebook", metavar="NB", type=click.Path(path_type=Path))
@json_option
def status(notebook: Path, as_json: bool) -> int:
    """How a notebook's environment stands: to its project's lock, to its last job, and by itself. Ends with 3 when it drifted.

    The environment is that of the notebook's running kernel, or mlnb's own when none runs.

    Example: mlnb env status train.ipynb
    """
    from mlnb.core.notebook_file import read_document

    read_document(notebook)
    found = _envs().status(notebook)
    emit(found, as_json, lambda: _status_in_words(found))
    return 3 if found.has_drifted else 0


for command in (lock, verify, restore, build):
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
    own = environment.surroundings.modules if environment.surroundings else ()
    if own:
        lines.append(f"own modules     {', '.join(one.name for one in own)}")
    if environment.conda:
        lines.append(f"conda           {len(environment.conda)} packages")
    lines += [f"not readable    {one}" for one in environment.unreadable]
    if altered:
        lines += ["files that differ from what was installed:", *altered]
    if output is not None:
        lines.append(f"written to      {output}")
    return "\n".join(lines)


def _differences(drift: Drift) -> str:
    return f"{drift.summary}\n{_table(drift.differences)}" if drift.differences else "the same environment"


def _table(differences: Sequence[Difference]) -> str:
    rows = [(one.severity, one.change, one.name, one.before, one.after, one.reason) for one in differences]
    return table(("grade", "change", "what", "before", "after", "why it matters"), rows, "")


def _status_in_words(found: EnvironmentStatus) -> str:
    states = {"locked": "as locked", "drifted": "drifted", "unlocked": "none", "other_platform": "for another platform"}
    lock = f"{states[found.lock]}, {found.lock_path}" if found.lock_path else states[found.lock]
    last = found.last_job
    said = {True: "the same environment", False: "another environment", None: "its environment is not known"}
    of = "the running kernel" if found.is_live else "the kernel's interpreter" if found.kernel else "mlnb's own"
    lines = [
        f"env_id          {found.env_id}",
        f"env_request_id  {found.env_request_id}",
        f"Python          {found.python}, {found.executable} ({of})",
        f"lock            {lock}",
        f"last job        {f'{last.id}: {said[last.same]}' if last else 'none'}",
    ]
    for title, differences in (
        ("drifted from the lock", found.drift.differences if found.drift else ()),
        ("since the last job", last.drift.differences if last and last.drift else ()),
        ("by itself", found.findings),
    ):
        lines += [f"{title}:", _table(differences)] if differences else []
    return "\n".join(lines)
