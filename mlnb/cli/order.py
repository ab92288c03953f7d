"""`mlnb check` and `mlnb verify`: order of saved notebooks."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import click

from mlnb.cli.output import emit, json_option, parameters, service, table
from mlnb.core.errors import BadInput
from mlnb.order.saved import CertificateList, CertificateStatus, Certification, FixReport
from mlnb.order.service import OrderService
from mlnb.order.types import CheckReport, Verification

_EXIT = {"identical": 0, "tolerance": 0, "noise": 0, "different": 3, "failed": 1, "not_run": 1}


def _service() -> OrderService:
    found: OrderService = service("order")
    return found


# ---- check
@click.command()
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="NB...")
@click.option("--fix", is_flag=True, help="Mend what is safe in the files, and say what was mended.")
@click.option("--diff", is_flag=True, help="Show what --fix would change, and change nothing.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "sarif"]),
    default="text",
    show_default=True,
    help="How to print.",
)
@json_option
def check(notebooks: Sequence[Path], fix: bool, diff: bool, shape: str, as_json: bool) -> int:
    """Find order problems in saved notebooks, without running them.

    Exit code 0: none, 3: errors or warnings are left. What is only worth knowing (info) is shown and does not count.

    Example: mlnb check train.ipynb --fix --diff
    """
    order = _service()
    mended = [order.fix(path, write=fix and not diff) for path in notebooks] if fix or diff else []
    reports = [order.check(path) for path in notebooks]
    every = [finding for report in reports for finding in report.findings]
    notes = sum(finding.severity == "info" for finding in every)
    if shape == "sarif" and not as_json:
        from mlnb.cli.sarif import sarif_from_reports

        click.echo(json.dumps(sarif_from_reports(reports), ensure_ascii=False))
    else:
        found = {"reports": reports, "findings": len(every) - notes, "notes": notes, "fixed": mended}
        emit(found, as_json or shape == "json", lambda: _check_in_words(reports, mended))
    return 3 if len(every) > notes else 0


def _check_in_words(reports: Sequence[CheckReport], mended: Sequence[FixReport]) -> str:
    lines = [_fix_in_words(one) for one in mended if one.fixes]
    return "\n".join([*lines, *map(_report_in_words, reports)])


def _fix_in_words(report: FixReport) -> str:
    did = "" if report.is_written else "would have "
    words = "\n".join(f"  {did}{fix.message}" for fix in report.fixes)
    return f"{report.notebook}: {'mended' if report.is_written else 'not changed'}\n{words}" + (
        "" if report.is_written else f"\n{report.diff.rstrip()}"
    )


def _report_in_words(report: CheckReport) -> str:
    note = f"\n  {report.not_checked}" if report.not_checked else ""
    if not report.findings:
        return f"{report.notebook}: no findings{note}"
    rows = [(finding.severity, finding.code, finding.message) for finding in report.findings]
    return (
        f"{report.notebook}: {len(rows)} finding{'s' if len(rows) > 1 else ''}\n"
        f"{table(('', 'code', 'what'), rows, '')}{note}"
    )


# ---- verify
@click.command()
@click.argument("notebook", required=False, type=click.Path(path_type=Path), metavar="NB")
@click.option("-p", "pairs", multiple=True, metavar="K=V", help="A parameter; may be given several times.")
@click.option(
    "--list", "is_list", is_flag=True, help="Run nothing: list the certificates of NB and what each is worth now."
)
@click.option(
    "--check", "is_check", is_flag=True, help="Run nothing: does a certificate hold for NB as it is now? 0 yes, 3 no."
)
@click.option("--show", "certificate_id", metavar="ID", help="Run nothing: show one certificate.")
@json_option
def verify(
    notebook: Path | None, pairs: Sequence[str], is_list: bool, is_check: bool, certificate_id: str | None, as_json: bool
) -> int:  # fmt: skip
    """Run NB afresh in a new kernel and compare it, cell by cell, with what is saved.

    It runs in the notebook's folder; what it logs to MLflow is thrown away. A notebook saved without outputs is run twice. Exit code
    0: the same (but for rounding and noise), 3: different, 1: a cell failed. A signed certificate is kept.

    Example: mlnb verify train.ipynb -p seed=7
    """
    if is_list + is_check + (certificate_id is not None) > 1:
        raise BadInput("only one of --list, --check and --show can be asked for", "See `mlnb verify --help`.")
    if certificate_id is not None:
        status = _service().certificate(certificate_id)
        emit(status, as_json, lambda: _status_in_words(status))
        return 0 if status.is_valid else 3
    if notebook is None:
        raise BadInput("no notebook is named", "Name one: mlnb verify NB.")
    if is_list:
        listed = _service().certificates(notebook)
        emit(listed, as_json, lambda: _list_in_words(listed))
        return 0
    if is_check:
        certified = _service().certification(notebook, parameters(pairs))
        emit(certified, as_json, lambda: _certification_in_words(certified))
        return 0 if certified.is_certified else 3
    found = _service().verify(notebook.absolute(), parameters(pairs))
    emit(found, as_json, lambda: _verification_in_words(found))
    return _EXIT[found.verdict]


def _verification_in_words(found: Verification) -> str:
    rows = [(cell.index + 1, cell.kept or cell.verdict, cell.detail) for cell in found.cells]
    lines = [table(("cell", "verdict", "detail"), rows, "no code cells")]
    first = found.first_different
    if first is not None:
        lines.append(f"the first that differs is cell {first.index + 1}: {first.detail or first.verdict}")
    if found.compared_with == "second_run":
        lines.append("it was saved without outputs: two fresh runs were compared")
    if found.written:
        more = f" and {len(found.written) - 5} more" if len(found.written) > 5 else ""
        lines.append(f"the run wrote {', '.join(found.written[:5])}{more}")
    return "\n".join([*lines, f"{found.verdict}; certificate {found.certificate}"])


def _status_in_words(found: CertificateStatus) -> str:
    one = found.certificate
    given = ", ".join(f"{name}={value}" for name, value in one.parameters.items()) or "none"
    holds = "it holds" if found.is_valid else f"it does not hold: {'; '.join(found.reasons)}"
    return (
        f"{one.id}: {one.verdict}, {one.created_at:%Y-%m-%d %H:%M} UTC\n  notebook    {one.notebook}\n  parameters  {given}\n"
        f"  {holds}"
    )


def _list_in_words(found: CertificateList) -> str:
    rows = [
        (one.certificate.id, one.certificate.verdict, f"{one.certificate.created_at:%Y-%m-%d %H:%M}",
         "holds" if one.is_valid else "; ".join(one.reasons))
        for one in found.certificates
    ]  # fmt: skip
    return table(
        ("certificate", "verdict", "made (UTC)", "now"),
        rows,
        f"no certificates; make one: mlnb verify {found.notebook}",
    )


def _certification_in_words(found: Certification) -> str:
    if found.is_certified:
        return f"{found.notebook}: certified by {found.certificate}"
    return f"{found.notebook}: {found.reason}. Way out: {found.way_out}"
