"""A fresh run against what is saved: the same, the same but for noise, the same within rounding, or different."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mlnb.order.rules.images import compare_images
from mlnb.order.rules.noise import moments, without_noise
from mlnb.order.saved import KEPT_TAGS
from mlnb.order.types import CellVerdict, SavedCell, SavedOutput, Verdict

RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-9
WORST: tuple[Verdict, ...] = ("identical", "noise", "tolerance", "different", "not_run", "failed")

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?:(?=j\b)|(?![\w.]))")
_SPACE = re.compile(r"\s+|(?<=[^\w\s])(?=-?\d)")
_RULES = re.compile(r"[-=─━═]{2,}")
_FILES = ("image/png", "image/jpeg", "image/gif", "image/webp", "application/pdf")
_WIDGET = "application/vnd.jupyter.widget-view+json"
_KEPT_WORDS = {
    "skip": "its tag `skip` keeps it from running",
    "frozen": "its saved result is used: it has the tag `frozen`",
}


def compare_cell(
    cell: SavedCell, saved: SavedCell, fresh: SavedCell, *, is_reached: bool, now: datetime | None = None
) -> CellVerdict:
    """The verdict on one code cell.

    Args:
        cell: the cell in the file.
        saved: the cell with the outputs to compare with.
        fresh: the same cell after a run from top to bottom.
        is_reached: whether that run came to the cell.
        now: the time of that run: times about it are noise, others are data. None: every time is noise.
    """
    kept = next((tag for tag in KEPT_TAGS if tag in cell.tags), "")
    if kept:
        return CellVerdict(cell.id, cell.index, "not_run", _KEPT_WORDS[kept], kept)
    if not is_reached:
        return CellVerdict(cell.id, cell.index, "not_run", "the run ended before this cell")
    error = next((output for output in fresh.outputs if output.kind == "error"), None)
    if error is not None and "raises-exception" not in fresh.tags:
        return CellVerdict(cell.id, cell.index, "failed", _error_in_words(error))
    verdict, detail = compare_outputs(saved.outputs, fresh.outputs, now)
    return CellVerdict(cell.id, cell.index, verdict, detail)


def _error_in_words(error: SavedOutput) -> str:
    name, value = error.data.get("name") or "error", error.data.get("value", "")
    return f"{name}: {value}" if value else name


def compare_outputs(
    saved: Sequence[SavedOutput], fresh: Sequence[SavedOutput], now: datetime | None = None
) -> tuple[Verdict, str]:
    """The verdict on a cell's outputs and what differs. Standard error is noise: warnings and progress go there."""
    if tuple(saved) == tuple(fresh):
        return "identical", ""
    old, new = _shown(saved), _shown(fresh)
    if not old and new:
        return "different", "no output is saved"
    if len(old) != len(new):
        return "different", f"{len(new)} outputs instead of {len(old)}"
    worst: Verdict = "identical"
    detail = ""
    for position, (one, other) in enumerate(zip(old, new, strict=True)):
        verdict, words = _compare_data(one, other, now)
        if WORST.index(verdict) > WORST.index(worst):
            worst, detail = verdict, f"output {position + 1}: {words}" if len(old) > 1 else words
    return ("noise", "only standard error differs") if worst == "identical" else (worst, detail)


def worst(cells: Sequence[CellVerdict]) -> Verdict:
    """The verdict on the whole notebook; one without code cells is identical. Cells that their tag keeps do not count."""
    found = [cell.verdict for cell in cells if not cell.kept]
    return "failed" if "failed" in found else max(found, key=WORST.index, default="identical")


def first_different(cells: Sequence[CellVerdict]) -> CellVerdict | None:
    """The first cell that is different or failed, or None."""
    return next((cell for cell in cells if cell.verdict in ("different", "failed")), None)


def _shown(outputs: Sequence[SavedOutput]) -> list[dict[str, str]]:
    """What is compared: standard output joined where it stands together, and rich outputs."""
    found: list[dict[str, str]] = []
    for output in outputs:
        if output.kind == "stream":
            text = output.data.get("stdout")
            if not text:
                continue
            if found and set(found[-1]) == {"stdout"}:
                found[-1] = {"stdout": found[-1]["stdout"] + text}
            else:
                found.append({"stdout": text})
        else:
            found.append(dict(output.data))
    return found


