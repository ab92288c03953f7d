"""mlnb's papermill engine (``papermill --engine mlnb``): papermill's own, with progress, cell ids and without idle waits."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async, run_sync
from nbclient.exceptions import CellExecutionError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine
from papermill.log import logger
from papermill.utils import merge_kwargs, remove_args

from mlnb.core.secrets import mask
from mlnb.order.rules.frozen import FrozenNeed
from mlnb.order.rules.kept import kept_of
from mlnb.order.thaw import check_thawed, needs_of, thaw_expression
from mlnb.runner.streams import WholeLines

Listener = Callable[..., None]
"""Called as ``listener(event, **fields)``; see ``mlnb.jobs.lines`` for the events."""

INJECTED = "injected-parameters"
_CLIENT = "mlnb.runner.client.CellClient"
_EXIT_WAIT_S = 5.0
_DOOR = "__import__('mlnb.kernel.door', fromlist=['call']).call({name!r}, {arguments!r})"


class MlnbEngine(Engine):  # type: ignore[misc] # papermill is untyped
    """Executes a notebook that papermill manages. Engine arguments of its own: `listener`, `on_kernel`, `take_snapshot`,
    `frozen_values`.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - papermill is untyped
        """Execute `nb`. Papermill clears all outputs first; those of cells tagged ``frozen`` are their result and are kept."""
        results = {
            i: (cell.outputs, cell.execution_count) for i, cell in enumerate(nb.cells) if kept_tag(cell) == "frozen"
        }
        return super().execute_notebook(nb, kernel_name, *args, frozen_results=results, **kwargs)

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,  # noqa: ANN401 - papermill is untyped
        kernel_name: str,
        log_output: bool = False,
        start_timeout: int = 60,
        **kwargs: Any,  # noqa: ANN401 - papermill's
    ) -> None:
        """Execute the notebook of `nb_man` in the kernel `kernel_name`."""
        ours = {name: kwargs.pop(name, None) for name in ("listener", "on_kernel", "take_snapshot", "frozen_values")}
        for index, (outputs, count) in (kwargs.pop("frozen_results", None) or {}).items():
            nb_man.nb.cells[index].outputs, nb_man.nb.cells[index].execution_count = outputs, count
        notebook = os.environ.get("MLNB_NOTEBOOK") or kwargs.get("input_path")
        needs = needs_of_frozen(nb_man.nb)
        timeout = kwargs.pop("execution_timeout", None) or kwargs.get("timeout")
        options = remove_args(["input_path", "timeout", "startup_timeout"], **kwargs)
        options = merge_kwargs(
            options,
            timeout=timeout,
            startup_timeout=start_timeout,
            kernel_name=kernel_name,
            log=logger,
            log_output=log_output,
        )
        MlnbNotebookClient(nb_man, **ours, notebook=notebook, needs=needs, **options).execute()


