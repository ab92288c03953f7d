"""What a compiled function reads and sets by global name, and a digest of what it does. Remembered per code object."""

from __future__ import annotations

import dis
import inspect
import sys
import types
from typing import Any

import xxhash

from mlnb.core.records import dataclass
from mlnb.order.plugins.python_pieces import names_asked_for

_READS = {dis.opmap[name] for name in ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_FROM_DICT_OR_GLOBALS") if name in dis.opmap}
_STORES = {dis.opmap[name] for name in ("STORE_GLOBAL", "DELETE_GLOBAL", "STORE_NAME") if name in dis.opmap}
_LOAD_GLOBAL = dis.opmap["LOAD_GLOBAL"]
_EXTENDED = dis.opmap["EXTENDED_ARG"]
_CACHE = dis.opmap.get("CACHE", -1)
_IS = dis.opmap["IS_OP"]
_CONSTANTS = {
    dis.opmap[name] for name in ("LOAD_CONST", "LOAD_CONST_IMMORTAL", "LOAD_COMMON_CONSTANT") if name in dis.opmap
}
_ATTRIBUTES = {dis.opmap[name] for name in ("LOAD_ATTR", "LOAD_METHOD") if name in dis.opmap}
_SETS_ATTRIBUTE = {dis.opmap["STORE_ATTR"], dis.opmap["DELETE_ATTR"]}
_SETS_ITEM = {dis.opmap["STORE_SUBSCR"], dis.opmap["DELETE_SUBSCR"]}
_IMPORTS = {dis.opmap["IMPORT_NAME"], dis.opmap["IMPORT_FROM"]}
_PASSED_OVER = {"EXTENDED_ARG", "CACHE", "NOP", "PUSH_NULL"}
SETS = "="
"""The word for code that sets an attribute or an item of something global."""
_REMEMBERED = 20_000
_QUERIES = frozenset(["query", "eval"])


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """Facts of a code object and those nested in it.

    Attributes:
        digest: equal for code that does the same (line numbers and file names do not count).
        names: global names it reads or sets.
        words: those and every attribute it uses; ``is`` when it asks if two values are one object, ``time.time`` for the clock,
            `SETS` when it sets what is global.
        texts: its short text constants, but no docstrings: these tell people, and name no files that are read.
        modules: modules it imports when it runs.
    """

    digest: str
    names: frozenset[str]
    words: frozenset[str]
    texts: tuple[str, ...]
    modules: frozenset[str]


_facts: dict[int, tuple[types.CodeType, CodeFacts]] = {}


def facts_of(code: types.CodeType) -> CodeFacts:
    """The facts of `code`."""
    known = _facts.get(id(code))  # by identity: comparing code objects compares their bytes
    if known is not None and known[0] is code:
        return known[1]
    if len(_facts) > _REMEMBERED:
        _facts.clear()
    facts = _read(code)
    _facts[id(code)] = (code, facts)
    return facts


def _read(code: types.CodeType) -> CodeFacts:
    names, modules, marks = _globals(code)
    words = set(code.co_names) | marks
    if _sets_what_is_global(code):
        words.add(SETS)
    texts: list[str] = []
    parts: list[object] = [
        code.co_name, code.co_code, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars,
        code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags,
    ]  # fmt: skip
    for place, constant in enumerate(code.co_consts):
        if isinstance(constant, types.CodeType):
            inner = facts_of(constant)
            names |= inner.names
            words |= inner.words
            modules |= inner.modules
            texts += inner.texts
            parts.append(inner.digest)
        else:
            parts.append(
                (type(constant).__name__, repr(constant))
                if not isinstance(constant, frozenset)
                else sorted(map(repr, constant))
            )
            is_short = isinstance(constant, str) and 0 < len(constant) <= 300
            if is_short and not (place == 0 and _has_docstring(code)):
                texts.append(constant)
    if words & _QUERIES:
        names |= {name for text in texts for name in names_asked_for(text)}
    digest = xxhash.xxh3_128_hexdigest(repr(parts).encode("utf-8", "surrogatepass"))
    return CodeFacts(digest, frozenset(names), frozenset(words), tuple(texts), frozenset(modules))


def _has_docstring(code: types.CodeType) -> bool:
    """Whether the first constant, where it is a text, is the docstring: functions have it there, or None."""
    if sys.version_info >= (3, 13):
        return bool(code.co_flags & inspect.CO_HAS_DOCSTRING)
    return bool(code.co_flags & inspect.CO_NEWLOCALS) and not code.co_name.startswith("<")


def _globals(code: types.CodeType) -> tuple[set[str], set[str], set[str]]:
    """(names, modules, marks) of the code itself, without those nested in it."""
    found: set[str] = set()
    modules: set[str] = set()
    marks: set[str] = set()
    before = ""
    raw = code.co_code
    import_name = dis.opmap["IMPORT_NAME"]
    extended = 0
    for at in range(0, len(raw), 2):
        operation, argument = raw[at], raw[at + 1] | extended
        extended = 0
        if operation == _EXTENDED:
            extended = argument << 8
        elif operation in _READS:
            found.add(code.co_names[argument >> 1 if operation == _LOAD_GLOBAL else argument])
        elif operation in _STORES:
            found.add(code.co_names[argument])
        elif operation == import_name:
            modules.add(code.co_names[argument])
        elif operation == _IS and before != "constant":
            marks.add("is")
        elif operation in _ATTRIBUTES and before == "time" and _attribute(code, operation, argument) == "time":
            marks.add("time.time")
        if operation != _CACHE:
            before = _loaded(code, operation, argument)
    return found, modules, marks


def _loaded(code: types.CodeType, operation: int, argument: int) -> str:
    if operation in _CONSTANTS:
        return "constant"
    if operation in _READS:
        return code.co_names[argument >> 1 if operation == _LOAD_GLOBAL else argument]
    return ""


def _attribute(code: types.CodeType, operation: int, argument: int) -> str:
    shifted = operation == dis.opmap["LOAD_ATTR"] and sys.version_info >= (3, 12)
    place = argument >> 1 if shifted else argument
    return code.co_names[place] if place < len(code.co_names) else ""


def _sets_what_is_global(code: types.CodeType) -> bool:
    """Whether it sets an attribute or an item of what a global name or an import gives."""
    origins = _Origins()
    for step in dis.get_instructions(code):
        if origins.sets_global(step):
            return True
        origins.follow(step)
    return False


class _Origins:
    """Which values on the stack come from a global name, as far as straight code tells."""

    def __init__(self) -> None:
        self._local: set[str] = set()
        self._stack: list[bool] = []  # empty where it cannot be told

    def sets_global(self, step: dis.Instruction) -> bool:
        """Whether `step` sets an attribute or an item of such a value."""
        if step.opcode in _SETS_ATTRIBUTE:
            return self._stack[-1:] == [True]
        return step.opcode in _SETS_ITEM and self._stack[-2:-1] == [True]

    def follow(self, step: dis.Instruction) -> None:
        """Do to the stack what `step` does."""
        name = step.opname
        if step.opcode in _READS or step.opcode in _IMPORTS:
            self._stack.append(True)
        elif name.startswith("LOAD_FAST") and isinstance(step.argval, str):
            self._stack.append(step.argval in self._local)
        elif step.opcode in _CONSTANTS:
            self._stack.append(False)
        elif name == "STORE_FAST":
            is_global = bool(self._stack) and self._stack.pop()
            (self._local.add if is_global else self._local.discard)(step.argval)
        elif name not in _PASSED_OVER and step.opcode not in _ATTRIBUTES:
            self._work(name, step.argval)

    def _work(self, name: str, argument: Any) -> None:  # noqa: ANN401 - of any instruction
        stack = self._stack
        if name == "COPY" and len(stack) >= argument:
            stack.append(stack[-argument])
        elif name == "SWAP" and len(stack) >= argument:
            stack[-1], stack[-argument] = stack[-argument], stack[-1]
        elif name in ("BINARY_OP", "BINARY_SUBSCR") and len(stack) > 1:
            stack[-2:] = [name == "BINARY_SUBSCR" and stack[-2]]
        else:
            stack.clear()
