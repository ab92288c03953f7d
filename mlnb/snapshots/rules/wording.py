"""What mlnb notes by itself, said as a person would: why a state was kept, why a value cannot be."""

from __future__ import annotations

import re

_REASONS = (
    (re.compile(r"end of (job-\S+)"), r"Last state of a job (\1)"),
    (re.compile(r"end of (run-\S+)"), r"Last state of a run (\1)"),
    (re.compile(r"before restore of (\S+)"), r"Before going back to \1"),
    (re.compile(r"after cell run (\d+)"), r"After cell run \1"),
    (re.compile(r"cell run (\d+) failed"), r"Cell run \1 failed"),
    (re.compile(r"autosave"), r"Text as typed"),
)
_ERRORS = (
    (re.compile(r"containing pointers"), "it holds a pointer into memory, which lives in this kernel only"),
    (
        re.compile(r"no default __reduce__|cannot be converted to a Python object for pickling"),
        "its library keeps it outside of Python and tells no way to save it",
    ),
    (
        re.compile(r"Can't (?:get|pickle) local object|Can't get attribute"),
        "it refers to something by a name that leads nowhere",
    ),
)
_VOWELS = "aeiouAEIOU"


def words_from_reason(reason: str) -> str:
    """Why a snapshot was taken; what mlnb noted by itself in words, what a person said as it is."""
    for pattern, words in _REASONS:
        found = pattern.fullmatch(reason)
        if found:
            return found.expand(words)
    return reason


def words_from_error(kind: str, text: str) -> str:
    """Why a value cannot be saved or loaded, from the type and the message of the error that ended it."""
    known = next((words for pattern, words in _ERRORS if pattern.search(text)), None)
    if known is not None:
        return known
    return f"Python gave up: {kind}: {text}" if text else f"Python gave up: {kind}"


def a(noun: str) -> str:
    """`noun` with its article: ``a socket``, ``an iterator``, ``an SSLContext``."""
    is_spelled_with_vowel = noun[:2].isupper() and noun[0] in "AEFHILMNORSX"  # S is said "es"
    return f"{'an' if noun[:1] in _VOWELS or is_spelled_with_vowel else 'a'} {noun}"
