"""Credentials in what is saved: they never reach the disk. Where one comes from is written instead, so that it can be had there again.

A stream is first looked through for what may be one, which costs next to nothing. Where something is found it is written again, and each
text that is a credential is replaced by the name of the environment variable of that value, or of the secret (`mlnb.secret`). One
that comes from neither cannot be saved, which names the variable when the snapshot is taken.
"""

from __future__ import annotations

import functools
import os
import re
import types
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from mlnb.core import secrets
from mlnb.core.errors import Damaged, MlnbError
from mlnb.core.records import dataclass, field
from mlnb.core.secrets import is_secret_name, mask
from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.rules import credentials as rules

TAG = "credential"
_LEAST_KNOWN = 8  # a shorter value of an environment variable stands in other texts by chance
_STEMS = tuple(stem.encode() for stem in ("pass", "pwd", "secret", "token", "credential", "auth", "cookie", "key"))
_SIGNS = tuple(sign.encode() for sign in secrets.TELLTALES)
_REST = re.compile(rb"[\w.~+/=-]{8}|-----")  # of what begins like a token of a known form
_URL = re.compile(rb"://[^\s/:@]{0,200}:[^\s/@]{1,1000}@")
_PAIR = re.compile(rb"(?:password|passwd|pwd)\s*=|token\s+[\w.~+/=-]{8}|key\s*=\s*[\w+/=]{16}")
_ANY = re.compile(
    b"|".join(map(re.escape, [*_STEMS, *(sign.lower() for sign in _SIGNS), b"bearer ", b"basic ", b"://"]))
)
_SHORT_TEXT = b"\x8c"  # pickle: a text, whose length follows in one byte
_MOST_HITS = 20_000  # more are looked at one by one
_NAME_BYTES = 100
_FORMS = (
    "plus",
    "%",
    "%/",
    "% +",
)  # how libraries put a password into an address: the letters that they leave as they are
_WAY_OUT = "which snapshots do not keep: take it from the environment or by mlnb.secret"


@dataclass(frozen=True)
class _Sources:
    """Where values come from.

    Attributes:
        secret: values that are known to be credentials, longest first.
        places: kind and name of the place, by value.
    """

    secret: tuple[str, ...] = ()
    places: dict[str, tuple[str, str]] = field(default_factory=dict)


_seen: tuple[object, frozenset[str], _Sources] = (None, frozenset(), _Sources())


def _sources() -> _Sources:
    global _seen
    environment = dict(
        getattr(os.environ, "_data", os.environ)
    )  # not decoded: this is asked for each part of a snapshot
    registered = secrets.registered()
    if environment != _seen[0] or registered != _seen[1]:
        _seen = (environment, registered, _find_sources(dict(os.environ), registered))
    return _seen[2]


def _find_sources(environment: dict[str, str], registered: frozenset[str]) -> _Sources:
    places: dict[str, tuple[str, str]] = {}
    secret = set(registered)
    for name, value in sorted(environment.items(), reverse=True):
        if len(value) < rules.SHORTEST:
            continue
        password = rules.password_in(value)
        if password:
            places[password] = places[rules.plain(password)] = ("url", name)
            secret |= {password, rules.plain(password)}
        if len(value) >= _LEAST_KNOWN and rules.is_credential_name(name) and not value.startswith(("/", "~", "C:\\")):
            secret.add(value)
    for name, value in sorted(environment.items(), key=lambda pair: (is_secret_name(pair[0]), pair[0])):
        places[value] = ("env", name)  # of several the one whose name says what it is
    for value in registered:
        known_as = secrets.name_of(value)
        if known_as is not None:
            places[value] = ("secret", known_as)
    known = {value for value in secret if len(value) >= _LEAST_KNOWN}
    return _Sources(tuple(sorted(known, key=len, reverse=True)), places)


