"""Capturing inside a running kernel, whether mlnb is in it or not: the capturing file is evaluated there by a silent request."""

from __future__ import annotations

import ast
import hashlib
import json
import queue
import time
from pathlib import Path
from typing import Any

from mlnb.envs import capture as capturing
from mlnb.envs.errors import KernelSilent, NoKernel

_MODULE = """(lambda name, source, modules: modules[name] if name in modules else (
    lambda module: (modules.__setitem__(name, module), exec(compile(source, name, 'exec'), vars(module)), module)[-1]
)(type(__import__('sys'))(name)))({name!r}, {source!r}, __import__('sys').modules)"""
"""Its value is the module of the capturing file: made on the first request, the same one on later ones."""


def capture_in_kernel(connection_file: Path, level: str, folder: Path | None, timeout_s: float) -> str:
    """What the kernel has, as the text of a capture file, with what it has imported. Its variables and history stay as they are.

    Args:
        connection_file: how to reach it.
        level: as for `mlnb.envs.capture.capture`.
        folder: where the notebook lies; None: the kernel's current folder.
        timeout_s: how long to wait for a kernel that runs a cell.

    Raises:
        NoKernel: it has ended, or its connection file is none.
        KernelSilent: it did not answer in time, or is no kernel of Python.
    """
    from jupyter_client.blocking.client import BlockingKernelClient  # 0.1 s, where a kernel is called only

    client = BlockingKernelClient()
    try:
        client.load_connection_file(str(connection_file))
    except (OSError, ValueError) as error:
        raise NoKernel(f"the kernel of {connection_file.name} has ended", "Start it again.") from error
    if not client.shell_port:
        raise NoKernel(f"{connection_file.name} says of no kernel where it is", "Start the kernel again.")
    client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)  # noqa: S604 - a channel's name
    try:
        return _ask(client, expression(level, folder), timeout_s)
    finally:
        client.stop_channels()


def connection_file_of(kernel_id: str) -> Path | None:
    """The connection file of the running kernel that Jupyter calls `kernel_id`; None when there is none."""
    from jupyter_core.paths import jupyter_runtime_dir

    found = Path(jupyter_runtime_dir()) / f"kernel-{kernel_id}.json"
    return found if Path(kernel_id).name == kernel_id and found.is_file() else None


def expression(level: str, folder: Path | None) -> str:
    """An expression of Python whose value is the capture of the process that evaluates it, as JSON text."""
    source = Path(capturing.__file__).read_text(encoding="utf-8")
    name = f"_mlnb_capture_{hashlib.sha256(source.encode()).hexdigest()[:12]}"
    module = _MODULE.format(name=name, source=source)
    where = repr(str(folder)) if folder else "__import__('os').getcwd()"
    return f"(lambda capture: capture.to_json(capture.capture({level!r}, {where})))({module})"


def _ask(client: Any, wanted: str, timeout_s: float) -> str:  # noqa: ANN401 - untyped by its library
    request = client.execute("", silent=True, store_history=False, user_expressions={"mlnb": wanted})
    end = time.monotonic() + timeout_s
    while True:
        try:
            reply = client.get_shell_msg(timeout=max(0.0, end - time.monotonic()))
        except queue.Empty:
            raise KernelSilent(
                f"the kernel did not answer within {timeout_s:g} s", "It is running a cell: wait, or interrupt it."
            ) from None
        if reply["parent_header"].get("msg_id") == request:
            return _text(reply["content"].get("user_expressions", {}).get("mlnb", {}))


def _text(answer: dict[str, Any]) -> str:
    if answer.get("status") != "ok":
        reason = answer.get("evalue") or "it is no kernel of Python"
        raise KernelSilent(
            f"the kernel could not capture itself: {reason}", "Name its interpreter instead: --python P."
        )
    text = ast.literal_eval(answer["data"]["text/plain"])
    json.loads(text)
    return str(text)
