"""Which texts are credentials: by the name that they stand under, or by their own form.

A text in which a credential is only mentioned, such as a mail or a page, is none: data stay data. What counts is a text that is one as a
whole, or an address or a connection string whose password it is.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from typing import Any, TypeGuard
from urllib.parse import unquote

from mlnb.core.records import dataclass
from mlnb.core.secrets import MASK, TELLTALES, is_secret_name, mask

SHORTEST = 6
"""A shorter text under the name of a credential is taken for a word."""
_LONGEST = 10_000
_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie"})
_ABOUT = re.compile(
    r"[_-](?:type|method|mode|ur[il]|path|file|filename|folder|dir|sock|name|class|provider|pattern|header|prefix|field|column|env|var"
    r"|variable|expir\w*|expires\w*|length|size|count|scope|scopes|id|ids|schemes?)$|authority$|oauth_version$",
    re.IGNORECASE,
)
"""Ends of names that say something about a credential and are not it."""
_STRONG = re.compile(r"pass|secret|key|credential", re.IGNORECASE)
_SURE = re.compile(
    r"(?:^|[\W_])(?:pass(?:word|wd|phrase)|pwd|secret|credential)s?$|(?:api|access|private|secret|account|shared)[_-]?keys?$|[a-z]Password$"
    r"|^(?:db_|user_|smtp_)?pass$",
    re.IGNORECASE,
)
"""Names that are given to nothing but credentials. ``token``, ``key`` and ``auth`` are given to words and ids too."""
_LEAST_RANDOM = 16
_URL = re.compile(r"(?i:[a-z][a-z0-9+.-]*)://[^\s/:@]*:(?P<value>[^\s/@]+)@\S*")
_BEARER = re.compile(r"(?i:bearer|basic|token)\s+(?P<value>[A-Za-z0-9._~+/=-]{8,})")
_PAIR = re.compile(r"""\s*(?P<name>[\w .-]+?)\s*=\s*(?P<value>'[^']*'|"[^"]*"|\{[^}]*\}|[^\s;'"{]*)\s*(?:;|\s|$)""")
_PASSWORD = re.compile(r"(?i)(?:[\w.-]*password|pwd|passwd|accountkey|sharedaccesskey)")
_WORD = re.compile(r"[a-z]+(?:[_-][a-z]+)*|[A-Z]+(?:_[A-Z]+)*")
_BRACKETS = ("<", "[", "{", "$", "(", MASK)
_MOST_LISTED = 20


@dataclass(frozen=True)
class Span:
    """A credential within a text: where it stands, and what it is called."""

    start: int
    end: int
    what: str


@functools.lru_cache(maxsize=10_000)
def is_credential_name(name: str) -> bool:
    """Whether what stands under `name` in a mapping, or as an attribute, is a credential."""
    is_path = name.count(".") > 1  # an event or a logger, not a setting
    return name.lower() in _HEADERS or (is_secret_name(name) and not is_path and not _ABOUT.search(name))


def named_credentials(items: Mapping[Any, Any]) -> list[tuple[object, str]]:
    """The values in `items` that are credentials by their names, each with the name.

    Under such a name the second of a pair counts (``auth = (user, password)``), and what a short list or a mapping of pairs holds.
    """
    found: list[tuple[object, str]] = []
    for key, value in list(dict.items(items) if isinstance(items, dict) else items.items()):
        if isinstance(key, str) and len(key) < 100 and is_credential_name(key):
            is_login = isinstance(value, tuple) and len(value) == 2
            found += [(one, key) for one in _candidates(value, key) if _may_be_value(one, key, is_sure=is_login)]
    return found


def _candidates(value: object, key: str, depth: int = 0) -> list[object]:
    if isinstance(value, str | bytes):
        return [value]
    if isinstance(value, tuple | list) and len(value) == 2 and all(isinstance(one, str | bytes) for one in value):
        return [value[1]]
    if isinstance(value, tuple | list) and len(value) <= _MOST_LISTED and _STRONG.search(key):
        return [one for one in value if isinstance(one, str | bytes)]
    if isinstance(value, dict) and depth < 3:
        nested = [one for one in dict.values(value) if isinstance(one, tuple | dict)]
        return [one for part in nested[:_MOST_LISTED] for one in _candidates(part, key, depth + 1)]
    return []


def _may_be_value(value: object, key: str, *, is_sure: bool) -> bool:
    if isinstance(value, bytes):
        return len(value) >= SHORTEST
    text = str(value)
    is_word = (_WORD.fullmatch(text) and is_secret_name(text)) or (text.isalpha() and not _STRONG.search(key))
    if not SHORTEST <= len(text) <= _LONGEST or is_word or text.startswith(_BRACKETS):
        return False
    if not (is_sure or _SURE.search(key) or key.lower() in _HEADERS or _is_random(text)):
        return False
    has_space = any(letter.isspace() for letter in text)
    return not has_space or key.lower() in _HEADERS or "PRIVATE KEY" in text


def _is_random(text: str) -> bool:
    """Whether `text` looks as if a machine had made it up."""
    return len(text) >= _LEAST_RANDOM and any(map(str.isdigit, text)) and any(map(str.isalpha, text))


def spans_of(text: str) -> list[Span]:
    """The credentials that `text` is, or is an address with; empty: none."""
    if not SHORTEST <= len(text) <= _LONGEST:
        return []
    if "://" in text:
        found = _URL.fullmatch(text)
        return [Span(*found.span("value"), f"the password of {mask(text)}")] if _is_given(found) else []
    found = _BEARER.fullmatch(text) if text[0] in "bBtT" else None
    if found:
        return [Span(*found.span("value"), "a token")] if not found["value"].isalpha() else []
    if "=" in text:
        return _pairs(text)
    is_one = any(sign in text for sign in TELLTALES) and mask(text).strip() == MASK
    return [Span(0, len(text), "a token or key")] if is_one else []


def _is_given(found: re.Match[str] | None) -> TypeGuard[re.Match[str]]:
    return found is not None and not found["value"].startswith(_BRACKETS)


def _pairs(text: str) -> list[Span]:
    """Of a connection string (``host=db user=me password=x``, ``Server=db;Pwd=x``), all of which has to be one."""
    if "=" not in text or not _PASSWORD.search(text):
        return []
    spans, position = [], 0
    while position < len(text):
        found = _PAIR.match(text, position)
        if found is None or found.end() == position:
            return []
        if _PASSWORD.fullmatch(found["name"].strip()) and found["value"].strip("'\"{}"):
            spans.append(Span(*found.span("value"), f"the password of {_without(text, found)}"))
        position = found.end()
    return spans if len(spans) > 0 and text.count("=") > 1 else []


def _without(text: str, found: re.Match[str]) -> str:
    return mask(text[: found.start("value")]) + MASK + mask(text[found.end("value") :])


def password_in(url: str) -> str | None:
    """The password of an address, as it stands there; None: it has none."""
    found = _URL.fullmatch(url)
    return found["value"] if found else None


def plain(password: str) -> str:
    """A password out of an address as it was before it was put there."""
    return unquote(password)
