"""An attempt as a process: it is claimed, so that it runs once whatever happens to the worker, and executed."""

from __future__ import annotations

import functools
import os
import shutil
from pathlib import Path

from mlnb.core.secrets import mask
from mlnb.jobs import folder as files
from mlnb.jobs.folder import RunnerResult
from mlnb.jobs.rules import LOST_CODE
from mlnb.runner.execute import print_event, run_attempt


def main(folder: Path) -> int:
    """Execute the attempt in `folder`; returns the exit code of the process."""
    folder = folder.absolute()
    os.environ.setdefault("MLNB_HOME", str(folder / files.HOME))
    claim = files.take_claim(folder)
    if claim is None:
        return LOST_CODE
    try:
        request = files.read_request(folder)
        if request.cwd is None:
            _lay_out(folder)
        on_kernel = functools.partial(files.write_claim, claim)
        return run_attempt(folder, request, print_event, on_kernel).exit_code
    except Exception as error:  # noqa: BLE001 - the last place that can say what happened
        words = mask(f"the runner could not do its work: {type(error).__name__}: {error}")
        print_event("ended", exit_code=1, error=words)
        files.write_result(folder, RunnerResult(1, words))
        return 1


def _lay_out(folder: Path) -> None:
    if (folder / files.FROZEN).is_dir():
        shutil.copytree(folder / files.FROZEN, folder / files.WORK, dirs_exist_ok=True)
    else:
        (folder / files.WORK).mkdir(exist_ok=True)
    if (folder / files.VALUES).is_dir():
        from mlnb.snapshots.plugins.frozen_values import take_over  # noqa: PLC0415 - only where something is frozen

        take_over(folder / files.VALUES)
