"""``python -m mlnb.runner.warm``: a process that has papermill imported and forks a runner for each job (Linux only).

Importing papermill is a third of the cost of a small job. Requests come as JSON lines on standard input, one at a time::

    {"folder": "...", "stream": "...", "cwd": "...", "env": {...}}    ->    {"pid": 4711}

The first line out is ``{"ready": true}``. It ends when its input closes (the worker ended) or nothing came for a while; the
runners it forked have sessions of their own and go on.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import select
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

IDLE_S = 600.0
_PRELOADED = (
    "papermill.execute",
    "papermill.parameterize",
    "papermill.clientwrap",
    "nbclient",
    "nbformat.v4",
    "jupyter_client.manager",
    "jupyter_client.asynchronous.client",
    "jupyter_client.provisioning.local_provisioner",
    "zmq.asyncio",
    "mlnb.runner.client",
    "mlnb.runner.engine",
    "mlnb.runner.attempt",
)


def serve() -> int:
    """Fork runners until the input closes or nothing comes for `IDLE_S` seconds."""
    replies = os.dup(1)
    os.dup2(2, 1)  # whatever prints while being imported does not get between the replies
    _preload()
    if threading.active_count() != 1:
        return 1  # a fork would carry locks that nobody frees: the worker starts runners the plain way
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # ended runners are reaped by the system
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    gc.freeze()
    os.write(replies, b'{"ready": true}\n')
    while (line := _next_line()) is not None:
        request = json.loads(line)
        pid = os.fork()
        if pid == 0:
            os.close(replies)
            _become_runner(request)
        os.write(replies, json.dumps({"pid": pid}).encode() + b"\n")
    return 0


def _preload() -> None:
    for name in _PRELOADED:
        importlib.import_module(name)
    import nbformat  # noqa: PLC0415 - the point of this function
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415
    from jupyter_client.provisioning.factory import KernelProvisionerFactory  # noqa: PLC0415
    from papermill.translators import papermill_translators  # noqa: PLC0415

    nbformat.validate({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": []})  # compiles the schema
    papermill_translators.find_translator("python3", "python")
    KernelProvisionerFactory.instance()
    KernelSpecManager().find_kernel_specs()


def _next_line() -> bytes | None:
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([0], [], [], IDLE_S)
        data = os.read(0, 1 << 16) if readable else b""
        if not data:
            return None
        line += data
    return line


def _become_runner(request: dict[str, object]) -> NoReturn:
    code = 1
    try:
        os.setsid()
        for number in (signal.SIGCHLD, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.default_int_handler)
        _point(0, "/dev/null", os.O_RDONLY)
        _point(1, str(request["stream"]), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.dup2(1, 2)
        env = request["env"]
        assert isinstance(env, dict)
        os.environ.clear()
        os.environ.update(env)
        os.chdir(str(request["cwd"]))
        from mlnb.runner.attempt import main  # noqa: PLC0415 - preloaded

        code = main(Path(str(request["folder"])))
    except BaseException as error:  # noqa: BLE001 - nothing may return into the parent's loop
        os.write(2, f"the runner could not start: {type(error).__name__}: {error}\n".encode())
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _point(descriptor: int, path: str, flags: int) -> None:
    handle = os.open(path, flags, 0o600)
    os.dup2(handle, descriptor)
    os.close(handle)


if __name__ == "__main__":
    sys.exit(serve())
