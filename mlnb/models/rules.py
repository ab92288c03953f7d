"""Decisions about runs and models: no I/O, no clock, no MLflow."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

from mlnb.core.errors import BadInput
from mlnb.models.types import Difference, IndexedRun, Run, RunComparison

FINAL_STATUSES = frozenset({"FINISHED", "FAILED", "KILLED"})
WRITTEN_BY_READERS = frozenset(
    {"registered_model_meta"}
)  # MLflow leaves it in a model's folder when it loads a version
_LONG_TAGS = frozenset({"mlflow.log-model.history", "mlflow.loggedModels"})


def model_digest(files: Iterable[tuple[str, str]]) -> str:
    """The digest of a model: SHA-256 (64 hex characters) over its files, whatever the order they are given in.

    Args:
        files: relative POSIX path and SHA-256 (hex) of each file; files that readers leave behind do not count.
    """
    whole = hashlib.sha256()
    for path, digest in sorted(files):
        if path not in WRITTEN_BY_READERS:
            whole.update(f"{path}\0{digest}\n".encode())
    return whole.hexdigest()


def order_clause(order_by: str | None) -> list[str]:
    """MLflow's order clause for ``METRIC`` (highest first), ``METRIC asc``, or None (newest first).

    Raises:
        BadInput: it is not the name of a metric.
    """
    if not order_by:
        return ["attributes.start_time DESC"]
    match = re.fullmatch(r"(?P<name>[\w ./:-]+?)(?:\s+(?P<way>asc|desc))?", order_by.strip(), re.IGNORECASE)
    if match is None:
        raise BadInput(
            f"{order_by!r} is not the name of a metric", "Name a metric, and 'asc' behind it for the lowest first."
        )
    return [f"metrics.`{match['name']}` {(match['way'] or 'desc').upper()}", "attributes.start_time DESC"]


def shown_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """The tags worth showing: without the long JSON that MLflow keeps for itself."""
    return {key: value for key, value in tags.items() if key not in _LONG_TAGS}


def compare(a: Run, b: Run) -> RunComparison:
    """What two runs do not share."""
    return RunComparison(
        a, b, _differences(a.params, b.params), _differences(a.metrics, b.metrics), _differences(a.tags, b.tags)
    )


def _differences(a: Mapping[str, str | float], b: Mapping[str, str | float]) -> list[Difference]:
    return [
        Difference(name, a.get(name), b.get(name)) for name in sorted({*a, *b}) if not _same(a.get(name), b.get(name))
    ]


def _same(a: str | float | None, b: str | float | None) -> bool:
    both_not_a_number = isinstance(a, float) and isinstance(b, float) and a != a and b != b
    return a == b or both_not_a_number


def indexed(data: Mapping[str, Any]) -> IndexedRun | None:
    """What a spool record says for the index, or None when it says nothing."""
    tags = data.get("tags") or {}
    found = (data.get("experiment"), tags.get("mlnb.notebook"), tags.get("mlnb.job"), tags.get("mlnb.snapshot"))
    if data.get("kind") not in ("run_started", "run_logged") or not any(found):
        return None
    return IndexedRun(data["run_id"], *found)


def split_model_name(text: str) -> tuple[str, str | None, str | None]:
    """Name, version and alias of ``NAME``, ``NAME/3`` or ``NAME@alias``; version or alias or both are None."""
    if "@" in text:
        name, _, alias = text.rpartition("@")
        return name, None, alias
    name, slash, version = text.rpartition("/")
    if slash and version.isdecimal():
        return name, version, None
    return text, None, None
