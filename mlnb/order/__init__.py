"""Cell order: what a notebook's cells define and read, which are stale and why, what to run to be fresh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlnb.core import current

if TYPE_CHECKING:
    from mlnb.order.live import OrderGraph, OrderStatus
    from mlnb.order.saved import CertificateList, Certification, FixReport
    from mlnb.order.types import CellStatus, CheckReport, Verification

__all__ = [
    "certificates", "certification", "check", "fix", "graph", "plan", "set_mode", "status", "sync", "verify", "view", "vouch",
]  # fmt: skip


def sync(cells: Sequence[Mapping[str, Any]]) -> OrderStatus:
    """Tell this kernel the document as it is now: all cells in order, each with ``id``, ``cell_type``, ``source`` and ``tags``.

    A notebook that nobody tells of is read from its file, where the session says which one that is.

    Raises:
        BadInput: a cell is not of that form, or two have the same id.
        KernelOnly: asked outside a kernel in which mlnb is loaded.
    """
    found: OrderStatus = current.service("order").sync(cells)
    return found


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


def set_mode(mode: str) -> OrderStatus:
    """What to do about cells that are not fresh: ``off``, ``mark``, ``warn``, ``reactive``, ``block`` or ``linear``.

    ``warn`` says before a cell runs that what it reads is stale; ``reactive`` runs the stale cells that depend on one that ran;
    ``block`` refuses to run a cell on values that are not up to date; ``linear`` refuses to run a cell unless every code cell
    above has run, as it is now and in order. It holds for this kernel.

    Raises:
        NoSuchMode: `mode` is none of these.
        BadInput: it is below the project's floor.
        KernelOnly: asked outside a kernel in which mlnb is loaded.
    """
    found: OrderStatus = current.service("order").set_mode(mode)
    return found


def vouch(cell_id: str) -> OrderStatus:
    """Count a cell of which mlnb cannot tell whether it is fresh as fresh, until it runs again or what it reads changes.

    Raises:
        NoSuchCell: the document has no code cell of that id.
        BadInput: the cell is not ``unknown``.
        KernelOnly: asked outside a kernel in which mlnb is loaded.
    """
    found: OrderStatus = current.service("order").vouch(cell_id)
    return found


def graph() -> OrderGraph:
    """The code cells and what passes between them (names, files, modules, other things) in a run from top to bottom.

    Raises:
        KernelOnly: asked outside a kernel in which mlnb is loaded.
    """
    found: OrderGraph = current.service("order").graph()
    return found


def view() -> Any:  # noqa: ANN401 - an ipywidgets widget; ipywidgets is the user's
    """States, reasons and plan as a widget that follows every run, for clients without mlnb's own screen.

    Raises:
        NotInstalled: there is no ipywidgets in this environment.
        KernelOnly: asked outside a kernel in which mlnb is loaded.
    """
    return current.service("order").view()


def check(path: str | Path) -> CheckReport:
    """The order findings of the saved notebook at `path`, without running it.

    Raises:
        BadInput: there is no such file, or it is not a notebook.
    """
    found: CheckReport = current.service("order").check(Path(path))
    return found


def fix(path: str | Path, *, write: bool = True) -> FixReport:
    """Mend what is safe in the saved notebook at `path`, as ``mlnb check --fix`` does; everything else in the file stays as it is.

    Args:
        path: the notebook.
        write: False to be told what would change.

    Raises:
        BadInput: there is no such file, or it is not a notebook.
        StoreUnavailable: it cannot be written.
    """
    found: FixReport = current.service("order").fix(Path(path), write=write)
    return found


def verify(path: str | Path, parameters: Mapping[str, Any] | None = None) -> Verification:
    """Run the notebook at `path` afresh and compare every cell's output with what is saved; writes a signed certificate.

    Raises:
        BadInput: the notebook cannot be read or declares no such parameter.
        Unavailable: no kernel could be started.
    """
    found: Verification = current.service("order").verify(Path(path), dict(parameters or {}))
    return found


def certificates(path: str | Path) -> CertificateList:
    """The certificates of the notebook at `path`, the latest first, and what each is worth now.

    Raises:
        BadInput: there is no such file, or it is not a notebook.
    """
    found: CertificateList = current.service("order").certificates(Path(path))
    return found


def certification(path: str | Path, parameters: Mapping[str, Any] | None = None) -> Certification:
    """Whether a certificate holds for the notebook at `path` as it is now with `parameters`; why not, and the way out.

    Raises:
        BadInput: there is no such file, or it is not a notebook.
    """
    found: Certification = current.service("order").certification(Path(path), dict(parameters or {}))
    return found
