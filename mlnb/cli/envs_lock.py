"""`mlnb env lock|verify|restore`: what an environment is made from again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mlnb.cli.output import emit, json_option, service, table

if TYPE_CHECKING:
    from mlnb.envs.lock_types import Lock, Restored, Verified
    from mlnb.envs.locks import LocksService

_FOLDER = click.Path(path_type=Path)
_LOCK = click.argument("folder", metavar="LOCK", type=_FOLDER)


def _locks() -> LocksService:
    locks: LocksService = service("env_locks")
    return locks


@click.command()
@click.option(
    "--python", metavar="P", help="Exactly what is installed for this interpreter, or in this virtual environment."
)
@click.option(
    "--kernel", metavar="ID", help="Exactly what is installed for this running kernel (its id, or its notebook)."
)
@click.option("-r", "requirements", metavar="FILE", type=_FOLDER, help="What a requirements file asks for.")
@click.option(
    "--notebook", metavar="NB", type=_FOLDER, help="What the notebook's block `# /// script` (PEP 723) asks for."
)
@click.option(
    "--platform", metavar="NAME", default="", help="For another platform: linux, macos, windows, or uv's name of one."
)
@click.option("--python-version", metavar="X.Y", default="", help="For another Python (with -r and --notebook).")
@click.option(
    "--vendor", metavar="NAME", multiple=True, help="Pack this package from what is installed, though an index has it."
)
@click.option(
    "--for-jobs", is_flag=True, help="Also what running jobs in an image of it needs: papermill, nbclient, ipykernel."
)
@click.option("--bare", is_flag=True, help="Without mlnb's kernel half.")
@click.option(
    "--to-notebook", metavar="NB", type=_FOLDER, help="Also write what was asked for into this notebook (PEP 723)."
)
@click.option(
    "-o", "out", metavar="FOLDER", type=_FOLDER, default=Path("env.lock"), show_default=True, help="Where to."
)
@json_option
def lock(
    python: str | None, kernel: str | None, requirements: Path | None, notebook: Path | None, platform: str, python_version: str,
    vendor: tuple[str, ...], for_jobs: bool, bare: bool, to_notebook: Path | None, out: Path, as_json: bool,
) -> None:  # fmt: skip
    """Pin an environment: every package in one version with the digests of its files, by uv.

    Packages that no index has (a folder, a commit, a wheel of yours) travel along as wheels. Default: mlnb's own environment.

    Example: mlnb env lock --python .venv -o env.lock
    """
    locks = _locks()
    made = locks.lock(
        out, python=python, of_kernel=kernel, requirements=requirements, notebook=notebook, platform=platform,
        python_version=python_version, vendor=vendor, kernel=not bare, for_jobs=for_jobs, to_notebook=to_notebook,
    )  # fmt: skip
    emit(made, as_json, lambda: _lock_in_words(made, out))


@click.command()
@_LOCK
@click.option("--python", metavar="P", help="An interpreter or a virtual environment's folder. Default: mlnb's own.")
@click.option(
    "--level", type=click.Choice(["fast", "stat", "hash"]), default="fast", show_default=True,
    help="fast: metadata; stat: also the sizes of all files; hash: also their contents.",
)  # fmt: skip
@json_option
def verify(folder: Path, python: str | None, level: str, as_json: bool) -> int:
    """Whether an environment is the one that was locked: 0 yes, 3 it differs, 4 it cannot be told.

    Example: mlnb env verify env.lock --python .venv
    """
    found = _locks().verify(folder, python, level)
    emit(found, as_json, lambda: verified_in_words(found))
    return 0 if found.same else 3


@click.command()
@_LOCK
@click.option("--into", metavar="FOLDER", type=_FOLDER, default=Path(".venv"), show_default=True, help="Where to.")
@click.option(
    "--python", metavar="P", default="", help="An interpreter of the lock's Python. Default: one is looked for."
)
@click.option("--name", metavar="NAME", default="", help="Name of its kernel. Default: the folder's.")
@click.option("--no-kernel", is_flag=True, help="Make no kernel of it.")
@click.option("--replace", is_flag=True, help="Take the place of the virtual environment that is there.")
@json_option
def restore(folder: Path, into: Path, python: str, name: str, no_kernel: bool, replace: bool, as_json: bool) -> int:
    """Make the environment of a lock again, as a virtual environment with a kernel, and look whether it is the same.

    Ends with 0 when it is the one that was locked, with 3 when it was made but differs.

    Example: mlnb env restore env.lock --into .venv
    """
    made = _locks().restore(folder, into, python=python, name=name, kernelspec=not no_kernel, replace=replace)
    emit(made, as_json, lambda: _restored(made))
    return 0 if made.verified.same else 3


def _lock_in_words(lock: Lock, out: Path) -> str:
    packed = [one for one in lock.packages if one.wheel and one.role == "package"]
    count = sum(one.role == "package" for one in lock.packages)
    lines = [
        f"locked       {count} packages for Python {lock.python} on {lock.system} {lock.machine}",
        f"written to   {out}: pylock.toml, requirements.txt"
        + (f", {len(packed)} of them packed as wheels" if packed else ""),
        f"env_id       {lock.env_id or '(known when it is restored)'}",
        *(f"note         {note}" for note in lock.notes),
    ]
    return "\n".join(lines)


def verified_in_words(found: Verified) -> str:
    """What the comparison of an environment with a lock says."""
    how = {"contents": "contents of all packages", "versions": "names and versions of all packages"}[found.compared]
    rows = [(one.severity, one.change, one.name, one.before, one.after, one.reason) for one in found.drift.differences]
    if not rows:
        return f"0 differences ({how} compared)"
    head = f"{'the same but for Python: ' if found.same else ''}{found.drift.summary} ({how} compared)"
    return f"{head}\n" + table(("grade", "change", "what", "locked", "found", "why it matters"), rows, "")


def _restored(made: Restored) -> str:
    lines = [f"restored     {made.packages} packages into {made.folder}"]
    if made.kernel:
        lines.append(f"kernel       {made.kernel}")
    lines += [f"note         {note}" for note in made.notes]
    return "\n".join([*lines, f"verified     {verified_in_words(made.verified)}"])
