"""Random sources of cells: well-formed Python of every kind of statement and expression, with magics, and broken ones."""

from __future__ import annotations

import random

_NAMES = ("a", "b", "c", "df", "f", "_", "__name__", "In", "print", "os", "é", "self", "match", "type")
_CONSTANTS = (
    "1",
    "2.5",
    "'t'",
    "b'x'",
    "None",
    "...",
    "True",
    "1j",
    "f'{a!r:>{b}}'",
    "'a > @k'",
    "10**400",
    "-0.0",
    "'\\ud800'",
)
_BINARY = (
    "+",
    "-",
    "*",
    "@",
    "/",
    "//",
    "%",
    "**",
    "<<",
    "&",
    "|",
    "^",
    "<",
    "is",
    "is not",
    "in",
    "not in",
    "==",
    "and",
    "or",
)
_MAGICS = (
    "%time {e}", "%%time\n{s}", "!ls {n}", "!echo $a > {n}.txt", "x = !pwd", "%cd ..", "%env A={n}", "{n}?", "%%bash\necho {n}",
    "%run {n}.py", "%%capture out\n{s}", "%matplotlib inline", "%%writefile {n}.py\n{s}", "%timeit {e}", "%who", "??{n}",
    "%%timeit x = {e}\n{s}", "%pip install {n}", "%reset -f", "%store {n}", ";{n} 1", ",{n} 1 2", "/{n} 1",
)  # fmt: skip


class Sources:
    """Makes sources; `draw` is the random generator to use."""

    def __init__(self, draw: random.Random) -> None:
        self.draw = draw

    def cell(self) -> str:
        """A cell of a few statements, now and then a magic, now and then broken."""
        text = "\n".join(self.statement(0) for _ in range(self.draw.randrange(1, 5)))
        chance = self.draw.random()
        if chance < 0.15:
            text = self.draw.choice(_MAGICS).format(n=self._name(), e=self.expression(0), s=text)
        if chance > 0.8:
            text = self._broken(text)
        return text

    def _broken(self, text: str) -> str:
        place = self.draw.randrange(len(text) + 1)
        end = min(len(text), place + self.draw.randrange(1, 8))
        noise = self.draw.choice(
            [
                "",
                "(",
                ")",
                "\0",
                ":",
                "\t",
                "    ",
                "'",
                '"""',
                "\\",
                "é",
                "\r",
                "\x0c",
                "%",
                "!",
                "=",
                "..",
                "0x",
                "\ud800",
            ]
        )
        return text[:place] + noise + text[end:]

    def _name(self) -> str:
        return self.draw.choice(_NAMES)

    def target(self, depth: int) -> str:
        """Something to assign to."""
        return self.draw.choice([
            self._name(), f"{self._name()}.x", f"{self._name()}[{self.expression(depth + 2)}]", f"{self._name()}, {self._name()}",
            f"({self._name()}, *{self._name()})", f"{self._name()}['k'].v", f"{self._name()}[:]", f"{self._name()}[1:2, ...]",
        ])  # fmt: skip

    def expression(self, depth: int) -> str:
        """Any expression."""
        if depth > 2 or self.draw.random() < 0.3:
            return self.draw.choice([self._name(), self.draw.choice(_CONSTANTS)])
        e, n = [self.expression(depth + 1) for _ in range(3)], self._name()
        return self.draw.choice([
            f"({e[0]} {self.draw.choice(_BINARY)} {e[1]})", f"{n}({e[0]}, k={e[1]}, *{e[2]})", f"{n}.{self._name()}", f"{n}.query({e[0]})",
            f"[{e[0]} for {n} in {e[1]} if {e[2]}]", f"{{{e[0]}: {e[1]}}}", f"{{{e[0]} for {n} in {e[1]}}}", f"({e[0]}, {e[1]})",
            f"lambda {n}=({e[0]}): {e[1]}", f"({e[0]} if {e[1]} else {e[2]})", f"({n} := {e[0]})", f"{n}[{e[0]}]", f"not {e[0]}",
            f"[*{e[0]}, {e[1]}]", f"{{**{e[0]}}}", f"f'{{{n}=}}'", f"exec('{n} = 1')", f"eval({e[0]})", f"globals()[{e[0]}]",
            f"{n}.add({e[0]}, out={self._name()})", f"getattr({n}, {e[0]})", f"open({e[0]}).read()", f"await {n}", f"os.environ[{e[0]}]",
            f"list({e[0]} for {n} in {e[1]} async for {self._name()} in {e[2]})", f"time.time() - {n}", f"[{e[0]}][{e[1]}:{e[2]}]",
        ])  # fmt: skip

    def statement(self, depth: int) -> str:
        """Any statement, on one line or more."""
        e, n, t = self.expression(0), self._name(), self.target(0)
        if depth > 1 or self.draw.random() < 0.5:
            return self.draw.choice([
                f"{t} = {e}", f"{n} += {e}", f"{n}: {e} = {e}", e, f"del {t}", f"import {n}", f"from {n} import {n} as q", f"global {n}",
                f"from {n} import *", f"assert {e}, {e}", f"raise {e}", "pass", f"{t} = {t} = {e}", f"{n}.clear()", f"{n}.update(k={e})",
                f"type {n}[T] = {e}" if self.draw.random() < 0.1 else f"{n} = {n}", f"nonlocal {n}", "return", "break", f"print({e})",
            ])  # fmt: skip
        body = self._body(depth)
        return self.draw.choice([
            f"if {e}:{body}else:{self._body(depth)}", f"for {t} in {e}:{body}", f"while {e}:{body}", f"with {e} as {t}:{body}",
            f"try:{body}except {n} as q:{self._body(depth)}finally:{self._body(depth)}", f"def {n}(a, *b, c={e}, **d) -> {n}:{body}",
            f"@{n}\nclass {n}({n}, metaclass={n}):{body}", self._match(depth, n, e),
            f"async def {n}():{body}", f"async for {t} in {e}:{body}", f"@{e}\ndef {n}():{body}",
            f"try:{body}except* {n}:{self._body(depth)}",
        ])  # fmt: skip

    def _match(self, depth: int, n: str, e: str) -> str:
        one, two = self._body(depth, 2), self._body(depth, 2)
        return f"match {e}:\n case [{n}, *q] if {e}:{one} case {{'k': v, **r}}:{two}"

    def _body(self, depth: int, indent: int = 1) -> str:
        lines = "\n".join(self.statement(depth + 1) for _ in range(self.draw.randrange(1, 3))).split("\n")
        return "\n" + "".join(f"{' ' * indent}{line}\n" for line in lines)


def sources(n: int, seed: int) -> list[str]:
    """`n` sources that `seed` names."""
    maker = Sources(random.Random(seed))
    return [maker.cell() for _ in range(n)]
