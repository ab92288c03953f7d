"""How two states differ, as far as what is recorded of them tells: variables by digest, packages, parameters, data files, git."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from mlnb.snapshots.differences import Change, ComparedState, DataChange, Diff, Fact, Kind, Part
from mlnb.snapshots.surroundings import DataFile, GitDetails, Surroundings
from mlnb.snapshots.types import Snapshot, Variable


def diff(a: Snapshot, b: Snapshot) -> Diff:
    """How `b` differs from `a`, variable by variable."""
    added = sorted(set(b.variables) - set(a.variables))
    removed = sorted(set(a.variables) - set(b.variables))
    common = sorted(set(a.variables) & set(b.variables))
    changed = [name for name in common if a.variables[name].digest != b.variables[name].digest]
    is_same_session = a.session == b.session and a.session != ""
    return Diff(
        a=a.id,
        b=b.id,
        added=tuple(added),
        removed=tuple(removed),
        changed=tuple(changed),
        unchanged=tuple(name for name in common if name not in set(changed)),
        changes=tuple(
            _change(name, a.variables.get(name), b.variables.get(name)) for name in sorted([*added, *removed, *changed])
        ),
        cells_run=max(0, b.cell_runs - a.cell_runs) if is_same_session else b.cell_runs,
        environment_changed=a.env_id != b.env_id if a.env_id and b.env_id else None,
        before=ComparedState(a.reason, a.created_at),
        after=ComparedState(b.reason, b.created_at),
        compared=("variables",),
    )


def differs(found: Diff) -> bool:
    """Whether the two states differ in anything that was compared."""
    parts = (found.changes, found.cells, found.environment, found.parameters, found.data, found.git)
    return any(parts) or bool(found.environment_changed)


def with_surroundings(
    found: Diff, a: Snapshot, b: Snapshot, around_a: Surroundings | None, around_b: Surroundings | None
) -> Diff:
    """`found` with packages, parameters, data files and git; what one state does not know is said in its notes."""
    one, two = around_a or Surroundings(), around_b or Surroundings()
    notes = [*found.notes]
    for snapshot, around in ((a, around_a), (b, around_b)):
        if around is None:
            notes.append(f"{snapshot.id} does not record packages, parameters and data files: they are not compared.")
        else:
            notes += [f"{snapshot.id}: {note}" for note in around.notes]
    notes += _blind(one.data or (), two.data or ())
    both = around_a is not None and around_b is not None
    if both and (one.data is None) != (two.data is None):
        unknown = a.id if one.data is None else b.id
        notes.append(f"{unknown} does not know which files were read: data files are not compared.")
    known: dict[Part, bool] = {
        "environment": bool(one.packages and two.packages) or found.environment_changed is False,
        "parameters": both,
        "data": one.data is not None and two.data is not None,
        "git": bool(a.git_commit or b.git_commit),
    }
    return replace(
        found,
        compared=(*found.compared, *(part for part, is_known in known.items() if is_known)),
        environment=facts(one.packages, two.packages) if one.packages and two.packages else (),
        parameters=facts(one.parameters, two.parameters) if both else (),
        data=data_changes(one.data, two.data) if one.data is not None and two.data is not None else (),
        git=git_facts(a, b, one.git, two.git),
        notes=tuple(notes),
    )


def facts(before: Mapping[str, str], after: Mapping[str, str]) -> tuple[Fact, ...]:
    """What differs between two mappings, sorted by name."""
    return tuple(
        Fact(name, _kind(name in before, name in after), before.get(name), after.get(name))
        for name in sorted(before.keys() | after.keys())
        if before.get(name) != after.get(name)
    )


def data_changes(before: tuple[DataFile, ...], after: tuple[DataFile, ...]) -> tuple[DataChange, ...]:
    """What was read differently, sorted by path: by content where that is known, else by version, size and time of change."""
    one, two = ({(file.path, file.query): file for file in files} for files in (before, after))
    return tuple(
        DataChange(key[0], _kind(key in one, key in two), one.get(key), two.get(key))
        for key in sorted(one.keys() | two.keys())
        if key not in one or key not in two or not _is_same_data(one[key], two[key])
    )


def _blind(before: tuple[DataFile, ...], after: tuple[DataFile, ...]) -> list[str]:
    """What to say of things that both states have read and of whose content neither knows anything."""
    one, two = ({(file.path, file.query) for file in files if not _is_known(file)} for files in (before, after))
    count = len(one & two)
    if not count:
        return []
    what = "1 thing that was read elsewhere is" if count == 1 else f"{count} things that were read elsewhere are"
    return [f"{what} known by name alone: whether the content differs cannot be told."]


def _is_known(file: DataFile) -> bool:
    return bool(file.digest or file.version or file.rows is not None or file.size_bytes is not None or file.modified_at)


def git_facts(a: Snapshot, b: Snapshot, before: GitDetails | None, after: GitDetails | None) -> tuple[Fact, ...]:
    """What differs in git: commit, branch, files that are not committed."""
    one, two = (_git_words(snapshot, git) for snapshot, git in ((a, before), (b, after)))
    if before is None or after is None:  # an older snapshot knows the commit alone
        one, two = ({name: words[name] for name in words if name == "commit"} for words in (one, two))
    return facts(one, two)


def _git_words(snapshot: Snapshot, git: GitDetails | None) -> dict[str, str]:
    words = {"commit": snapshot.git_commit} if snapshot.git_commit else {}
    if git is not None:
        words["branch"] = git.branch
        words["changed files"] = ", ".join(git.changed)
        words["untracked files"] = ", ".join(git.untracked)
    return {name: word for name, word in words.items() if word}


def _is_same_data(before: DataFile, after: DataFile) -> bool:
    if before.digest and after.digest:
        return before.digest == after.digest
    if before.version or after.version:
        return before.version == after.version
    return (before.size_bytes, before.modified_at, before.rows) == (after.size_bytes, after.modified_at, after.rows)


def _kind(is_before: bool, is_after: bool) -> Kind:
    return "changed" if is_before and is_after else "removed" if is_before else "added"


def _change(name: str, before: Variable | None, after: Variable | None) -> Change:
    return Change(
        name=name,
        kind=_kind(before is not None, after is not None),
        type_before=before.type if before else None,
        type_after=after.type if after else None,
        size_before_bytes=before.size_bytes if before else None,
        size_after_bytes=after.size_bytes if after else None,
    )
