"""``mlnb run``: one attempt in this process, by the same code that runs a job."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlnb.core.errors import BadInput
from mlnb.core.files import store_error
from mlnb.core.home import home
from mlnb.core.ids import new_id
from mlnb.core.notebook_file import read_document
from mlnb.jobs import folder as files
from mlnb.jobs.document import check_parameters, kernel_of
from mlnb.jobs.folder import RunnerRequest, RunnerResult
from mlnb.jobs.kernels import check_kernel
from mlnb.runner.execute import Listener, run_attempt


def run_here(
    notebook: Path, parameters: Mapping[str, Any], to: Path | None, kernel: str | None, listener: Listener
) -> tuple[RunnerResult, Path]:
    """Execute `notebook` and return the result and where the executed notebook is.

    Args:
        notebook: the notebook; it is not changed.
        parameters: values for what it declares.
        to: where to put the executed notebook; None is a folder under ``MLNB_HOME``. An existing file is replaced.
        kernel: kernel to use; None is the notebook's own.
        listener: called with each event.

    Raises:
        NotFound: there is no such notebook.
        BadInput: it is not one, names no kernel that is here, does not declare a parameter, or `to` is the notebook itself.
        StoreUnavailable: a file cannot be written.
    """
    path = notebook.expanduser().absolute()
    data, document = read_document(path)
    name = kernel_of(document, kernel, path)
    check_parameters(parameters, document, path)
    check_kernel(name)
    if to is not None:
        _check_target(to, path)
    run_id = new_id("run")
    folder = home() / "runs" / run_id
    try:
        folder.mkdir(parents=True, mode=0o700)
        (folder / files.INPUT).write_bytes(data)
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise store_error(folder, error) from error
    before = dict(os.environ)  # an attempt points MLflow and the spool at itself, which is not for what follows here
    try:
        result = run_attempt(folder, RunnerRequest(run_id, 1, str(path), name, parameters, str(path.parent)), listener)
    finally:
        os.environ.clear()
        os.environ.update(before)
    files.hand_over_spool(folder)
    output = folder / files.OUTPUT
    if to is not None and output.exists():
        try:
            to.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(output, to)
            shutil.rmtree(folder)
        except OSError as error:
            raise store_error(to, error) from error
        output = to
    return result, output


def _check_target(to: Path, notebook: Path) -> None:
    """Find out before the run, not after it, that its result could not be written."""
    if to.resolve() == notebook.resolve():
        raise BadInput(f"{to} is the notebook itself", "Name another file with -o.")
    nearest = next(folder for folder in to.absolute().parents if folder.exists())
    if not nearest.is_dir():
        raise store_error(to, NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR)))
    if not os.access(to if to.exists() else nearest, os.W_OK):
        raise store_error(to, PermissionError(errno.EACCES, os.strerror(errno.EACCES)))
