"""What every verb shares: the --json option, printing, tables, parameters from ``-p K=V``, and the services."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

import click

from mlnb.core import current
from mlnb.core.errors import BadInput
from mlnb.core.wire import to_wire

F = TypeVar("F", bound=Callable[..., Any])

json_option: Callable[[F], F] = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")


def service(area: str) -> Any:  # noqa: ANN401 - each verb file names the type it expects
    """The service of `area`, composed by ``mlnb.wiring`` on first use."""
    return current.service(area)


def emit(value: object, as_json: bool, text: Callable[[], str]) -> None:
    """Print `value` as one JSON object, or the words of `text`."""
    click.echo(json.dumps(to_wire(value), ensure_ascii=False) if as_json else text())


def table(head: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> str:
    """Rows under a head, columns aligned; `empty` (a sentence that says the first step) when there are none."""
    lines = [["" if cell is None else str(cell) for cell in row] for row in rows]
    if not lines:
        return empty
    widths = [max(len(line[i]) for line in [list(head), *lines]) for i in range(len(head))]
    shaped = [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in [list(head), *lines]
    ]
    return "\n".join(shaped)


def parameters(pairs: Sequence[str]) -> dict[str, Any]:
    """``K=V`` pairs as values: JSON where V is JSON (``n=3``, ``name="x"``, ``on=true``), Python's True/False/None, else text.

    Raises:
        BadInput: a pair has no ``=`` or no name.
    """
    found: dict[str, Any] = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        if not equals or not name.isidentifier():
            raise BadInput(f"{pair!r} is not a parameter", "Write it as name=value, such as -p alpha=0.5.")
        found[name] = _value(text)
    return found


def _value(text: str) -> Any:  # noqa: ANN401
    words = {"True": True, "False": False, "None": None}
    if text in words:
        return words[text]
    try:
        return json.loads(text)
    except ValueError:
        return text