def may_be_in(stream: bytes) -> bool:
    """Whether a credential may have been written to `stream`. It is only looked at more closely where a word says so."""
    if any(value.encode(errors="surrogatepass") in stream for value in _sources().secret):
        return True
    lowered = stream.lower()
    return _ANY.search(lowered) is not None and (_has_form(stream, lowered) or _has_name(stream, lowered))


def _has_form(stream: bytes, lowered: bytes) -> bool:
    """Whether something there has the form of a credential, whatever it stands under."""
    if b"://" in stream and _URL.search(stream):
        return True
    for sign in _SIGNS:
        if sign in stream and any(_REST.match(stream, at + len(sign)) for at in _places(stream, sign)):
            return True
    return any(_REST.match(lowered, at + 7) for at in _places(lowered, b"bearer ")) or any(
        _REST.match(lowered, at + 6) for at in _places(lowered, b"basic ")
    )


def _has_name(stream: bytes, lowered: bytes) -> bool:
    """Whether something there is the name of a credential, or a part of a connection string."""
    for stem in _STEMS:
        for count, at in enumerate(_places(lowered, stem)):
            if count > _MOST_HITS or _PAIR.match(lowered, at) or _is_named(stream, at, at + len(stem)):
                return True
    return False


def _places(data: bytes, word: bytes) -> Iterator[int]:
    at = data.find(word)
    while at >= 0:
        yield at
        at = data.find(word, at + 1)


def _is_named(stream: bytes, start: int, end: int) -> bool:
    """Whether what stands there belongs to a short text that is the name of a credential."""
    begin = stream.rfind(_SHORT_TEXT, max(0, start - _NAME_BYTES - 2), start)
    while begin >= 0:
        last = begin + 2 + stream[begin + 1]
        if begin + 2 <= start and end <= last <= begin + 2 + _NAME_BYTES:
            return rules.is_credential_name(stream[begin + 2 : last].decode(errors="replace"))
        begin = stream.rfind(_SHORT_TEXT, max(0, start - _NAME_BYTES - 2), begin)
    return False


@functools.cache
def is_holder(kind: Any) -> bool:  # noqa: ANN401 - a class, which type checkers do not take for hashable
    """Whether instances of `kind` are saved without the names of their fields, and one is the name of a credential."""
    return kind.__name__ == "Cookie" or any(rules.is_credential_name(name) for name in _fields(kind))


def _fields(kind: type) -> list[str]:
    names = getattr(kind, "__dataclass_fields__", None) or (
        getattr(kind, "_fields", None) if issubclass(kind, tuple) else None
    )
    return [name for name in names or () if isinstance(name, str)]


