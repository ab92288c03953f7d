"""Random notebooks and what happens to them: runs in any order, edits, deletes, moves, new cells, restarts; heavy on shared values.

Every function takes the random generator to use, so that a seed names its notebooks and Hypothesis can shrink them.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from typing import Any

from oracle.truth import Case

NAMES = ("a", "b", "c", "d", "e")
_NEW = (
    "[]",
    "[1, 2]",
    "{}",
    "{'k': 1}",
    "0",
    "1",
    "2",
    "'s'",
    "(1, [2])",
    "[[0], [1]]",
    "set()",
    "iter([1, 2, 3])",
    "Box()",
)


def random_cell(draw: random.Random, known: Sequence[str]) -> str:
    """The source of a cell that uses the names `known`, and perhaps others."""
    target = draw.choice(NAMES)
    if not known or draw.random() < 0.2:
        return f"{target} = {draw.choice(_NEW)}"
    one, two = draw.choice(known), draw.choice(known)
    number = draw.randrange(3)
    return draw.choice([_sharing, _sharing, _changing, _changing, _calling, _flowing, _showing])(
        draw, target, one, two, number
    )


def _sharing(draw: random.Random, target: str, one: str, two: str, _number: int) -> str:
    return draw.choice([
        f"{target} = {one}", f"{target} = [{one}, {two}]", f"{target} = {{'k': {one}}}", f"{target} = ({one}, {two})",
        f"{target} = {one}[0] if isinstance({one}, (list, tuple)) and {one} else {two}",
        f"{one}, {two} = {two}, {one}", f"{target} = Box()\n{target}.v = {one}", f"{target} = getattr({one}, 'v', {two})",
        f"{target} = list({one}) if isinstance({one}, list) else {one}", f"{target} = {one}\n{target} = {two}",
        f"{target} = {one}.get('k') if isinstance({one}, dict) else {one}", f"{target} = [{one}] * 2",
    ])  # fmt: skip


def _changing(draw: random.Random, _target: str, one: str, two: str, number: int) -> str:
    return draw.choice([
        f"if isinstance({one}, list): {one}.append({number})", f"if isinstance({one}, list): {one}.append({two})",
        f"if isinstance({one}, list): {one}[:] = [{number}]", f"if isinstance({one}, dict): {one}['k'] = {number}",
        f"if isinstance({one}, dict): {one}['k'] = {two}", f"if isinstance({one}, list) and {one}: {one}[0] = {number}",
        f"if isinstance({one}, (list, dict)): {one}.clear()", f"if isinstance({one}, (int, list)): {one} += {one}",
        f"if isinstance({one}, Box): {one}.v = {number}", f"if isinstance({one}, set): {one}.add({number})",
        f"try: {one}.v.append({number})\nexcept AttributeError: pass", f"try: {one}[0].append({number})\nexcept Exception: pass",
        f"if isinstance({one}, list) and {one}: {one}.pop()", f"del {one}", f"Box.n = {number}",
    ])  # fmt: skip


def _calling(draw: random.Random, target: str, one: str, two: str, number: int) -> str:
    return draw.choice([
        f"def f(): return {one}", f"def f():\n    global {one}\n    {one} = {number}", f"def f(x={one}): return x",
        f"def f():\n    if isinstance({one}, list): {one}.append({number})\n    return {one}",
        f"def g(x):\n    if isinstance(x, list): x.append({number})\n    return x", "f()", "g([1])", f"{target} = f()",
        f"{target} = g({one})", f"{target} = f", f"{target} = lambda: {one}",
        f"{target} = {one}() if callable({one}) and {one} is not Box else {two}",
        f"{target} = [g(x) for x in ({one}, {two})]", f"f = functools.partial(g, {one})",
        f"@functools.cache\ndef h(x): return ({one}, x)\n{target} = h({number})", f"{target} = h({number})",
    ])  # fmt: skip


def _flowing(draw: random.Random, target: str, one: str, two: str, number: int) -> str:
    return draw.choice([
        f"for {target} in range({number}): pass", f"if {one}: {target} = {two}",
        f"{target} = next({one}, None) if hasattr({one}, '__next__') else {number}",
        f"try: {target} = {one}[0]\nexcept Exception as x: {target} = type(x).__name__", f"{target} = {one}\n{two}[0]",
        f"class Box:\n    n = {number}\n    def total(self): return self.n", f"class Sub(Box): w = {one}\n{target} = Sub()",
        f"globals()[{target!r}] = {one}", f"exec('{target} = {one}')", f"{target} = (x for x in [{one}, {two}])",
        f"match {one}:\n    case [x, *_]: {target} = x\n    case _: pass", f"if ({target} := {number}): {two}",
        f"while isinstance({one}, list) and len({one}) > 2: {one}.pop()",
    ])  # fmt: skip


def _showing(draw: random.Random, _target: str, one: str, two: str, _number: int) -> str:
    return draw.choice([
        f"print({one})", f"{one}", f"print({one} is {two})", f"print({one}, {two})", f"print(len(str({one})))",
        f"print(getattr({one}, 'n', None), getattr({one}, 'v', None))", f"sorted(n for n in globals() if n in {NAMES!r})",
        f"print({one} == {two})",
    ])  # fmt: skip


def random_case(draw: random.Random, name: str) -> Case:
    """A notebook of a few cells and what happened to it."""
    numbers = iter(range(1, 1000))
    first = "import functools\nclass Box:\n    n = 0"
    cells = [(f"c{next(numbers)}", first)]
    cells += [(f"c{next(numbers)}", random_cell(draw, NAMES)) for _ in range(draw.randrange(3, 9))]
    document = list(cells)
    steps: list[Mapping[str, Any]] = (
        [] if draw.random() < 0.1 else [{"op": "run", "cell": cell_id} for cell_id, _ in cells]
    )
    for _ in range(draw.randrange(0, 9)):
        _happen(draw, document, steps, numbers)
    return Case(name, "random", cells, steps)


def _happen(draw: random.Random, document: list[tuple[str, str]], steps: list[Mapping[str, Any]], numbers: Any) -> None:
    chance = draw.random()
    place = draw.randrange(len(document))
    cell_id, source = document[place]
    if chance < 0.4:
        steps.append({"op": "run", "cell": cell_id})
    elif chance < 0.62:
        new = random_cell(draw, NAMES) if draw.random() < 0.8 and place else f"{source}  # said"
        document[place] = (cell_id, new)
        steps.append({"op": "edit", "cell": cell_id, "source": new})
        if draw.random() < 0.7:
            steps.append({"op": "run", "cell": cell_id})
    elif chance < 0.77 and len(document) > 2:
        del document[place]
        steps.append({"op": "delete", "cell": cell_id})
    elif chance < 0.87 and len(document) > 2:
        cell = document.pop(place)
        at = draw.randrange(len(document) + 1)
        document.insert(at, cell)
        steps.append({"op": "move", "cell": cell_id, "after": document[at - 1][0] if at else None})
    elif chance < 0.97:
        at = draw.randrange(len(document) + 1)
        cell = (f"c{next(numbers)}", random_cell(draw, NAMES))
        document.insert(at, cell)
        steps.append({"op": "add", "cell": cell[0], "source": cell[1], "after": document[at - 1][0] if at else None})
        if draw.random() < 0.8:
            steps.append({"op": "run", "cell": cell[0]})
    else:
        steps.append({"op": "restart"})


def random_cases(n: int, seed: int) -> list[Case]:
    """`n` notebooks that `seed` names."""
    draw = random.Random(seed)
    return [random_case(draw, f"random {seed}/{i}") for i in range(n)]
