"""When two environments differ, and how much it matters. Pure decisions on captures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Literal

from mlnb.envs.around import around
from mlnb.envs.types import Difference, Distribution, Drift, Environment, Fix, Kind, Severity

_ORDER = {"red": 0, "amber": 1, "info": 2}
_RESULTS_VARIABLES = frozenset(
    {"PYTHONHASHSEED", "PYTHONPATH", "PYTHONOPTIMIZE", "CUBLAS_WORKSPACE_CONFIG", "TF_DETERMINISTIC_OPS", "LD_PRELOAD"}
)
_NAMES: dict[Kind, str] = {  # for the summary
    "conda": "conda package",
    "variable": "environment variable",
    "module": "own module",
    "path": "import path",
    "kernelspec": "kernel command",
    "hardware": "device",
    "system": "system package",
}


def drift_between(before: Environment, after: Environment) -> Drift:
    """How `after` differs from `before`, gravest first."""
    differences = (
        *_python(before, after),
        *_platform(before, after),
        *_packages(before, after),
        *_conda(before, after),
        *_variables(before, after),
        *around(before.surroundings, after.surroundings),
    )
    ordered = tuple(sorted(differences, key=lambda one: (_ORDER[one.severity], one.kind, one.name)))
    return Drift(
        same=not ordered,
        same_request=before.env_request_id == after.env_request_id,
        summary=_summary(ordered, before, after),
        differences=ordered,
        before=before.env_id,
        after=after.env_id,
    )


def _summary(differences: tuple[Difference, ...], before: Environment, after: Environment) -> str:
    if not differences:
        return "the same environment"
    packages = Counter(one.change for one in differences if one.kind == "package")
    words = [
        f"{sign}{count} package{'s' if count > 1 else ''}"
        for sign, count in (("+", packages["added"]), ("-", packages["removed"]))
        if count
    ]
    if packages["changed"]:
        words.append(f"{packages['changed']} package{'s' if packages['changed'] > 1 else ''} changed")
    kinds = {one.kind: one for one in differences}
    if "platform" in kinds and not words and before.env_request_id == after.env_request_id:
        words.append("same packages, other platform")
    elif "platform" in kinds:
        words.append("other platform")
    if before.python != after.python:
        words.append(f"Python {before.python} → {after.python}")
    counts = Counter(one.kind for one in differences)
    words += [
        f"{counts[kind]} {name}{'s' if counts[kind] > 1 else ''}" for kind, name in _NAMES.items() if counts[kind]
    ]
    return ", ".join(words)


def _python(before: Environment, after: Environment) -> Iterator[Difference]:
    if before.implementation != after.implementation:
        yield Difference(
            "red", "changed", "python", "implementation", before.implementation, after.implementation,
            "another implementation of Python",
        )  # fmt: skip
    if before.python != after.python:
        same_minor = before.python.split(".")[:2] == after.python.split(".")[:2]
        severity: Severity = "amber" if same_minor else "red"
        reason = "another patch release" if same_minor else "another Python version: packages may behave differently"
        yield Difference(severity, "changed", "python", "version", before.python, after.python, reason)


def _platform(before: Environment, after: Environment) -> Iterator[Difference]:
    reasons = {"system": "another operating system", "machine": "another processor", "libc": "another system library"}
    for name, reason in reasons.items():
        one, other = getattr(before, name), getattr(after, name)
        if one != other:
            yield Difference("amber", "changed", "platform", name, one, other, reason)


def _conda(before: Environment, after: Environment) -> Iterator[Difference]:
    """The packages that conda alone knows: those with a distribution of Python are compared as such."""
    olds = {one.name: one for one in before.conda}
    news = {one.name: one for one in after.conda}
    told = {"python", *(one.name for one in (*before.distributions, *after.distributions))}
    for name in sorted({*olds, *news} - told):
        old, new = olds.get(name), news.get(name)
        if old is None or new is None:
            if before.conda and after.conda:  # a package of pip's brings its libraries itself
                one, other = (old.version if old else None), (new.version if new else None)
                change: Literal["added", "removed"] = "added" if old is None else "removed"
                yield Difference("amber", change, "conda", name, one, other, "a library of the environment", "restore")
        elif old.problems != new.problems:
            one, other = ", ".join(old.problems) or "as installed", ", ".join(new.problems) or "as installed"
            yield Difference(
                "red", "changed", "conda", name, one, other, "files differ from what was installed", "reinstall"
            )
        elif (old.version, old.build) != (new.version, new.build):
            one, other = f"{old.version} {old.build}", f"{new.version} {new.build}"
            reason = "another version" if old.version != new.version else "another build of the same version"
            yield Difference("amber", "changed", "conda", name, one, other, reason, "restore")


def _variables(before: Environment, after: Environment) -> Iterator[Difference]:
    if (before.surroundings is None) != (after.surroundings is None):
        return  # one of them was kept without
    for name in sorted({*before.variables, *after.variables}):
        one, other = before.variables.get(name), after.variables.get(name)
        if one != other:
            change = "added" if one is None else "removed" if other is None else "changed"
            severity: Severity = "amber" if name in _RESULTS_VARIABLES or name.endswith("_THREADS") else "info"
            yield Difference(severity, change, "variable", name, one, other, "set differently")  # type: ignore[arg-type]


def _packages(before: Environment, after: Environment) -> Iterator[Difference]:
    olds = {one.name: one for one in before.distributions}
    news = {one.name: one for one in after.distributions}
    same_platform = (before.system, before.machine) == (after.system, after.machine)
    for name in sorted({*olds, *news}):
        old, new = olds.get(name), news.get(name)
        if all(one is None or one.role != "package" for one in (old, new)):
            continue  # installers and mlnb itself come and go without a word, as in the digests
        if new is None and old is not None:
            reason = "no longer installed"
            yield Difference(_grave(old), "removed", "package", name, old.version, None, reason, "restore")
        elif old is None and new is not None:
            yield Difference("amber", "added", "package", name, None, new.version, "not there before", "restore")
        elif old is not None and new is not None:
            yield from _changed(old, new, same_platform)


def _changed(old: Distribution, new: Distribution, same_platform: bool) -> Iterator[Difference]:
    severity = _grave(old, new)

    def differs(
        before: str | None, after: str | None, reason: str, grade: Severity = severity, fix: Fix | None = "restore"
    ) -> Difference:
        return Difference(grade, "changed", "package", new.name, before, after, reason, fix)

    if old.loaded_version != new.loaded_version:
        one, other = old.loaded_version or old.version, new.loaded_version or new.version
        fix: Fix = "restart_kernel" if new.loaded_version else "restore"
        yield differs(one, other, "the kernel has another version in memory than on disk: restart it", "red", fix)
    elif old.version != new.version:
        copies = f", and hides {', '.join(new.hidden)}" if new.hidden != old.hidden and new.hidden else ""
        yield differs(old.version, new.version, f"another version{copies}")
    elif old.problems != new.problems:
        one, other = ", ".join(old.problems) or "as installed", ", ".join(new.problems) or "as installed"
        yield differs(one, other, "files differ from what was installed", "red", "reinstall")
    elif old.origin.tree != new.origin.tree and None not in (old.origin.tree, new.origin.tree):
        yield differs(_state(old), _state(new), "other source files in its work tree", fix=None)
    elif old.origin.commit != new.origin.commit:
        is_same_code = old.origin.tree is not None and old.origin.tree == new.origin.tree
        reason = "another commit of the same source files" if is_same_code else "another commit of the same version"
        yield differs(_state(old), _state(new), reason, "info" if is_same_code else severity, None)
    elif old.origin.dirty != new.origin.dirty and None not in (old.origin.dirty, new.origin.dirty):
        states = {True: "uncommitted changes", False: "as committed", None: "unknown"}
        yield differs(states[old.origin.dirty], states[new.origin.dirty], "its work tree was edited", fix=None)
    elif old.fingerprint != new.fingerprint and same_platform:
        yield differs(old.fingerprint[:12], new.fingerprint[:12], f"other content under the same version {new.version}")
    elif old.hidden != new.hidden:
        one, other = ", ".join(old.hidden) or "the only copy", ", ".join(new.hidden) or "the only copy"
        yield differs(one, other, "another copy lies further down sys.path", "amber", None)


def _state(one: Distribution) -> str | None:
    """How an editable install or one from version control is told in a few letters."""
    commit, tree = one.origin.commit, one.origin.tree
    return f"{commit[:12]}, files {tree[:8]}" if commit and tree else commit or (f"files {tree[:8]}" if tree else None)


def _grave(*ones: Distribution) -> Severity:
    """How much a change of this package matters: less when the process is known not to have imported it."""
    return "amber" if all(one.loaded is False for one in ones) else "red"


def findings(environment: Environment) -> tuple[Difference, ...]:
    """What is wrong with an environment by itself, gravest first: no other one is needed to see it."""
    found = []
    for one in environment.distributions:
        if one.role != "package":
            continue
        if one.loaded_version:
            reason = "the kernel has another version in memory than on disk: restart it"
            found.append(
                Difference(
                    "red", "changed", "package", one.name, one.loaded_version, one.version, reason, "restart_kernel"
                )
            )
        if one.problems:
            reason = "files differ from what was installed"
            told = ", ".join(one.problems)
            found.append(Difference("red", "changed", "package", one.name, "as installed", told, reason, "reinstall"))
        if one.hidden:
            reason = "another copy lies further down sys.path"
            found.append(Difference("info", "added", "package", one.name, one.version, ", ".join(one.hidden), reason))
    if environment.surroundings is not None:
        found += [
            Difference("red", "added", "path", one.name, None, one.place, f"it hides {one.hides}")
            for one in environment.surroundings.shadows
        ]
    return tuple(sorted(found, key=lambda one: (_ORDER[one.severity], one.kind, one.name)))
