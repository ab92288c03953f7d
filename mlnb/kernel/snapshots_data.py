"""What snapshots ask of the other parts of the kernel half: which files cells have read, and which packages there are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from mlnb.kernel.order_content import ABSENT, content, is_quiet, is_scratch
from mlnb.snapshots.surroundings import ReadFile, Readings

if TYPE_CHECKING:
    from mlnb.kernel.order import KernelOrder
    from mlnb.kernel.snapshots_asked import Asked
    from mlnb.order.rules.traces import CellRun
    from mlnb.snapshots.plugins.around import Sources

_FILE, _NAMES = "@file:", "@names:"
_ELSEWHERE = ("what lies at ", "what lies in ", "what ")
_ANSWERS = (" reaches", " answers")


def sources_of(order: KernelOrder, asked: Asked | None = None) -> Sources:
    """What surrounds the variables of this kernel, as order and `asked` have seen it."""
    from mlnb.snapshots.plugins.around import Sources  # noqa: PLC0415 - on first use

    return Sources(lambda: _readings(order, asked), _packages)


def _readings(order: KernelOrder, asked: Asked | None) -> Readings | None:
    if order.mode == "off":
        return None
    tracker = order._runs._tracker
    found = readings_from_runs(list(tracker.runs) if tracker is not None else ())
    return found if asked is None else replace(found, queries=asked.queries, objects=asked.objects)


def readings_from_runs(runs: Iterable[CellRun]) -> Readings:
    """What the cell runs `runs` have read; the latest run of each file says what it held."""
    files: dict[str, tuple[list[str], str, bool]] = {}
    elsewhere: dict[str, list[str]] = {}
    for run in runs:
        cell = run.cell_id
        for key, held in run.trace.inputs.items():
            path, is_folder = _path_of(key, held)
            if path:
                cells = files.get(path, ([], "", False))[0]
                files[path] = (_with(cells, cell), held, is_folder)
        for source in run.trace.varying:
            what = _place_of(source)
            if what:
                _with(elsewhere.setdefault(what, []), cell)
    found = {
        path: ReadFile(tuple(cells), _comparison(path, held, is_folder), is_folder)
        for path, (cells, held, is_folder) in files.items()
    }
    return Readings(found, {what: tuple(cells) for what, cells in elsewhere.items()})


def _path_of(key: str, held: str) -> tuple[str, bool]:
    """The path that a key of a trace names, when something was there, and whether it is a folder."""
    if key.startswith(_NAMES):
        return key.removeprefix(_NAMES), True
    path = key.removeprefix(_FILE) if key.startswith(_FILE) else ""
    is_ours = not path or held == ABSENT or is_quiet(path) or is_scratch(path)
    return ("", False) if is_ours else (path, held.startswith("folder "))


def _place_of(source: str) -> str:
    """What a trace calls varying names another computer or a store, or empty."""
    for head in _ELSEWHERE:
        if source.startswith(head):
            rest = source.removeprefix(head)
            if head != "what ":
                return rest
            ending = next((ending for ending in _ANSWERS if rest.endswith(ending)), "")
            return rest.removesuffix(ending) if ending else ""
    return ""


def _comparison(path: str, held: str, is_folder: bool) -> Callable[[], bool]:
    return lambda: is_folder or content(path) == held


def _with(cells: list[str], cell: str | None) -> list[str]:
    if cell is not None and cell not in cells:
        cells.append(cell)
    return cells


def _packages() -> dict[str, str]:
    from mlnb.envs.capture import capture  # noqa: PLC0415 - only when needed

    found = capture("fast", surroundings=False)
    packages = {one.name: one.loaded_version or one.version for one in found.distributions}
    return {"python": found.python, **packages}
