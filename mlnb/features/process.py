"""Definitions from files run in a process of their own: a user's import can change or end the process it happens in.

``python -m mlnb.features.process`` reads a request as JSON on standard input and writes its answer to the file named there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from mlnb.core.errors import MlnbError
from mlnb.core.files import write_atomically
from mlnb.core.secrets import mask
from mlnb.core.wire import dumps, from_wire
from mlnb.features.code import code_of
from mlnb.features.definition import definition_of
from mlnb.features.errors import DefinitionGone, FunctionFailed, by_code
from mlnb.features.loading import functions_in
from mlnb.features.results import Described, Stored
from mlnb.features.rules import makes
from mlnb.features.types import FeatureView

T = TypeVar("T")


def describe_file(file: Path, samples: Path) -> list[Described]:
    """What each definition of `file` is and makes; samples are kept in the folder `samples` as ``<view>.parquet``.

    Raises:
        MlnbError: whatever of `mlnb.features.errors` went wrong there.
    """
    answer = _ask({"verb": "describe", "file": str(file), "samples": str(samples)}, file)
    return [from_wire(Described, one) for one in answer]


def compute_from_file(file: Path, view: FeatureView, target: Path) -> Stored:
    """Compute `view` by its definition in `file` and store it in the Parquet file `target`, if `file` still defines it so.

    Raises:
        DefinitionGone: `file` does not define it any more, or differently.
        MlnbError: whatever else of `mlnb.features.errors` went wrong there.
    """
    answer = _ask({"verb": "compute", "file": str(file), "view": dumps(view), "target": str(target)}, file)
    return from_wire(Stored, answer)


def _ask(request: dict[str, str], file: Path) -> Any:  # noqa: ANN401 - JSON
    with tempfile.TemporaryDirectory(prefix="mlnb-features-") as folder:
        reply = Path(folder, "reply.json")
        done = subprocess.run(
            [sys.executable, "-P", "-m", "mlnb.features.process"],
            input=json.dumps({**request, "reply": str(reply)}), text=True, capture_output=True, check=False,
            cwd=file.parent if file.parent.is_dir() else None,
        )  # fmt: skip
        if not reply.is_file():
            last = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
            raise FunctionFailed(
                mask(f"the process that ran {file.name} ended with code {done.returncode}: {last}"),
                "Does the file run by itself: python FILE?",
            )
        answer = json.loads(reply.read_text(encoding="utf-8"))
    if "error" in answer:
        raise by_code(**answer["error"])
    return answer["result"]


def _answer(request: dict[str, str]) -> object:
    from mlnb.features.compute import compute, describe  # noqa: PLC0415 - pandas is for the process that computes

    file = Path(request["file"])
    functions = functions_in(file)
    if request["verb"] == "describe":
        return [describe(one, Path(request["samples"], f"{_name(one)}.parquet")) for one in functions]

    view = from_wire(FeatureView, json.loads(request["view"]))
    function = next((one for one in functions if _name(one) == view.name), None)
    definition = definition_of(function)
    if function is None or definition is None or not makes(definition, code_of(function), view):
        raise DefinitionGone(
            f"{file} does not define {view.name} as version {view.version} was registered",
            f"Apply it as a new version (mlnb features apply {file}), or bring that code back.",
        )
    return compute(function, definition, file.parent, Path(request["target"]))


def _name(function: Callable[..., object]) -> str:
    definition = definition_of(function)
    return definition.name if definition else ""


def main() -> None:
    """Answer one request."""
    request = json.loads(sys.stdin.read())
    try:
        answer: dict[str, object] = {"result": _answer(request)}
    except MlnbError as error:
        answer = {"error": {"code": error.code, "message": error.message, "hint": error.hint}}
    write_atomically(Path(request["reply"]), dumps(answer).encode(), durable=False)


if __name__ == "__main__":
    main()
