"""`mlnb config`: settings with their values and origins."""

from __future__ import annotations

import click

from mlnb.cli.output import emit, json_option, table
from mlnb.config import Settings


@click.group()
def config() -> None:
    """Settings, with their values and origins."""


@config.command()
@json_option
def show(as_json: bool) -> None:
    """Every setting, its value and where it came from.

    Example: mlnb config show
    """
    settings = Settings().all()
    rows = [(s.name, s.value, s.origin) for s in settings]
    emit({"settings": settings}, as_json, lambda: table(("setting", "value", "origin"), rows, "no settings"))
