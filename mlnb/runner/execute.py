"""One attempt, from its request to its result; the same for a job, in a process or a container, and for ``mlnb run``."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlnb.core import secrets
from mlnb.core.secrets import mask
from mlnb.jobs import folder as files
from mlnb.jobs.folder import RunnerRequest, RunnerResult
from mlnb.jobs.lines import event_line
from mlnb.jobs.rules import KERNEL_DIED_CODE
from mlnb.jobs.types import FailedCell
from mlnb.kernel.runs import SpoolRun

if TYPE_CHECKING:
    from types import FrameType

Listener = Callable[..., None]
_STATUS = {0: "FINISHED", 130: "KILLED"}


class Progress:
    """Passes events on and remembers what the result needs."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self.failed: FailedCell | None = None
        self.snapshot_id: str | None = None

    def __call__(self, event: str, **fields: Any) -> None:  # noqa: ANN401 - event fields
        """Take one event."""
        if event == "cell_ended" and fields["state"] == "failed":
            fields["error"] = mask(fields["error"])
            self.failed = FailedCell(fields["index"], fields["id"], fields["error"])
        elif event == "snapshot_taken":
            self.snapshot_id = fields["snapshot_id"]
        self._listener(event, **fields)


def print_event(event: str, **fields: object) -> None:
    """A listener that writes each event as a line to standard output."""
    sys.stdout.write(event_line(event, **fields) + "\n")
    sys.stdout.flush()


def run_attempt(
    folder: Path, request: RunnerRequest, listener: Listener, on_kernel: Callable[[int], None] | None = None
) -> RunnerResult:
    """Execute what `request` asks for in `folder` and leave the result there.

    Args:
        folder: the attempt's folder.
        request: what to run.
        listener: called with each event.
        on_kernel: told the kernel's process id.
    """
    for name, value in request.parameters.items():
        if isinstance(value, str) and secrets.is_secret_name(name):
            secrets.register(value)
    progress = Progress(listener)
    with _interruptible():
        run = _start_run(folder, request)
        listener("started", pid=os.getpid(), run_id=run.run_id)
        code, error = _execute(folder, request, progress, on_kernel)
    run.end(_STATUS.get(code, "FAILED"))
    result = RunnerResult(code, error, progress.failed, run.run_id, progress.snapshot_id)
    files.write_result(folder, result)
    listener("ended", exit_code=code, error=error)
    return result


def _start_run(folder: Path, request: RunnerRequest) -> SpoolRun:
    spool = folder / files.SPOOL
    shown = secrets.mask_tree(dict(request.parameters))
    tags = {"mlnb.job": request.job_id, "mlnb.attempt": str(request.number), "mlnb.notebook": request.notebook}
    run = SpoolRun.start(Path(request.notebook).stem, shown, tags, request.experiment, root=spool)
    # The kernel's own `mlflow.start_run()` is this run.
    os.environ["MLNB_NOTEBOOK"] = request.notebook
    os.environ["MLNB_SPOOL"] = str(spool)
    os.environ["MLFLOW_RUN_ID"] = run.run_id
    os.environ["MLFLOW_EXPERIMENT_NAME"] = request.experiment
    return run


def _execute(
    folder: Path, request: RunnerRequest, progress: Progress, on_kernel: Callable[[int], None] | None
) -> tuple[int, str]:
    from nbclient.exceptions import DeadKernelError  # noqa: PLC0415 - 0.3 s that the start need not wait for
    from papermill.engines import papermill_engines  # noqa: PLC0415
    from papermill.exceptions import PapermillExecutionError  # noqa: PLC0415
    from papermill.execute import execute_notebook  # noqa: PLC0415

    from mlnb.runner.engine import MlnbEngine  # noqa: PLC0415

    papermill_engines.register("mlnb", MlnbEngine)
    try:
        execute_notebook(
            str(folder / files.INPUT),
            str(folder / files.OUTPUT),
            parameters=dict(request.parameters),
            engine_name="mlnb",
            kernel_name=request.kernel,
            language=_language(folder / files.INPUT),
            progress_bar=False,
            cwd=request.cwd or str(folder / files.WORK),
            listener=progress,
            on_kernel=on_kernel,
            take_snapshot=f"end of {request.job_id}",
            frozen_values=folder / files.VALUES if (folder / files.VALUES).is_dir() else None,
        )
    except PapermillExecutionError as error:
        return 1, mask(f"{error.ename}: {error.evalue}")
    except KeyboardInterrupt:
        return 130, "interrupted"
    except DeadKernelError:
        return KERNEL_DIED_CODE, "the kernel died (killed from outside, out of memory, or crashed)"
    except Exception as error:  # noqa: BLE001 - whatever papermill or the kernel's start raises is how this attempt ended
        return 1, mask(_words(error, request))
    return 0, ""


def _words(error: Exception, request: RunnerRequest) -> str:
    if type(error).__name__ == "NoSuchKernel":
        return f"there is no kernel named {request.kernel!r} where the job ran; see `jupyter kernelspec list` there"
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0] if text else 'no further words'}"


def _language(notebook: Path) -> str | None:
    # papermill asks for it when it injects parameters; a notebook that was given its kernel by --kernel may not say it.
    import json  # noqa: PLC0415 - beside its only use

    metadata = json.loads(notebook.read_bytes()).get("metadata", {})
    known = metadata.get("kernelspec", {}).get("language") or metadata.get("language_info", {}).get("name")
    return None if known else "python"


@contextlib.contextmanager
def _interruptible() -> Any:  # noqa: ANN401 - a context manager
    """SIGINT and SIGTERM raise KeyboardInterrupt once; further ones do not disturb the saving of what there is."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
