"""`mlnb kernel`: the kernel half in other environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mlnb.cli.output import emit, json_option, service, table

if TYPE_CHECKING:
    from mlnb.envs.kernel_half import KernelInstalled
    from mlnb.envs.kernels import KernelsSeen, KernelsService


def _kernels() -> KernelsService:
    kernels: KernelsService = service("env_locks").kernels
    return kernels


@click.group()
def kernel() -> None:
    """The kernels of this machine, and mlnb's kernel half in them."""


@kernel.command()
@click.option(
    "--python", metavar="P", required=True, help="An interpreter, or the folder of a virtual or conda environment."
)
@json_option
def install(python: str, as_json: bool) -> None:
    """Put mlnb's kernel half into another environment: order and snapshots work in its kernels from their next start on.

    It is a small wheel made from the files installed here, with four small wheels it stands on; no network is needed.

    Example: mlnb kernel install --python ~/project/.venv
    """
    done = _kernels().install(python)
    emit(done, as_json, lambda: _installed(done))


@kernel.command("list")
@json_option
def list_kernels(as_json: bool) -> None:
    """The kernels that Jupyter lists, and whether they have the kernel half.

    Example: mlnb kernel list
    """
    seen = _kernels().list()
    emit(seen, as_json, lambda: _seen(seen))


def _installed(done: KernelInstalled) -> str:
    lines = [f"installed  {', '.join(done.added)}", f"into       the environment of {done.python}"]
    return "\n".join([*lines, *(f"note       {note}" for note in done.notes), "Restart its kernels to use it."])


def _seen(seen: KernelsSeen) -> str:
    def half(language: str, version: str, problem: str) -> str:
        if language != "python":
            return "not for this language"
        return problem or version or "no: mlnb kernel install --python P"

    rows = [(k.name, k.title, k.python, half(k.language, k.version, k.problem)) for k in seen.kernels]
    empty = "Jupyter knows no kernel here. Make one: pip install ipykernel."
    return table(("kernel", "title", "interpreter", "kernel half"), rows, empty)
