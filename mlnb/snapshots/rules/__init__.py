"""Pure decisions about snapshots: which variables belong together, which names count, how two differ, when to take one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from mlnb.core.errors import BadInput
from mlnb.core.records import dataclass
from mlnb.snapshots.rules.diff_states import diff as diff
from mlnb.snapshots.types import Manifest, Snapshot

_IPYTHON_NAMES = frozenset(
    {"In", "Out", "get_ipython", "_", "__", "___", "_i", "_ii", "_iii", "_ih", "_oh", "_dh", "_sh", "_exit_code"}
    | {"__name__", "__doc__", "__package__", "__loader__", "__spec__", "__builtin__", "__builtins__", "__file__"}
    | {"__annotations__", "__annotate__", "__session__", "__warningregistry__"}
)
_NUMBERED = re.compile(r"_i?\d+")
_EVERY = re.compile(r"every (\d+(?:\.\d+)?)\s*(s|m|h)")
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}


LEFT_OUT = "you left it out: see mlnb.snapshots.exclude"


class Names(list[str]):
    """Names of variables; of those in `left_out` the user wants no value kept."""

    def __init__(self, names: Iterable[str], left_out: Iterable[str]) -> None:
        super().__init__(names)
        self.left_out = frozenset(left_out)


def left_out_of(names: Iterable[str]) -> dict[str, str]:
    """Why no value is kept, for each of `names` that the user left out."""
    return {name: LEFT_OUT for name in names if name in names.left_out} if isinstance(names, Names) else {}


def user_names(namespace: Mapping[str, object], hidden: Mapping[str, object]) -> list[str]:
    """The names in `namespace` that are the user's, sorted: not IPython's own, unless the user gave one another value."""
    return sorted(
        name
        for name, value in namespace.items()
        if isinstance(name, str)
        and name not in _IPYTHON_NAMES
        and not _NUMBERED.fullmatch(name)
        and not (name in hidden and hidden[name] is value)
    )


def claimed_twice(claims: Iterable[Iterable[int]]) -> set[int]:
    """Identities that are in more than one of `claims`, each of which has none twice. Without a loop over what nobody shares."""
    seen: set[int] = set()
    twice: set[int] = set()
    for one in claims:
        twice |= seen.intersection(one)
        seen.update(one)
    return twice


def components(claims: Mapping[str, Iterable[int]]) -> list[tuple[str, ...]]:
    """Names grouped so that two names which claim the same object are in one group; groups and names sorted.

    Args:
        claims: for each name the identities of the mutable objects it reaches.
    """
    leader = {name: name for name in claims}

    def find(name: str) -> str:
        while leader[name] != name:
            leader[name] = leader[leader[name]]
            name = leader[name]
        return name

    owner: dict[int, str] = {}
    twice = claimed_twice(claims.values())
    for name, objects in claims.items():
        for identity in twice.intersection(objects):
            first = find(owner.setdefault(identity, name))
            if first != find(name):
                leader[find(name)] = first
    groups: dict[str, list[str]] = {}
    for name in claims:
        groups.setdefault(find(name), []).append(name)
    return sorted(tuple(sorted(group)) for group in groups.values())


@dataclass(frozen=True)
class Auto:
    """When snapshots are taken by themselves: after each cell run, after failed ones, or after one at most every so often."""

    each_run: bool = False
    on_failure: bool = False
    every_s: float | None = None


def auto_from_mode(mode: str) -> Auto:
    """What `mode` means: ``off``, ``each_run``, ``on_failure`` or ``every 5m`` (``s``, ``m`` and ``h`` are known).

    Raises:
        BadInput: it is none of these.
    """
    every = _EVERY.fullmatch(mode)
    if every and float(every[1]) > 0:
        return Auto(every_s=float(every[1]) * _UNITS_S[every[2]])
    if mode in ("off", "each_run", "on_failure"):
        return Auto(each_run=mode == "each_run", on_failure=mode == "on_failure")
    raise BadInput(
        f"{mode!r} is not a mode of automatic snapshots", 'Choose "off", "each_run", "on_failure" or "every 5m".'
    )


def is_due(auto: Auto, succeeded: bool, since_last_s: float) -> bool:
    """Whether a snapshot is to be taken after a cell run that ended so, `since_last_s` after the last snapshot."""
    return (
        auto.each_run
        or (auto.on_failure and not succeeded)
        or (auto.every_s is not None and since_last_s >= auto.every_s)
    )


def snapshot_from_manifest(manifest: Manifest, *, has_document: bool, is_trusted: bool = True) -> Snapshot:
    """The listing of the snapshot that `manifest` describes. It is not clean where the last run of a cell had failed."""
    last = manifest.cell_runs[-1] if manifest.cell_runs else None
    last_of_each = {run.cell_id or run.source_digest: run.succeeded for run in manifest.cell_runs}
    return Snapshot(
        id=manifest.id,
        notebook=manifest.notebook,
        created_at=manifest.created_at,
        reason=manifest.reason,
        cell_runs=len(manifest.cell_runs),
        variables=dict(sorted(manifest.variables.items())),
        env_id=manifest.env_id,
        git_commit=manifest.git.commit if manifest.git else None,
        git_dirty=manifest.git.is_dirty if manifest.git else None,
        size_bytes=sum(chunk.stored_bytes for chunk in manifest.chunks),
        owner=manifest.owner,
        session=manifest.session,
        has_kernel=manifest.has_kernel,
        has_document=has_document,
        is_trusted=is_trusted,
        parent=manifest.parent,
        cell_id=last.cell_id if last else None,
        succeeded=last.succeeded if last else None,
        is_clean=None if all(last_of_each.values()) else False,
    )
