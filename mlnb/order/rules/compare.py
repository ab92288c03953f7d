"""A fresh run against what is saved: the same, the same but for noise, the same within rounding, or different."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from mlnb.order.types import CellVerdict, SavedCell, SavedOutput, Verdict

RELATIVE_TOLERANCE = 1e-6
ABSOLUTE_TOLERANCE = 1e-9
WORST: tuple[Verdict, ...] = ("identical", "noise", "tolerance", "different", "not_run", "failed")

_NUMBER = re.compile(r"(?<![\w.])[-+]?(?:\d+\.\d*|\.\d+|\d+)(?:[eE][-+]?\d+)?(?![\w.])")
_UNIT = r"(?:ns|µs|us|ms|s|sec|secs|seconds|min|it/s|s/it)"
_NOISE = (
    (re.compile(r"0x[0-9a-fA-F]{6,}"), "<address>"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"), "<uuid>"),
    (re.compile(r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"), "<time>"),
    (re.compile(r"\b\d{1,2}:\d{2}:\d{2}(?:\.\d+)?\b"), "<time>"),
    (re.compile(rf"\b\d+(?:\.\d+)?\s?{_UNIT}\b(?:\s±\s\d+(?:\.\d+)?\s?{_UNIT})?"), "<duration>"),
    (re.compile(r"(?:/private)?/(?:tmp|var/folders)/[\w./-]+"), "<temporary>"),
    (re.compile(r"<ipython-input-\d+-[0-9a-f]+>|ipykernel_\d+/\d+\.py"), "<cell>"),
    (re.compile(r"[^\r\n]*\r(?!\n)"), ""),
)  # fmt: skip


def compare_cell(saved: SavedCell, fresh: SavedCell, *, is_reached: bool) -> CellVerdict:
    """The verdict on one code cell.

    Args:
        saved: the cell in the file.
        fresh: the same cell after a run from top to bottom.
        is_reached: whether that run came to the cell.
    """
    if not is_reached:
        return CellVerdict(saved.id, saved.index, "not_run", "the run ended before this cell")
    error = next((output for output in fresh.outputs if output.kind == "error"), None)
    if error is not None and "raises-exception" not in fresh.tags:
        return CellVerdict(saved.id, saved.index, "failed", f"{error.data.get('name')}: {error.data.get('value')}")
    verdict, detail = compare_outputs(saved.outputs, fresh.outputs)
    return CellVerdict(saved.id, saved.index, verdict, detail)


def compare_outputs(saved: Sequence[SavedOutput], fresh: Sequence[SavedOutput]) -> tuple[Verdict, str]:
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
        verdict, words = _compare_data(one, other)
        if WORST.index(verdict) > WORST.index(worst):
            worst, detail = verdict, f"output {position + 1}: {words}" if len(old) > 1 else words
    return ("noise", "only standard error differs") if worst == "identical" else (worst, detail)


def worst(cells: Sequence[CellVerdict]) -> Verdict:
    """The verdict on the whole notebook; one without code cells is identical."""
    found = [cell.verdict for cell in cells]
    return "failed" if "failed" in found else max(found, key=WORST.index, default="identical")


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


def _compare_data(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Verdict, str]:
    if set(old) != set(new):
        return "different", f"shown as {', '.join(sorted(new))} instead of {', '.join(sorted(old))}"
    worst: Verdict = "identical"
    detail = ""
    for kind in sorted(old):
        verdict, words = _compare_text(kind, old[kind], new[kind])
        if WORST.index(verdict) > WORST.index(worst):
            worst, detail = verdict, words
    return worst, detail


def _compare_text(kind: str, old: str, new: str) -> tuple[Verdict, str]:
    if old.rstrip("\n") == new.rstrip("\n"):
        return "identical", ""
    if kind.startswith(("image/png", "image/jpeg", "application/pdf")):
        return "different", f"the {kind.partition('/')[2].upper()} image differs"
    calm_old, calm_new = _without_noise(old), _without_noise(new)
    if calm_old == calm_new:
        return "noise", "only times, addresses or the like differ"
    gap = _largest_gap(calm_old, calm_new)
    if gap is not None:
        return "tolerance", f"numbers differ by at most {gap:.1e} (relative)"
    return "different", _first_difference(old, new)


def _without_noise(text: str) -> str:
    for pattern, word in _NOISE:
        text = pattern.sub(word, text)
    return text.rstrip()


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
    return re.sub(r"\s+", " ", _NUMBER.sub("#", text))


def _first_difference(old: str, new: str) -> str:
    before, after = old.splitlines(), new.splitlines()
    for one, other in zip(before, after, strict=False):
        if one != other:
            return f"{_short(other)!r} instead of {_short(one)!r}"
    return f"{len(after)} lines instead of {len(before)}"


def _short(text: str) -> str:
    return text if len(text) <= 80 else text[:77] + "..."
