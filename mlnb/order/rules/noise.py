"""What differs between two runs of the same code and means nothing: times, addresses, made-up ids, progress bars, the order of sets."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

_UNIT = r"(?:ns|µs|μs|us|ms|s|sec|secs|seconds?|min|minutes?|it/s|s/it|B/s|kB/s|KB/s|MB/s|GB/s|KiB/s|MiB/s|GiB/s)"
_NUMBER = r"\d+(?:[.,]\d+)?(?:e[-+]?\d+)?"
_DAY = r"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*"
_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
_MOMENT = re.compile(
    r"\b\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?"
    r"|\bdatetime\.(?:datetime|date)\(\d{4}, \d+, \d+(?:, \d+)*(?:, tzinfo=[\w.]+)?\)"
    rf"|\b{_DAY},? (?:{_MONTH} +\d+|\d+ {_MONTH})(?:,? \d{{4}})?,? \d{{2}}:\d{{2}}:\d{{2}}(?: [A-Z]{{3,4}})?(?: \d{{4}})?"
)
_NOTED = re.compile(r"<dc:date>[^<]*</dc:date>")
_FIELDS = re.compile(r"\d+")
_NEAR = timedelta(hours=26)  # a time is written in some time zone
_PATTERNS = tuple(
    (re.compile(pattern), word)
    for pattern, word in (
        (r"\x1b\[[0-9;?]*[A-Za-z]", ""),
        (r"[^\r\n]*\r(?!\n)", ""),  # a progress bar is overwritten: what stands last counts
        (r"[^\n]*?\d+%\s?\|[^\n|]*\|[^\n]*", "<progress>"),
        (r"\d+/\d+ [━─=>. \[\]]*[━=][^\n]*?(?=\s-\s|\n|$)", "<progress>"),
        (r"0x[0-9a-fA-F]{6,}", "<address>"),
        (r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", "<id>"),
        (r"\b(?:snap|job|run|cert|ses)-[0-9a-z]{8,}\b", "<id>"),
        (r"(?<!day )(?<!days )\b\d{1,2}:\d{2}:\d{2}(?:[.,]\d+)?\b", "<time>"),
        (rf"(?<![\w.]){_NUMBER} ?{_UNIT}\b(?: ± {_NUMBER} ?{_UNIT}\b)?", "<duration>"),
        (r"(?:/private)?/(?:tmp|var/folders)/[\w./-]+", "<temporary>"),
        (r"<ipython-input-\d+-[0-9a-f]+>|ipykernel_\d+/\d+\.py|(?:Cell )?In ?\[\d+\]", "<cell>"),
        (r"\b[Pp][Ii][Dd][ =:]+\d+\b", "<process>"),
    )
)  # fmt: skip
_MARKUP_ID = re.compile(
    r"""\b(?:(?:id|for|aria-labelledby|data-[\w-]*id)\s*=\s*["']|(?:href|clip-path|fill|filter|mask)\s*=\s*["'](?:url\()?#)"""
    r"""(?=[^"')]*\d)([\w.:-]{4,})\)?["']"""
)
_MARKUP = (
    (re.compile(r"\bsk-container-id-\d+"), "<id>"),
    (re.compile(r"\bT_[0-9a-f]{5,}(?=[_\s\"'#.,{]|$)"), "<id>"),
    (re.compile(r"<!--.*?-->", re.DOTALL), ""),
    (re.compile(r"\bCreator:? ?Matplotlib v[\w.]+[^<\n]*|Matplotlib v[\w.+-]+, https://matplotlib\.org/"), "<writer>"),
)  # fmt: skip
_SET = re.compile(r"\{([^{}:]*)\}")


def without_noise(text: str, *, is_markup: bool = False) -> str:
    """`text` with a word in place of everything that means nothing.

    Args:
        text: an output.
        is_markup: whether it is HTML, SVG or the like, where made-up ids tie elements together.
    """
    if is_markup:
        for number, name in enumerate(dict.fromkeys(_MARKUP_ID.findall(text))):
            text = text.replace(name, f"<id {number}>")
        for pattern, word in _MARKUP:
            text = pattern.sub(word, text)
    for pattern, word in _PATTERNS:
        text = pattern.sub(word, text)
    if not is_markup:
        text = _SET.sub(_sorted_set, text)
    return "\n".join(line.rstrip() for line in text.splitlines()).rstrip()


def moments(text: str, now: datetime | None) -> tuple[str, list[str]]:
    """`text` with a word in place of each date with a time, and these, as ``now`` where they are about `now`.

    A time is noise when it is that of the run itself. Others are data: two texts are the same only when those are equal.

    Args:
        text: an output.
        now: the time of the fresh run; None to take every time for that of a run.
    """
    text = _NOTED.sub("", text)
    found = ["now" if now is None or _is_near(one[0], now) else one[0] for one in _MOMENT.finditer(text)]
    return _MOMENT.sub("<time>", text), found


def _is_near(text: str, now: datetime) -> bool:
    numbers = [int(one) for one in _FIELDS.findall(text.partition(".")[0] if "-" in text else text)]
    if len(numbers) < 3 or numbers[0] < 1000:
        return str(now.year) in text  # written in words
    try:
        moment = datetime(*numbers[:3], *numbers[3:5], tzinfo=now.tzinfo)  # type: ignore[misc, arg-type] # hour and minute if any
    except ValueError:
        return False
    return abs(moment - now) < _NEAR


def _sorted_set(found: re.Match[str]) -> str:
    """A set in one order: that of strings differs from process to process. What holds brackets is left alone."""
    text = found[1]
    if "," not in text or any(sign in text for sign in "()[]\n"):
        return found[0]
    parts = _parts(text)
    return found[0] if parts is None else "{" + ", ".join(sorted(parts)) + "}"


def _parts(text: str) -> list[str] | None:
    """The items of a set as shown, split at commas outside quotes; None when the quotes do not close."""
    parts, quote, start = [], "", 0
    for at, sign in enumerate(text):
        if quote:
            quote = "" if sign == quote and text[at - 1] != "\\" else quote
        elif sign in "'\"":
            quote = sign
        elif sign == ",":
            parts.append(text[start:at].strip())
            start = at + 1
    return None if quote else [*parts, text[start:].strip()]