class MlnbNotebookClient(PapermillNotebookClient):  # type: ignore[misc] # papermill is untyped
    """Executes the cells and tells a listener.

    Args:
        nb_man: papermill's manager of the notebook.
        listener: told about each cell.
        on_kernel: told the kernel's process id when it has one.
        take_snapshot: reason of the snapshot to take of the kernel at the end; None for no snapshot.
        frozen_values: the store of values that came with a job; the user's own snapshots when None.
        notebook: the notebook whose snapshots hold the values of frozen cells.
        needs: what frozen cells have to bring.
        options: traits of ``nbclient.NotebookClient``.
    """

    def __init__(
        self,
        nb_man: Any,  # noqa: ANN401 - papermill is untyped
        *,
        listener: Listener | None,
        on_kernel: Callable[[int], None] | None,
        take_snapshot: str | None,
        frozen_values: Path | None = None,
        notebook: str | None = None,
        needs: Sequence[FrozenNeed] = (),
        **options: Any,  # noqa: ANN401
    ) -> None:
        super().__init__(nb_man, **options)
        self._tell: Listener = listener or (lambda _event, **_fields: None)
        self._on_kernel = on_kernel
        self._snapshot_reason = take_snapshot
        self._frozen_values = frozen_values
        self._notebook = Path(notebook or "").absolute()
        self._needs = needs
        self._is_interrupted = False
        self._index: int | None = None
        self._lines = WholeLines(self._tell_output)

    def create_kernel_manager(self) -> Any:  # noqa: ANN401
        """The kernel's manager, with our client."""
        manager = super().create_kernel_manager()
        manager.client_class = _CLIENT
        if manager.ipykernel:
            self.extra_arguments += [
                "--ext=mlnb",
                "--IPKernelApp.log_level=40",
            ]  # its warnings are no part of the job's log
        return manager

    async def async_start_new_kernel(self, **kwargs: Any) -> None:  # noqa: ANN401
        """Start the kernel and tell its process id."""
        await super().async_start_new_kernel(**kwargs)
        pid = getattr(self.km.provisioner, "pid", None)
        if self._on_kernel is not None and pid:
            self._on_kernel(pid)

    start_new_kernel = run_sync(async_start_new_kernel)

    def papermill_execute_cells(self) -> None:
        """Execute cell by cell, up to the first that raises. Cells tagged ``skip`` or ``frozen`` do not run.

        Raises:
            FrozenValueMissing: what frozen cells define cannot be had; no cell has run.
        """
        self._door("order.sync", {"cells": _cells(self.nb), "mode": _chosen_mode(self.nb)})
        self._thaw()
        runnable = [cell for cell in self.nb.cells if _is_runnable(cell)]
        self._tell("prepared", total=len(runnable))
        number, shift = 0, 0
        for position, cell in enumerate(self.nb.cells):
            is_injected = INJECTED in cell.metadata.get("tags", [])
            shift += is_injected
            self._index = -1 if is_injected else position - shift
            self.kc.cell_id = cell.get("id")
            number += _is_runnable(cell)
            place = {"index": self._index, "id": cell.get("id", ""), "number": number, "total": len(runnable)}
            if kept_tag(cell) and cell.source.strip():
                self._keep(cell, self._index)
            elif not self._run_cell(cell, position, place if _is_runnable(cell) else None):
                break
        if self._snapshot_reason is not None:
            self._take_snapshot(self._snapshot_reason)

    def _keep(self, cell: Any, index: int) -> None:  # noqa: ANN401
        """Leave a cell as its tag says, and say so in the progress and in the output notebook."""
        state = "skipped" if kept_tag(cell) == "skip" else "frozen"
        cell.metadata.papermill["status"] = state
        self._tell("cell_kept", index=index, id=cell.get("id", ""), state=state)
        self.nb_man.save()

    def _thaw(self) -> None:
        """Give the kernel what frozen cells define."""
        if self._needs:
            expression = thaw_expression(self._notebook, self._needs, self._frozen_values)
            check_thawed(self._evaluate(expression), self._needs)

    def _run_cell(self, cell: Any, position: int, place: dict[str, Any] | None) -> bool:  # noqa: ANN401
        failure: dict[str, str] = {}
        if place:
            self._tell("cell_started", **place)
        try:
            self.nb_man.cell_start(cell, position)
            self.execute_cell(cell, position)
        except CellExecutionError as error:
            self.nb_man.cell_exception(cell, cell_index=position, exception=error)
            failure = {"error": f"{error.ename}: {error.evalue}", "traceback": _plain(error.traceback)}
        except KeyboardInterrupt:
            self._is_interrupted = True
            self.nb_man.cell_exception(cell, cell_index=position)
            failure = {"error": "interrupted"}
            raise
        except DeadKernelError:
            self._is_interrupted = True
            self.nb_man.cell_exception(cell, cell_index=position)
            failure = {"error": "the kernel died"}
            raise
        finally:
            self._lines.end()
            self.nb_man.cell_complete(cell, cell_index=position)
            if place:
                self._tell("cell_ended", **place, state="failed" if failure else "succeeded", **failure)
        return not failure

    def process_message(self, *arg: Any, **kwargs: Any) -> Any:  # noqa: ANN401
        """Take a message of the kernel; streams also go to the listener."""
        output = super().process_message(*arg, **kwargs)
        message = arg[0]
        if message["msg_type"] == "stream":
            content = message["content"]
            self._lines.take(content["name"], content["text"])
        return output

    def _tell_output(self, stream: str, text: str) -> None:
        self._tell("output", index=self._index, stream=stream, text=mask(text))

    def _take_snapshot(self, reason: str) -> None:
        taken = self._door("snapshots.take", {"reason": reason})
        if isinstance(taken, dict) and taken.get("id"):
            self._tell("snapshot_taken", snapshot_id=taken["id"])

    def _door(self, name: str, arguments: dict[str, Any]) -> Any:  # noqa: ANN401 - what the call returns
        """Call the kernel half; None where the kernel has none, or it says no: a job goes on without it."""
        if not getattr(self.km, "ipykernel", False):
            return None
        found = self._evaluate(_DOOR.format(name=name, arguments=json.dumps(arguments)))
        if found.get("status") != "ok":
            return None
        import ast  # noqa: PLC0415 - only here

        answer = json.loads(ast.literal_eval(found["data"]["text/plain"]))
        if "error" in answer:
            self._tell("note", text=f"{name}: {answer['error'].get('message', 'no reason given')}")
        return answer.get("result")

    def _evaluate(self, expression: str) -> dict[str, Any]:
        """What the kernel says of a user expression: ``status`` and ``data``; empty when it says nothing."""
        request = self.kc.execute("", silent=True, store_history=False, user_expressions={"mlnb": expression})
        reply = self.wait_for_reply(request)
        found: dict[str, Any] = (reply or {}).get("content", {}).get("user_expressions", {}).get("mlnb", {})
        return found

    async def _async_cleanup_kernel(self) -> None:
        """End the kernel: let it finish what it has registered for its end, and look often whether it is gone."""
        if self.km is not None and self.kc is not None and self.km.has_kernel and not self._is_interrupted:
            with contextlib.suppress(Exception):  # whatever goes wrong here, the base class ends it the hard way
                await ensure_async(self.kc.shutdown())
                end = time.monotonic() + _EXIT_WAIT_S
                while time.monotonic() < end and await ensure_async(self.km.is_alive()):  # noqa: ASYNC110 - nothing tells
                    await asyncio.sleep(0.004)
        if self._is_interrupted:
            self.shutdown_kernel = "immediate"
        await super()._async_cleanup_kernel()

    _cleanup_kernel = run_sync(_async_cleanup_kernel)


