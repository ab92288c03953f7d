"""The nouns of a restore that has not happened: what it would bring back, replace, leave out, and ask for."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from mlnb.core.records import dataclass


@dataclass(frozen=True)
class PreviewedVariable:
    """What a restore would do with one variable.

    Attributes:
        action: ``keep``: it still is as it was and is not touched; ``load``: it is loaded; ``consent``: it is loaded once the user says
            that the snapshot may be trusted; ``recompute``: running `cell_runs` again gives it (``restore(recompute=True)``);
            ``leave``: it does not come back, `reason` says why.
        now: how the live variable compares with it; ``unknown`` without a kernel.
        state: as in the snapshot: ``saved``, ``recompute`` or ``not_restorable``.
        cell_runs: for what was not saved, the cell runs that make it, as far as they are known.
        cell_ids: the cells of these runs.
    """

    name: str
    type: str
    size_bytes: int
    state: str
    action: Literal["keep", "load", "consent", "recompute", "leave"]
    now: Literal["same", "different", "absent", "unknown"]
    reason: str = ""
    cell_runs: tuple[int, ...] = ()
    cell_ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class PreviewedCell:
    """A cell of the document that differs: ``added`` since the snapshot, ``removed`` since, ``edited``, or with other ``outputs``.

    Attributes:
        index: its place in the document that has it (the one of now, for all but ``removed``).
    """

    cell_id: str | None
    index: int
    kind: Literal["added", "removed", "edited", "outputs"]


@dataclass(frozen=True)
class Drift:
    """How the environment of now stands to that of the snapshot; `is_same` is None when one of them is not known."""

    env_id_then: str
    env_id_now: str
    python_then: str
    python_now: str
    is_same: bool | None


@dataclass(frozen=True)
class Preview:
    """What restoring a snapshot would do. Nothing was changed.

    Attributes:
        trust: as `Standing.level`: ``own``, ``paired``, ``consented``, ``foreign``.
        needs_consent: whether a restore of everything is refused until the user says that the snapshot may be trusted.
        origin: where it came from, in words; empty for one that was taken here.
        has_kernel: whether the live kernel was asked; without one, nobody knows what the variables are now.
        variables: of the snapshot, sorted by name.
        removed: live variables that the snapshot does not have; a restore of everything removes them.
        cells: cells of the document that differ from the notebook file as it is saved now; None: there is nothing to compare.
        load_bytes: about how much memory is loaded.
        process: what else a restore of everything sets back, in words: ``random state of numpy``, ``working folder``. What is as it was is
            left out; without a kernel all that the snapshot holds is named.
    """

    id: str
    notebook: str | None
    created_at: datetime
    reason: str
    trust: Literal["own", "paired", "consented", "foreign"]
    needs_consent: bool
    origin: str
    has_kernel: bool
    variables: tuple[PreviewedVariable, ...]
    removed: tuple[str, ...]
    cells: tuple[PreviewedCell, ...] | None
    environment: Drift
    load_bytes: int
    process: tuple[str, ...] = ()
