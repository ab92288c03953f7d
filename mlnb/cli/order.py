"""`mlnb check` and `mlnb verify`: order of saved notebooks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from mlnb.cli.output import emit, json_option, parameters, service, table
from mlnb.core.version import __version__
from mlnb.order.service import OrderService
from mlnb.order.types import CheckReport, Verification

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_EXIT = {"identical": 0, "tolerance": 0, "noise": 0, "different": 3, "failed": 1, "not_run": 1}


def _service() -> OrderService:
    found: OrderService = service("order")
    return found


@click.command()
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="NB...")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="How to print.",
)
@json_option
def check(notebooks: Sequence[Path], shape: str, as_json: bool) -> int:
    """Find order problems in saved notebooks, without running them. Exit code 0: none, 3: findings.

    Example: mlnb check train.ipynb
    """
    reports = [_service().check(path) for path in notebooks]
    count = sum(len(report.findings) for report in reports)
    if shape == "sarif" and not as_json:
        click.echo(json.dumps(_sarif(reports), ensure_ascii=False))
    else:
        emit(
            {"reports": reports, "findings": count},
            as_json or shape == "json",
            lambda: "\n".join(map(_report_in_words, reports)),
        )
    return 3 if count else 0


@click.command()
@click.argument("notebook", type=click.Path(path_type=Path), metavar="NB")
@click.option("-p", "pairs", multiple=True, metavar="K=V", help="A parameter; may be given several times.")
@json_option
def verify(notebook: Path, pairs: Sequence[str], as_json: bool) -> int:
    """Run NB afresh in a new kernel and compare it, cell by cell, with what is saved.

    Exit code 0: the same (but for rounding and noise), 3: different, 1: a cell failed. A signed certificate is kept.

    Example: mlnb verify train.ipynb -p seed=7
    """
    found = _service().verify(notebook.absolute(), parameters(pairs))
    emit(found, as_json, lambda: _verification_in_words(found))
    return _EXIT[found.verdict]


def _report_in_words(report: CheckReport) -> str:
    if not report.findings:
        return f"{report.notebook}: no findings"
    rows = [(finding.severity, finding.code, finding.message) for finding in report.findings]
    return (
        f"{report.notebook}: {len(rows)} finding{'s' if len(rows) > 1 else ''}\n{table(('', 'code', 'what'), rows, '')}"
    )


def _verification_in_words(found: Verification) -> str:
    rows = [(cell.index + 1, cell.verdict, cell.detail) for cell in found.cells]
    return f"{table(('cell', 'verdict', 'detail'), rows, 'no code cells')}\n{found.verdict}; certificate {found.certificate}"


def _sarif(reports: Sequence[CheckReport]) -> dict[str, Any]:
    """The findings in SARIF 2.1.0; a notebook has no lines that a reader sees, so a cell is named by its index and id."""
    results = [
        {
            "ruleId": finding.code,
            "level": _LEVELS[finding.severity],
            "message": {"text": finding.message},
            "locations": [
                {
                    "physicalLocation": {"artifactLocation": {"uri": Path(report.notebook).as_posix()}},
                    **(
                        {
                            "logicalLocations": [
                                {
                                    "name": f"cell {finding.index + 1}",
                                    "fullyQualifiedName": finding.cell_id,
                                    "kind": "element",
                                }
                            ]
                        }
                        if finding.index is not None
                        else {}
                    ),
                }
            ],
        }
        for report in reports
        for finding in report.findings
    ]
    rules = [{"id": code} for code in sorted({str(result["ruleId"]) for result in results})]
    driver = {"name": "mlnb", "version": __version__, "rules": rules}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