def kept_tag(cell: Any) -> str:  # noqa: ANN401 - nbformat is untyped
    """``skip`` or ``frozen`` for a code cell that its tag keeps from running, else empty."""
    return kept_of(cell.metadata.get("tags", [])) if cell.cell_type == "code" else ""


def needs_of_frozen(notebook: Any) -> list[FrozenNeed]:  # noqa: ANN401 - nbformat is untyped
    """What the frozen cells of `notebook` have to bring.

    Raises:
        FrozenValueMissing: it is in a language whose names mlnb cannot read.
    """
    if not any(kept_tag(cell) == "frozen" for cell in notebook.cells):
        return []
    from mlnb.core import registry  # noqa: PLC0415 - only where something is frozen
    from mlnb.order.plugins.notebook_file import notebook_from_document  # noqa: PLC0415

    saved = notebook_from_document(notebook, "", "")
    return needs_of(saved, lambda language: registry.load("mlnb.analyzers", language)())


def _is_runnable(cell: Any) -> bool:  # noqa: ANN401 - nbformat is untyped
    return cell.cell_type == "code" and bool(cell.source.strip()) and not kept_tag(cell)


def _cells(notebook: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - nbformat is untyped
    return [
        {"id": c.get("id", ""), "cell_type": c.cell_type, "source": c.source, "tags": list(c.metadata.get("tags", []))}
        for c in notebook.cells
    ]


def _chosen_mode(notebook: Any) -> str | None:  # noqa: ANN401 - nbformat is untyped
    """The mode that a person chose for this notebook, or None."""
    ours = notebook.metadata.get("mlnb")
    order = ours.get("order") if isinstance(ours, dict) else None
    found = order.get("mode") if isinstance(order, dict) else None
    return found if isinstance(found, str) else None


def _plain(traceback: str) -> str:
    import re  # noqa: PLC0415 - only on failure

    return re.sub(r"\x1b\[[0-9;]*m", "", traceback)