class Hiding:
    """What stands for the credentials of one stream.

    Attributes:
        is_likely: something was met that may hold one though no name in the stream says so.
        places: where they come from, in words.
    """

    def __init__(self) -> None:
        self.is_likely = False
        self.places: dict[str, None] = {}
        self._named: dict[int, str] = {}
        self._kept: list[object] = []  # so that no identity is used twice
        self._known: _Sources | None = None

    def of(self, item: Any) -> tuple[object, ...] | None:  # noqa: ANN401
        """What stands for `item` in the stream when it is a credential or holds one, else None.

        Raises:
            CannotSave: nobody knows where it comes from.
        """
        kind = type(item)
        if kind is str:
            return self._of_text(item)
        if kind is bytes:
            self._refuse_bytes(item)
        elif isinstance(item, dict):
            self._note(item)
        elif kind is types.FunctionType and item.__defaults__:
            taken = item.__code__.co_varnames[: item.__code__.co_argcount]
            self._note(dict(zip(reversed(taken), reversed(item.__defaults__), strict=False)))
        elif not isinstance(item, type) and is_holder(item.__class__):
            named = {name: getattr(item, name, None) for name in _fields(kind)}
            self._note(named or {"cookie": getattr(item, "value", None)})
        return None

    def _note(self, items: dict[Any, Any]) -> None:
        for value, name in rules.named_credentials(items):
            self._kept.append(value)
            self._named[id(value)] = name

    def _of_text(self, text: str) -> tuple[object, ...] | None:
        name = self._named.get(id(text))
        spans = rules.spans_of(text)
        sources = self._known = self._known or _sources()
        if name is None and not spans and not any(value in text for value in sources.secret):
            return None
        place = sources.places.get(text)
        if place is not None:
            return TAG, (self._told(place),)
        if not spans and name is not None and not any(value in text for value in sources.secret):
            raise _refused(name)
        parts = self._parts(text, spans or _known_in(text, sources), sources)
        return TAG, tuple(parts)

    def _parts(self, text: str, spans: list[rules.Span], sources: _Sources) -> Iterator[object]:
        position = 0
        for span in spans:
            value = text[span.start : span.end]
            place, plain = sources.places.get(value), rules.plain(value)
            form: str | None = "" if place else next((one for one in _FORMS if _written(plain, one) == value), None)
            place = place or sources.places.get(plain)
            if place is None or form is None:
                raise _refused(span.what)
            yield text[position : span.start]
            yield self._told(place, form)
            position = span.end
        yield text[position:]

    def _told(self, place: tuple[str, str], form: str = "") -> tuple[str, str, str]:
        kind, name = place
        self.places[f"the secret {name}" if kind == "secret" else f"the environment variable {name}"] = None
        return kind, name, form

    def _refuse_bytes(self, data: bytes) -> None:
        name = self._named.get(id(data))
        if name is not None:
            raise _refused(name)

    @property
    def note(self) -> str:
        """Where they come from, in words; empty: there were none."""
        return f"a credential in it is taken from {' and '.join(self.places)}" if self.places else ""


def _known_in(text: str, sources: _Sources) -> list[rules.Span]:
    found: list[rules.Span] = []
    for value in sources.secret:
        start = text.find(value)
        while start >= 0:
            end = start + len(value)
            if all(end <= one.start or start >= one.end for one in found):
                found.append(rules.Span(start, end, "a secret"))
            start = text.find(value, end)
    return sorted(found, key=lambda one: one.start)


def _refused(what: str) -> CannotSave:
    return CannotSave(f"it holds a credential ({mask(what)}), {_WAY_OUT}")


def is_refusal(reason: str) -> bool:
    """Whether a variable is not saved for a credential in it. Then nothing is kept of its value, a digest neither: words can be tried."""
    return reason.endswith(_WAY_OUT)


def _written(value: str, form: str) -> str:
    """`value` as addresses have it, in one of `_FORMS`; empty: as it is."""
    if not form:
        return value
    return quote_plus(value) if form == "plus" else quote(value, safe=form[1:])


class Finding:
    """The credentials of a stream that is loaded, had again where they come from."""

    def __init__(self) -> None:
        self._found: dict[object, str] = {}

    def of(self, parts: Any) -> str:  # noqa: ANN401 - from the stream
        """The text that `parts` stand for.

        Raises:
            MlnbError: what it comes from is not here.
            Damaged: they stand for none.
        """
        if parts not in self._found:
            self._found[parts] = "".join(part if isinstance(part, str) else _had(part) for part in parts)
        return self._found[parts]


def _had(part: Any) -> str:  # noqa: ANN401 - from the stream
    if not (isinstance(part, tuple) and len(part) == 3 and isinstance(part[1], str)):
        raise _unknown()
    kind, name, form = part
    if form not in ("", *_FORMS):
        raise _unknown()
    value = secrets.get(name) if kind == "secret" else os.environ.get(name)
    if value is not None and kind == "url":
        value = rules.password_in(value)
    if value is None:
        raise MlnbError(f"it needs the environment variable {name}, which is not set here as it was")
    secrets.register(value)
    return _written(rules.plain(value) if form and kind == "url" else value, form)


def _unknown() -> Damaged:
    return Damaged("a value refers to something that mlnb did not write", "See `mlnb snapshot verify`.")
