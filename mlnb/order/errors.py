"""What can go wrong in order, beyond the tree of ``mlnb.core.errors``."""

from __future__ import annotations

from typing import ClassVar

from mlnb.core.errors import BadInput, Conflict, NotFound


class NoSuchCell(NotFound):
    """The document has no code cell of that id."""

    code: ClassVar[str] = "no_such_cell"


class NoSuchMode(BadInput):
    """The mode is none that mlnb knows."""

    code: ClassVar[str] = "no_such_mode"


class KernelOnly(BadInput):
    """This can only be asked inside a kernel in which mlnb is loaded."""

    code: ClassVar[str] = "kernel_only"


class FrozenValueMissing(Conflict):
    """A cell tagged ``frozen`` defines what other cells read, and its saved values cannot be had; nothing was run."""

    code: ClassVar[str] = "frozen_value_missing"
