"""When what surrounds the packages differs, and how much it matters. Pure decisions on captures."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mlnb.envs.types import Difference, Kind, Severity, Surroundings

_MOST_SYSTEM_PACKAGES = 10  # more of them are one line: another base system


def around(before: Surroundings | None, after: Surroundings | None) -> Iterator[Difference]:
    """The differences of two surroundings; none when one of them was not looked at."""
    if before is None or after is None:
        return
    yield from _modules(before, after)
    yield from _paths(before, after)
    yield from _kernels(before, after)
    yield from _hardware(before, after)
    yield from _system(before, after)


def _change(before: object, after: object) -> Literal["added", "removed", "changed"]:
    return "added" if before is None else "removed" if after is None else "changed"


def _differ(severity: Severity, kind: Kind, name: str, before: str | None, after: str | None, why: str) -> Difference:
    return Difference(severity, _change(before, after), kind, name, before, after, why)


def _modules(before: Surroundings, after: Surroundings) -> Iterator[Difference]:
    olds = {one.name: one for one in reversed(before.modules)}  # the first of a name is the one that is imported
    news = {one.name: one for one in reversed(after.modules)}
    for name in sorted({*olds, *news}):
        old, new = olds.get(name), news.get(name)
        if old is not None and new is not None:
            if old.fingerprint != new.fingerprint:
                severity: Severity = "amber" if old.loaded is False and new.loaded is False else "red"
                one, other = old.fingerprint[:12], new.fingerprint[:12]
                yield _differ(severity, "module", name, one, other, f"{name} in {new.place} was edited")
        elif old is not None and old.loaded:
            yield _differ("red", "module", name, old.fingerprint[:12], None, f"it was imported from {old.place}")
        elif new is not None and new.loaded:
            yield _differ("info", "module", name, None, new.fingerprint[:12], f"it is imported from {new.place}")
        # a module that nobody is known to import is not part of what ran


def _paths(before: Surroundings, after: Surroundings) -> Iterator[Difference]:
    olds = {one.name: one for one in before.shadows}
    news = {one.name: one for one in after.shadows}
    for name in sorted({*olds, *news}):
        old, new = olds.get(name), news.get(name)
        there = new or old
        if there is not None and (old is None or new is None or old.hides != new.hides):
            hides = f"`import {name}` {'takes' if new else 'took'} {there.place}/{name}, which hides {there.hides}"
            yield _differ("red", "path", name, old.place if old else None, new.place if new else None, hides)
    for name in sorted({*before.path_files, *after.path_files}):
        one, other = before.path_files.get(name), after.path_files.get(name)
        if one != other:
            yield _differ("amber", "path", name, one and one[:12], other and other[:12], "it runs when Python starts")


def _kernels(before: Surroundings, after: Surroundings) -> Iterator[Difference]:
    for name in sorted({*before.kernelspecs} & {*after.kernelspecs}):  # one more kernel is no other environment
        one, other = before.kernelspecs[name], after.kernelspecs[name]
        if one != other:
            is_other_python = _program(one) != _program(other)
            reason = "its kernel runs another program" if is_other_python else "its kernel is started with other words"
            severity: Severity = "red" if is_other_python else "amber"
            yield _differ(severity, "kernelspec", name, " ".join(one), " ".join(other), reason)
    if before.flags is not None and after.flags is not None and before.flags != after.flags:
        one_line, other_line = " ".join(before.flags) or "none", " ".join(after.flags) or "none"
        yield _differ("amber", "python", "flags", one_line, other_line, "Python was started with other flags")


def _program(words: list[str]) -> str:
    return next((word for word in words if "=" not in word), "")


def _hardware(before: Surroundings, after: Surroundings) -> Iterator[Difference]:
    rows: tuple[tuple[Severity, str, str, str, str], ...] = (
        ("amber", "CUDA", before.cuda, after.cuda, "another CUDA toolkit"),
        ("info", "driver", before.driver, after.driver, "another graphics driver"),
        ("amber", "graphics", ", ".join(before.gpus), ", ".join(after.gpus), "sums may differ in their last digits"),
        ("amber", "processors", str(before.cpus), str(after.cpus), "parallel sums may differ in their last digits"),
    )
    for severity, name, one, other, reason in rows:
        if one != other:
            yield _differ(severity, "hardware", name, one or None, other or None, reason)


def _system(before: Surroundings, after: Surroundings) -> Iterator[Difference]:
    if before.operating_system != after.operating_system:
        one, other = before.operating_system or None, after.operating_system or None
        yield _differ("info", "system", "operating system", one, other, "another release")
    olds, news = before.system_packages, after.system_packages
    if olds is None or news is None:
        return
    names = [name for name in sorted({*olds, *news}) if olds.get(name) != news.get(name)]
    if len(names) > _MOST_SYSTEM_PACKAGES:
        told = f"{', '.join(names[:3])} and {len(names) - 3} more"
        yield _differ(
            "info", "system", "system packages", str(len(olds)), str(len(news)), f"another base system: {told}"
        )
        return
    for name in names:
        yield _differ("info", "system", name, olds.get(name), news.get(name), "a package of the system")
