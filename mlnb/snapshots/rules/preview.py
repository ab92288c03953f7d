"""What a restore would do, decided from what is known; nothing is loaded here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from mlnb.core.records import dataclass
from mlnb.snapshots.previews import Drift, PreviewedCell, PreviewedVariable
from mlnb.snapshots.rules.recompute import Recipe
from mlnb.snapshots.rules.trust import Origin
from mlnb.snapshots.types import Manifest, Variable

_VARIABLES = "environment variables"
_MOST_NAMES = 5
_PARTS = {
    "random": "random state of Python",
    "numpy.random": "random state of numpy",
    "torch.random": "random state of torch",
    "working folder": "working folder",
    _VARIABLES: "environment variables",
    "options of numpy": "options of numpy",
    "options of pandas": "options of pandas",
    "options of matplotlib": "options of matplotlib",
    "decimal": "precision of decimal",
}
"""The parts of the state of the process that a restore sets, by their stored names; others are called as they are stored."""
_NOT_SET = {"hash_seed"}


@dataclass(frozen=True)
class Live:
    """The kernel as it is: the digest of each variable of the user, the environment, the Python, and the state of the process."""

    digests: Mapping[str, str]
    env_id: str
    python: str
    process: Mapping[str, Any] | None = None


def variables(
    manifest: Manifest, live: Live | None, consent: Mapping[str, str], recipes: Mapping[str, Recipe]
) -> tuple[PreviewedVariable, ...]:
    """What a restore would do with each variable.

    Args:
        manifest: of the snapshot.
        live: the kernel; None: there is none.
        consent: variables that are not loaded without consent, with the reason.
        recipes: for variables that were not saved, how they would be computed again.
    """
    held = {name for component in manifest.components for name in component.names}
    return tuple(
        _variable(name, variable, _now(name, variable, live), name in held, consent.get(name, ""), recipes.get(name))
        for name, variable in sorted(manifest.variables.items())
    )


def _variable(
    name: str,
    variable: Variable,
    now: Literal["same", "different", "absent", "unknown"],
    is_held: bool,
    consent: str,
    recipe: Recipe | None,
) -> PreviewedVariable:
    action: Literal["keep", "load", "consent", "recompute", "leave"] = "leave"
    reason = variable.reason
    runs = recipe.runs if recipe is not None else ()
    if is_held:
        action = "keep" if now == "same" else "consent" if consent else "load"
        reason = consent if action == "consent" else reason
    elif recipe is not None and not recipe.why_not:
        action = "recompute"
    elif recipe is not None:
        reason = "; ".join(part for part in (reason, f"not computed again: {recipe.why_not}") if part)
    return PreviewedVariable(
        name=name,
        type=variable.type,
        size_bytes=variable.size_bytes,
        state=variable.state,
        action=action,
        now=now,
        reason=reason,
        cell_runs=tuple(run.order for run in runs),
        cell_ids=tuple(dict.fromkeys(run.cell_id for run in runs if run.cell_id is not None)),
    )


def _now(name: str, variable: Variable, live: Live | None) -> Literal["same", "different", "absent", "unknown"]:
    if live is None:
        return "unknown"
    digest = live.digests.get(name)
    return "absent" if digest is None else "same" if digest == variable.digest else "different"


def drift(manifest: Manifest, env_id: str, python: str) -> Drift:
    """How the environment `env_id` with that Python stands to the snapshot's."""
    is_known = bool(manifest.env_id and env_id)
    is_same = manifest.env_id == env_id and manifest.python == python if is_known else None
    return Drift(manifest.env_id, env_id, manifest.python, python, is_same)


def process(then: Mapping[str, Any], now: Mapping[str, Any] | None) -> tuple[str, ...]:
    """What a restore sets back besides variables, in words.

    Args:
        then: the parts of the state of the process, by name, as the snapshot holds them.
        now: as they are; None: not known.
    """
    names = [*(name for name in _PARTS if name in then), *sorted(then.keys() - _PARTS.keys() - _NOT_SET)]
    return tuple(_words_of_part(name, then[name], now) for name in names if now is None or now.get(name) != then[name])


def _words_of_part(name: str, then: Any, now: Mapping[str, Any] | None) -> str:  # noqa: ANN401 - JSON
    if name != _VARIABLES or now is None:
        return _PARTS.get(name, name)
    mine = now.get(name) or {}
    names = sorted(one for one in {*then, *mine} if (one in then, then.get(one)) != (one in mine, mine.get(one)))
    shown = ", ".join(names[:_MOST_NAMES]) + (
        f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    )
    return f"{_PARTS[name]} ({shown})"


def cells(then: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]) -> tuple[PreviewedCell, ...]:
    """Which cells of a notebook differ; told apart by their ids, and by their place where they have none.

    Args:
        then: the cells of the snapshot's document, as in the notebook's JSON.
        now: those of the notebook as it is.
    """
    before = {_key(cell, index): (index, cell) for index, cell in enumerate(then)}
    found = []
    for index, cell in enumerate(now):
        _, old = before.pop(_key(cell, index), (index, None))
        kind: Literal["added", "edited", "outputs"] | None = None
        if old is None:
            kind = "added"
        elif _text(old) != _text(cell) or old.get("cell_type") != cell.get("cell_type"):
            kind = "edited"
        elif old.get("outputs", []) != cell.get("outputs", []):
            kind = "outputs"
        if kind is not None:
            found.append(PreviewedCell(_id(cell), index, kind))
    found += [PreviewedCell(_id(cell), index, "removed") for index, cell in before.values()]
    return tuple(found)


def origin_text(origin: Origin | None, who: str) -> str:
    """Where a snapshot came from, in words; empty for one that was taken here."""
    if origin is None:
        return ""
    text = f"the file {origin.source}" if origin.kind == "bundle" else f"a job ({origin.source})"
    return f"{text}, vouched for by {who}" if who else text


def _id(cell: Mapping[str, Any]) -> str | None:
    found = cell.get("id")
    return found if isinstance(found, str) else None


def _key(cell: Mapping[str, Any], index: int) -> str | int:
    found = _id(cell)
    return index if found is None else found


def _text(cell: Mapping[str, Any]) -> str:
    source = cell.get("source", "")
    return "".join(str(line) for line in source) if isinstance(source, list) else str(source)
