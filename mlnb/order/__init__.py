"""Cell order: what a notebook's cells define and read, which are stale and why, what to run to be fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlnb.core import current

if TYPE_CHECKING:
    from mlnb.order.types import CellStatus, CheckReport, Verification

__all__ = ["check", "plan", "set_mode", "status", "sync", "verify"]


def sync(cells: Sequence[Mapping[str, Any]]) -> None:
    """Tell this kernel the document as it is now: all cells in order, each with ``id``, ``cell_type`` and ``source``.

    Raises:
        BadInput: a cell is not of that form, or two have the same id.
        KernelOnly: asked outside a kernel in which mlnb is loaded.
    """
    current.service("order").sync(cells)


def status() -> dict[str, CellStatus]:
    """The state of every code cell of the document, by id, with reasons.

    Raises:
        KernelOnly: asked outside a kernel in which mlnb is loaded.
    """
    found: dict[str, CellStatus] = current.service("order").status()
    return found


def plan(cell_id: str | None = None) -> list[str]:
    """The cells to run, in order, to make the notebook (or the cell `cell_id`) fresh.

    Raises:
        NoSuchCell: the document has no code cell of that id.
        KernelOnly: asked outside a kernel in which mlnb is loaded.
    """
    found: list[str] = current.service("order").plan(cell_id)
    return found


def set_mode(mode: str) -> None:
    """What to do about cells that are not fresh: ``off``, ``mark``, ``warn``, ``block`` or ``linear``.

    ``block`` refuses to run a cell on values that are not up to date; ``linear`` refuses to run a cell before those above it.

    Raises:
        NoSuchMode: `mode` is none of these.
        KernelOnly: asked outside a kernel in which mlnb is loaded.
    """
    current.service("order").set_mode(mode)


def check(path: str | Path) -> CheckReport:
    """The order findings of the saved notebook at `path`, without running it.

    Raises:
        BadInput: there is no such file, or it is not a notebook.
    """
    found: CheckReport = current.service("order").check(Path(path))
    return found


def verify(path: str | Path, parameters: Mapping[str, Any] | None = None) -> Verification:
    """Run the notebook at `path` afresh and compare every cell's output with what is saved; writes a signed certificate.

    Raises:
        BadInput: the notebook cannot be read or declares no such parameter.
        Unavailable: no kernel could be started.
    """
    found: Verification = current.service("order").verify(Path(path), dict(parameters or {}))
    return found
