"""`mlnb trust`: the keys of other machines whose snapshots are loaded here."""

from __future__ import annotations

import socket
from pathlib import Path

import click

from mlnb.cli.output import emit, json_option, service, table
from mlnb.core.clock import utc_now

_FILE = click.Path(path_type=Path)


@click.group()
def trust() -> None:
    """Whose snapshots are loaded here without asking: your own, and those of machines that you paired."""
    service("snapshots")  # a setting that cannot be is told here as everywhere


@trust.command("list")
@json_option
def list_keys(as_json: bool) -> None:
    """This machine's key, and the keys that were added.

    Example: mlnb trust list
    """
    from mlnb.core import signing
    from mlnb.snapshots.plugins import trusted
    from mlnb.snapshots.rules.trust import TrustedKey, TrustedKeys

    own = TrustedKey(signing.key_id(), "this machine", is_own=True)
    found = TrustedKeys((own, *trusted.keys().values()))
    rows = [(key.key_id, key.name, f"{key.added_at:%Y-%m-%d}" if key.added_at else "") for key in found.keys]
    emit(found, as_json, lambda: table(("key", "name", "added"), rows, ""))


@trust.command()
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--name", metavar="TEXT", default="", help="What this machine is called there (default: its host name).")
@json_option
def export(file: Path, name: str, as_json: bool) -> None:
    """Write the file that pairs this machine with another one of yours. Keep it as you keep a private key.

    Example: mlnb trust export laptop.key
    """
    from mlnb.snapshots.plugins import trusted

    key_id = trusted.write_pairing(file, name or socket.gethostname()[:60] or "machine")
    text = f"Written to {file}. Whoever has it can make snapshots that run code where it is added: delete it when it is there."
    emit({"key_id": key_id, "output": str(file.absolute())}, as_json, lambda: text)


@trust.command()
@click.argument("file", metavar="FILE", type=_FILE)
@click.option("--name", metavar="TEXT", default="", help="What to call it here (default: as the file says).")
@json_option
def add(file: Path, name: str, as_json: bool) -> None:
    """Trust the machine whose `mlnb trust export` wrote FILE: snapshots exported there are loaded here without asking.

    Example: mlnb trust add laptop.key
    """
    from mlnb.snapshots.plugins import trusted

    key = trusted.add(file, name, utc_now())
    service("snapshots").index(from_scratch=True)  # the list says whom it trusts
    emit(
        key, as_json, lambda: f"{key.name} ({key.key_id}) is trusted. To take this back: mlnb trust remove {key.key_id}"
    )


@trust.command()
@click.argument("key", metavar="KEY")
@json_option
def remove(key: str, as_json: bool) -> None:
    """No longer trust KEY (its id or name): what it vouched for counts as foreign at once.

    Example: mlnb trust remove laptop
    """
    from mlnb.snapshots.plugins import trusted

    gone = trusted.remove(key)
    service("snapshots").index(from_scratch=True)
    emit(gone, as_json, lambda: f"{gone.name} ({gone.key_id}) is no longer trusted.")