def _compare_data(old: Mapping[str, str], new: Mapping[str, str], now: datetime | None) -> tuple[Verdict, str]:
    if set(old) != set(new):
        return "different", f"shown as {', '.join(sorted(new))} instead of {', '.join(sorted(old))}"
    worst: Verdict = "identical"
    detail = ""
    for kind in sorted(old):
        verdict, words = _compare_one(kind, old[kind], new[kind], now)
        if WORST.index(verdict) > WORST.index(worst):
            worst, detail = verdict, words
    return worst, detail


def _compare_one(kind: str, old: str, new: str, now: datetime | None) -> tuple[Verdict, str]:
    if old.rstrip("\n") == new.rstrip("\n"):
        return "identical", ""
    if kind in _FILES:
        return compare_images(kind, old, new)
    if kind == _WIDGET:
        return "noise", "a widget has a new id each time"
    if kind == "application/json" or kind.endswith("+json"):
        try:
            return _compare_json(json.loads(old), json.loads(new), "", now)
        except ValueError:
            pass
    return _compare_text(kind, old, new, now)


def _compare_text(kind: str, old: str, new: str, now: datetime | None) -> tuple[Verdict, str]:
    is_markup = kind in ("text/html", "image/svg+xml")
    (timeless_old, times_old), (timeless_new, times_new) = moments(old, now), moments(new, now)
    of_the_run = [
        one if one == other or other != "now" else other for one, other in zip(times_old, times_new, strict=False)
    ]
    calm_old, calm_new = (without_noise(text, is_markup=is_markup) for text in (timeless_old, timeless_new))
    are_times_same = len(times_old) == len(times_new) and of_the_run == times_new
    if calm_old == calm_new and are_times_same:
        return "noise", "only times, addresses, ids or the like differ"
    if calm_old == calm_new:
        return "different", _first_difference(old, new)
    gap = _largest_gap(calm_old, calm_new) if are_times_same else None
    if gap is not None:
        return "tolerance", f"numbers differ by at most {gap:.1e} (relative)"
    return "different", _first_difference(calm_old, calm_new)


def _compare_json(old: Any, new: Any, path: str, now: datetime | None) -> tuple[Verdict, str]:  # noqa: ANN401 - JSON
    if isinstance(old, dict) and isinstance(new, dict):
        if set(old) != set(new):
            return "different", f"{path or 'the object'} has other members"
        return _worst_of([_compare_json(old[key], new[key], f"{path}.{key}" if path else key, now) for key in old])
    if isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            return "different", f"{path or 'the list'} has {len(new)} items instead of {len(old)}"
        return _worst_of(
            [_compare_json(a, b, f"{path}[{i}]", now) for i, (a, b) in enumerate(zip(old, new, strict=True))]
        )
    if type(old) is type(new) and old == new:
        return "identical", ""
    numbers = all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in (old, new))
    if numbers and math.isclose(old, new, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE):
        return "tolerance", f"{path} differs by rounding"
    if isinstance(old, str) and isinstance(new, str):
        verdict, words = _compare_text("text/plain", old, new, now)
        return verdict, f"{path}: {words}" if path else words
    return "different", f"{path + ': ' if path else ''}{_short(repr(new))} instead of {_short(repr(old))}"


def _worst_of(found: Sequence[tuple[Verdict, str]]) -> tuple[Verdict, str]:
    return max(found, key=lambda one: WORST.index(one[0]), default=("identical", ""))


def _largest_gap(old: str, new: str) -> float | None:
    """The largest relative difference of the numbers in two texts that are otherwise equal; None when it is too large."""
    if _skeleton(old) != _skeleton(new):
        return None
    largest = 0.0
    for one, other in zip(_NUMBER.findall(old), _NUMBER.findall(new), strict=True):
        a, b = float(one), float(other)
        if not math.isclose(a, b, rel_tol=RELATIVE_TOLERANCE, abs_tol=ABSOLUTE_TOLERANCE):
            return None
        scale = max(abs(a), abs(b))
        largest = max(largest, abs(a - b) / scale if scale else 0.0)
    return largest


def _skeleton(text: str) -> str:
    """The text without its numbers and without what their width moves: spaces and ruled lines."""
    return _SPACE.sub(" ", _RULES.sub("--", _NUMBER.sub("#", text))).strip()


def _first_difference(old: str, new: str) -> str:
    before, after = old.splitlines(), new.splitlines()
    for one, other in zip(before, after, strict=False):
        if one != other:
            return f"{_short(other)!r} instead of {_short(one)!r}"
    return f"{len(after)} lines instead of {len(before)}"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
