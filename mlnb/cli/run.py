"""`mlnb run`: a notebook here, in the foreground, as a tracked run."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from mlnb.cli.output import emit, json_option, parameters, service
from mlnb.core.errors import StoreUnavailable
from mlnb.core.secrets import mask


@click.command()
@click.argument("notebook")
@click.option("-p", "pairs", multiple=True, metavar="K=V", help="A parameter; may be given several times.")
@click.option(
    "-o", "--to", type=click.Path(dir_okay=False, path_type=Path), help="Write the executed notebook to this file."
)
@click.option("--kernel", help="Kernel to run in, instead of the notebook's own.")
@json_option
def run(notebook: str, pairs: Sequence[str], to: Path | None, kernel: str | None, as_json: bool) -> int:
    """Run NOTEBOOK here, in the foreground, as a tracked run, with progress by cell. The notebook itself is not changed.

    Example: mlnb run train.ipynb -p n_estimators=50 -o result.ipynb
    """
    from mlnb.runner.foreground import run_here

    target = None if to is None else to.absolute()
    models = service("models")  # now: a setting that cannot be is said before anything runs
    result, output = run_here(Path(notebook), parameters(pairs), target, kernel, _print_progress)
    try:
        models.deliver()
    except StoreUnavailable as error:  # the notebook's own end decides; what it logged waits in the spool
        click.echo(
            f"mlnb: the run is kept but not in the model store yet: {error}. {error.hint} Then: mlnb runs flush.",
            err=True,
        )
    found = {
        "run_id": result.run_id, "snapshot_id": result.snapshot_id, "output": output,
        "failed_cell": result.failed_cell, "error": result.error,
    }  # fmt: skip
    words = f"failed: {result.error}" if result.exit_code else "succeeded"
    emit(found, as_json, lambda: f"{words}\n  output  {output}\n  run     {result.run_id}")
    return 130 if result.exit_code == 130 else min(result.exit_code, 1)


def _print_progress(event: str, **fields: object) -> None:
    if event == "cell_started":
        click.echo(f"cell {fields['number']} of {fields['total']}", err=True)
    elif event == "output":
        click.echo(mask(str(fields["text"])), err=True, nl=False)
    elif event == "cell_kept":
        click.echo(f"a cell is {fields['state']}, as its tag says", err=True)
    elif event == "cell_ended" and fields.get("error"):
        click.echo(f"cell {fields['number']} failed: {fields['error']}", err=True)
