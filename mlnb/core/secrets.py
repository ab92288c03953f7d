"""Secrets: masked wherever mlnb writes text, whether registered by value or looking like a credential."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Mapping
from typing import Any

from mlnb.core.errors import SecretNotFound

MASK = "••••••"
_SHORTEST = 6  # a shorter registered value would blot out ordinary words

_values: set[str] = set()
_names: dict[str, str] = {}  # of those that were asked for by name
_lock = threading.Lock()

_NAME = r"(?:[\w.-]*(?:pass(?:word|wd|phrase)?|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|credential|auth)[\w.-]*)"
_NAME_ONLY = re.compile(rf"^{_NAME}$", re.IGNORECASE)
_NOT_SECRET_NAME = re.compile(
    r"(?:^|_)(?:token(?:s|izer\w*|_count|_limit|s_per\w*)|max_tokens?|num_tokens?|n_tokens?|token_(?:pattern|type\w*)|(?:pad|eos|bos|unk|sep|cls|mask|special|stop|start|end)_token\w*|author(?!ization)\w*|secretar\w*|passenger\w*|passed|passes|pass_rate|compass)$",
    re.IGNORECASE,
)
_PATTERNS = (  # each with texts of which it needs one: to look for them takes a hundredth of the time
    (("AKIA", "ASIA"), re.compile(r"\b(?:AKIA|ASIA)[0-9A-Z]{16}\b")),  # AWS access key id
    (("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), re.compile(r"\bgh[pousr]_[A-Za-z0-9]{30,}\b")),  # GitHub tokens
    (("github_pat_",), re.compile(r"\bgithub_pat_[A-Za-z0-9_]{30,}\b")),
    (("glpat-",), re.compile(r"\bglpat-[A-Za-z0-9_-]{20,}\b")),  # GitLab
    (("hf_",), re.compile(r"\bhf_[A-Za-z0-9]{30,}\b")),  # Hugging Face
    (("sk-",), re.compile(r"\bsk-(?:[a-z]+-)*[A-Za-z0-9_-]{20,}\b")),  # OpenAI and Anthropic style
    (("xox",), re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}\b")),  # Slack
    (("AIza",), re.compile(r"\bAIza[0-9A-Za-z_-]{35}\b")),  # Google
    (("eyJ",), re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\b")),  # JSON web token
    (
        ("PRIVATE KEY",),
        re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL),
    ),
)
TELLTALES = tuple(need for needs, _ in _PATTERNS for need in needs)
"""Each text that `mask` knows for a credential by its form alone has one of these in it."""
_URL_PASSWORD = re.compile(r"(?P<head>\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)(?P<value>[^\s/@]+)(?P<tail>@)", re.IGNORECASE)
_BEARER = re.compile(r"(?P<head>\bBearer\s+)(?P<value>[A-Za-z0-9._~+/=-]{12,})", re.IGNORECASE)
_ASSIGNED = re.compile(
    rf"""(?P<head>(?<![\w.-])(?P<name>{_NAME})["']?\s*[:=]\s*["']?(?:(?:Basic|Bearer|Token)\s+)?)(?P<value>[^\s"',;&]{{4,}})""",
    re.IGNORECASE,
)


def register(value: str) -> None:
    """Mask `value` from now on in everything this process writes through `mask`. Very short values are ignored."""
    if len(value) >= _SHORTEST:
        with _lock:
            _values.add(value)


def registered() -> frozenset[str]:
    """The values registered so far (for handing to a child process; never to be written)."""
    with _lock:
        return frozenset(_values)


def name_of(value: str) -> str | None:
    """The name under which `get` gave `value` in this process, or None."""
    with _lock:
        return _names.get(value)


def is_secret_name(name: str) -> bool:
    """Whether a variable, parameter or setting called `name` holds a credential, judging by the name alone."""
    return bool(_NAME_ONLY.match(name)) and not _NOT_SECRET_NAME.search(name)


def mask(text: str) -> str:
    """`text` with registered values and everything that looks like a credential replaced by ``••••••``."""
    for value in sorted(registered(), key=len, reverse=True):
        text = text.replace(value, MASK)
    for needs, pattern in _PATTERNS:
        if any(need in text for need in needs):
            text = pattern.sub(MASK, text)
    if "://" in text:
        text = _URL_PASSWORD.sub(rf"\g<head>{MASK}\g<tail>", text)
    text = _BEARER.sub(rf"\g<head>{MASK}", text)
    return _ASSIGNED.sub(_mask_assigned, text)


def _mask_assigned(match: re.Match[str]) -> str:
    value = match["value"]
    if _NOT_SECRET_NAME.search(match["name"]) or value.startswith((MASK, "$", "{", "os.", "getpass", "mlnb.secret")):
        return match[0]
    return match["head"] + MASK


def mask_tree(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A JSON value with every string masked; a value under a name that means a credential is masked whole."""
    if isinstance(value, str):
        return mask(value)
    if isinstance(value, Mapping):
        return {
            k: MASK if isinstance(v, str) and v and is_secret_name(str(k)) else mask_tree(v) for k, v in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [mask_tree(item) for item in value]
    return value


def get(name: str) -> str:
    """The secret `name`: from the environment (``MLNB_SECRET_<NAME>``, as jobs get it) or the user's keyring.

    Raises:
        SecretNotFound: it is set in neither.
    """
    variable = f"MLNB_SECRET_{name.upper().replace('-', '_')}"
    value = os.environ.get(variable) or _from_keyring(name)
    if not value:
        way_out = f"Set the environment variable {variable}, or keep it in the keyring: keyring set mlnb {name}."
        raise SecretNotFound(f"there is no secret named {name!r}", way_out)
    register(value)
    with _lock:
        _names[value] = name
    return value


def _from_keyring(name: str) -> str | None:
    try:
        import keyring  # noqa: PLC0415 - optional and slow to import
    except ImportError:
        return None
    value: str | None = keyring.get_password("mlnb", name)
    return value
