"""The entry point of `mlnb`: verbs are imported when they are called, errors become one line and an exit code."""

from __future__ import annotations

import importlib
import json
import os
import sys
from typing import NoReturn

import click

from mlnb.core.errors import MlnbError
from mlnb.core.files import store_error
from mlnb.core.version import __version__

# verb -> (module of mlnb.cli, help, area). Listed here so that `mlnb --help` imports nothing else.
VERBS: dict[str, tuple[str, str, str]] = {
    "check": ("order", "Find order problems in saved notebooks, without running them.", "Order"),
    "verify": ("order", "Run a notebook afresh and compare it, cell by cell, with what is saved.", "Order"),
    "run": ("run", "Run a notebook here, in the foreground, as a tracked run.", "Runs & models"),
    "snapshot": ("snapshots", "Take, list, compare and restore notebook states.", "Snapshots"),
    "trust": ("trust", "Whose snapshots are loaded here without asking.", "Snapshots"),
    "runs": ("models", "List, show and compare runs.", "Runs & models"),
    "models": ("models", "Registered models, their versions and where they came from.", "Runs & models"),
    "features": ("features", "Browse, apply and read features.", "Features"),
    "jobs": ("jobs", "Submit notebooks as jobs and follow them.", "Jobs"),
    "worker": ("worker", "The process that runs jobs.", "Jobs"),
    "env": ("envs", "Capture, compare, lock and restore environments.", "Environments"),
    "kernel": ("kernels", "The kernels of this machine, and mlnb's kernel half in them.", "Environments"),
    "doctor": ("doctor", "What is installed, reachable and missing.", "mlnb itself"),
    "config": ("config", "Settings, with their values and origins.", "mlnb itself"),
}
AREAS = ("Order", "Snapshots", "Runs & models", "Features", "Jobs", "Environments", "mlnb itself")


class Verbs(click.Group):
    """The top level: knows every verb by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: D102 - click's
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: D102 - click's
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"mlnb.cli.{VERBS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: D102 - click's
        for area in AREAS:
            rows = [(verb, text) for verb, (_, text, its_area) in VERBS.items() if its_area == area]
            if rows:
                with formatter.section(area):
                    formatter.write_dl(rows)


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="mlnb")
def root() -> None:
    """mlnb: a notebook you can trust.

    Cell order, snapshots, runs, features and jobs for Jupyter notebooks. Every verb has --help with an example, and --json.
    """


def main(arguments: list[str] | None = None) -> NoReturn:
    """Run the command line and exit: 0 done, 1 failed, 2 bad input, 3 verdict negative, 4 cannot tell, 130 cancelled."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        code = root.main(args=given, prog_name="mlnb", standalone_mode=False)
    except click.exceptions.Abort:
        _fail(given, "cancelled", "cancelled", "", 130)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        hint = f"See `{context.command_path} --help`." if context else "See `mlnb --help`."
        _fail(given, "bad_input", error.format_message().rstrip("."), hint, 2)
    except MlnbError as error:
        _fail(given, error.code, error.message.rstrip("."), error.hint, error.exit_code)
    except KeyboardInterrupt:
        _fail(given, "cancelled", "cancelled", "", 130)
    except OSError as error:
        if isinstance(error, BrokenPipeError):  # the reader of our output went away: nothing to tell anybody
            sys.stderr.close()
            sys.exit(1)
        refused = store_error(error.filename or "a file", error)
        _fail(given, refused.code, refused.message, refused.hint, refused.exit_code)
    except Exception as error:  # noqa: BLE001 - a fault of ours is one line too
        _fault(given, error)
    sys.exit(code if isinstance(code, int) else 0)


def _fault(given: list[str], error: Exception) -> NoReturn:
    """Say what no part of mlnb foresaw, and leave the traceback where it can be asked for."""
    if os.environ.get("MLNB_DEBUG"):
        raise error
    from mlnb.core.secrets import mask

    text = (mask(str(error)).strip().splitlines() or ["no further words"])[0]
    hint = "This is a fault of mlnb: MLNB_DEBUG=1 before the command shows where; please report it."
    _fail(given, "internal", f"{type(error).__name__}: {text}".rstrip("."), hint, 1)


def _fail(given: list[str], code: str, message: str, hint: str, exit_code: int) -> NoReturn:
    if "--json" in given:
        print(json.dumps({"error": {"code": code, "message": message, "hint": hint}}, ensure_ascii=False))
    print(f"mlnb: {message}." + (f" {hint}" if hint else ""), file=sys.stderr)
    sys.exit(exit_code)
