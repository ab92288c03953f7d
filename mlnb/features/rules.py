"""Decisions about features, without data or clock: what a reference means, when a definition is new, how search compares."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mlnb.core.errors import BadInput
from mlnb.features.code import is_same_code
from mlnb.features.definition import FeatureDefinition
from mlnb.features.errors import FeatureNotFound
from mlnb.features.types import Change, FeatureView

_REFERENCE = re.compile(r"(?P<view>\w+)(?:@(?P<version>\d+))?(?::(?P<feature>.+))?")
_TYPES = {
    "double": "float64", "float": "float32", "halffloat": "float16", "large_string": "string", "string_view": "string",
    "date32[day]": "date", "large_binary": "binary", "null": "unknown",
}  # fmt: skip
LEAST_SIMILARITY = 0.4
_WORDS = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Reference:
    """What a caller asks for: ``view:feature``, ``view`` (all its features) or ``view@version:feature``."""

    view: str
    version: int | None
    feature: str | None


def reference_from_text(text: str) -> Reference:
    """The reference that `text` writes.

    Raises:
        BadInput: it has another form.
    """
    match = _REFERENCE.fullmatch(text.strip())
    if match is None:
        raise BadInput(f"{text!r} does not name a feature", "Write view:feature, such as spend:total_7d.")
    version = match["version"]
    return Reference(match["view"], None if version is None else int(version), match["feature"])


def features_of(view: FeatureView, references: Sequence[Reference]) -> list[str]:
    """The features of `view` that `references` ask for, each once, in the order asked for.

    Raises:
        FeatureNotFound: `view` has no such feature.
    """
    known = [field.name for field in view.fields]
    wanted: list[str] = []
    for reference in references:
        if reference.feature is not None and reference.feature not in known:
            raise FeatureNotFound(
                f"{view.name} (version {view.version}) has no feature {reference.feature!r}",
                f"It has: {', '.join(known)}.",
            )
        wanted += known if reference.feature is None else [reference.feature]
    return list(dict.fromkeys(wanted))


def column_names(wanted: Sequence[tuple[str, str]], taken: Sequence[str]) -> dict[tuple[str, str], str]:
    """How each (view, feature) is called in a result: its own name, or ``view__feature`` where that is not unique.

    Args:
        wanted: the features.
        taken: names of columns that are in the result already.
    """
    counts = Counter(feature for _, feature in wanted)
    return {
        (view, feature): feature if counts[feature] == 1 and feature not in taken else f"{view}__{feature}"
        for view, feature in wanted
    }


def registered(latest: FeatureView | None, new: FeatureView) -> tuple[FeatureView, Change]:
    """What `new` becomes in the catalogue, and what that changed.

    Args:
        latest: the newest version of that name, or None.
        new: the definition as it is now; its version does not count.
    """
    if latest is None:
        return dataclasses.replace(new, version=1), "created"
    owner = new.owner or latest.owner
    same = is_same_code(latest.code, new.code) and all(
        getattr(latest, name) == getattr(new, name) for name in ("entity", "source", "timestamp", "created", "ttl_s")
    )
    if not same:
        return dataclasses.replace(new, version=latest.version + 1, owner=owner), "new_version"
    kept = dataclasses.replace(new, version=latest.version, owner=owner, created_at=latest.created_at)
    stored = dataclasses.replace(latest, freshness=None, materialized_at=None)
    return kept, "unchanged" if kept == stored else "updated"


def makes(definition: FeatureDefinition, code: str, view: FeatureView) -> bool:
    """Whether `definition`, with the code `code`, is what made `view`: the same code on the same source."""
    same = (definition.entity, definition.source, definition.timestamp, definition.ttl_s)
    return same == (view.entity.join_keys, view.source, view.timestamp, view.ttl_s) and is_same_code(code, view.code)


def type_name(arrow: str) -> str:
    """How the Arrow type `arrow` is called on screen."""
    if arrow.startswith("timestamp"):
        return "timestamp"
    if arrow.startswith("dictionary"):
        return "category"
    return _TYPES.get(arrow, arrow)


# ---- search and paging -----------------------------------------------------------------------------------------------------


def terms_of(text: str) -> list[str]:
    """The words to look for, in lower case."""
    return [word.lower() for word in _WORDS.findall(text)]


def similarity(one: str, other: str) -> float:
    """How much two words are alike: 0 to 1, by the pairs of letters they share (a typo costs little)."""
    pairs, others = _pairs(one), _pairs(other)
    return 2 * len(pairs & others) / (len(pairs) + len(others))


def _pairs(word: str) -> set[str]:
    padded = f" {word} "
    return {padded[i : i + 2] for i in range(len(padded) - 1)}


def cursor_from(position: str | int) -> str:
    """An opaque cursor for `position`."""
    return base64.urlsafe_b64encode(json.dumps(position).encode()).decode().rstrip("=")


def position_from(cursor: str) -> str | int:
    """The position that `cursor_from` hid.

    Raises:
        BadInput: `cursor` is none of ours.
    """
    try:
        position = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError as error:
        raise BadInput("the cursor is not valid", "Begin again without one.") from error
    if not isinstance(position, (str, int)):
        raise BadInput("the cursor is not valid", "Begin again without one.")
    return position
