"""Findings of `mlnb check` in SARIF 2.1.0, the form that code review tools read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mlnb.core.errors import MlnbError
from mlnb.core.notebook_file import read_document
from mlnb.core.version import __version__
from mlnb.order.plugins.notebook_text import NotebookText
from mlnb.order.rules.findings import KINDS
from mlnb.order.types import CheckReport, Finding

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def sarif_from_reports(reports: Sequence[CheckReport]) -> dict[str, Any]:
    """The reports as one SARIF log. A finding lies where its cell stands in the file, and names the cell."""
    rules = sorted({finding.code for report in reports for finding in report.findings})
    results = []
    for report in reports:
        lines = _lines(Path(report.notebook)) if report.findings else []
        results += [_result(finding, _uri(report.notebook), lines, rules) for finding in report.findings]
    described = [
        {"id": code, "shortDescription": {"text": KINDS[code]}, "fullDescription": {"text": KINDS[code]}}
        for code in rules
    ]
    driver = {"name": "mlnb", "semanticVersion": __version__, "rules": described}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}],
    }


def _result(finding: Finding, uri: str, lines: Sequence[tuple[int, int]], rules: Sequence[str]) -> dict[str, Any]:
    first, last = lines[finding.index] if finding.index is not None and finding.index < len(lines) else (1, 1)
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": uri},
            "region": {"startLine": first, "endLine": last},
        }
    }
    if finding.index is not None:
        name = f"cell {finding.index + 1}"
        location["logicalLocations"] = [
            {"name": name, "fullyQualifiedName": finding.cell_id or name, "kind": "element"}
        ]
    return {
        "ruleId": finding.code,
        "ruleIndex": list(rules).index(finding.code),
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [location],
        "partialFingerprints": {"mlnbCell/v1": f"{finding.code}:{finding.cell_id or ''}"},
    }


def _uri(notebook: str) -> str:
    path = Path(notebook)
    try:
        return quote(path.absolute().relative_to(Path.cwd()).as_posix())
    except ValueError:
        return path.absolute().as_uri()


def _lines(path: Path) -> list[tuple[int, int]]:
    """The first and the last line of each cell in the file, from 1."""
    try:
        data, _ = read_document(path)
        return NotebookText(data.decode("utf-8-sig")).lines()
    except (MlnbError, ValueError):
        return []
