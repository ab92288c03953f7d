"""The texts in a saved value, found without loading it, and where else under a folder they show."""

from __future__ import annotations

import json
import pickletools
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

_SHORTEST = 6
_MOST = 200
_MOST_STREAM_BYTES = 4 << 20
_BLOCK_BYTES = 4 << 20


def texts_of(stream: bytes | bytearray, without: Collection[str] = ()) -> set[str]:
    """Texts and bytes (as Latin-1) in the pickle `stream`, but those that name modules and classes, those in `without`, and short ones.

    Nothing is run. Empty for what is no pickle, and for very large ones.
    """
    if len(stream) > _MOST_STREAM_BYTES:
        return set()
    recent: list[str] = []
    memo: list[str | None] = []
    names: set[str] = set(without)
    found: set[str] = set()
    try:
        for opcode, argument, _ in pickletools.genops(bytes(stream)):
            if opcode.name == "STACK_GLOBAL":
                names.update(recent[-2:])
            elif opcode.name == "MEMOIZE":
                memo.append(recent[-1] if recent else None)
            elif "GET" in opcode.name and isinstance(argument, int) and argument < len(memo):
                recent.append(memo[argument] or "")
            elif isinstance(argument, bytes | bytearray):
                found.add(argument.decode("latin-1"))
            elif isinstance(argument, str):
                recent.append(argument)
                found.add(argument)
    except (ValueError, IndexError):
        return set()
    return worth_looking_for(found - names)


def worth_looking_for(texts: Iterable[str]) -> set[str]:
    """Those of `texts` that are long enough to mean something, not too many."""
    return set(sorted(text for text in texts if len(text) >= _SHORTEST)[:_MOST])


def forms_of(texts: Iterable[str]) -> set[bytes]:
    """How `texts` look in files: as they are, as JSON writes them, and as bytes."""
    found: set[bytes] = set()
    for text in texts:
        for form in (text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]):
            found.add(form.encode(errors="surrogatepass"))
        if all(ord(character) < 256 for character in text):
            found.add(text.encode("latin-1"))
    return found


def files_with(root: Path, forms: Collection[bytes], skip: Callable[[Path], bool]) -> Iterator[Path]:
    """The files below `root` that hold one of `forms`, but those to `skip`; what cannot be read is left out."""
    overlap = max((len(form) for form in forms), default=1) - 1
    for path in sorted(root.rglob("*")):
        if path.is_symlink() or not path.is_file() or skip(path):
            continue
        try:
            if _has(path, forms, overlap):
                yield path
        except OSError:
            continue


def _has(path: Path, forms: Collection[bytes], overlap: int) -> bool:
    with path.open("rb") as file:
        tail = b""
        while block := file.read(_BLOCK_BYTES):
            window = tail + block
            if any(form in window for form in forms):
                return True
            tail = window[-overlap:] if overlap else b""
    return False
