"""The worker's side of warm starts: one `mlnb.runner.warm` process per interpreter, asked to fork a runner for each job."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Mapping

from mlnb.jobs import folder as files
from mlnb.jobs.types import Attempt


class WarmStart:
    """Starts runners without the cost of their imports, where a warm process is ready; else says no."""

    def __init__(self) -> None:
        self._servers: dict[str, _Server] = {}
        self._lock = threading.Lock()

    def prepare(self, interpreter: str, env: Mapping[str, str]) -> None:
        """Begin to warm a process of `interpreter`, unless there is one. Does not wait."""
        if sys.platform != "linux":
            return  # elsewhere a process that has loaded system libraries must not fork
        with self._lock:
            server = self._servers.get(interpreter)
            if server is None or not server.is_alive:
                self._servers[interpreter] = _Server(interpreter, env)

    def start(self, attempt: Attempt, env: Mapping[str, str], cwd: str) -> int | None:
        """Have a runner of `attempt` forked; its process id, or None when no warm process is ready."""
        with self._lock:
            server = self._servers.get(attempt.interpreter)
            if server is not None and server.is_ready:
                request = {
                    "folder": str(attempt.folder),
                    "stream": str(attempt.folder / files.STREAM),
                    "cwd": cwd,
                    "env": dict(env),
                }
                return server.fork(request)
        self.prepare(attempt.interpreter, env)
        return None


class _Server:
    def __init__(self, interpreter: str, env: Mapping[str, str]) -> None:
        self.is_ready = False
        try:
            self._process: subprocess.Popen[bytes] | None = subprocess.Popen(
                [interpreter, "-m", "mlnb.runner.warm"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=dict(env), start_new_session=True,
            )  # fmt: skip
        except OSError:
            self._process = None
            return
        threading.Thread(target=self._wait_until_ready, daemon=True).start()

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        assert self._process.stdout is not None
        self.is_ready = b"ready" in self._process.stdout.readline()

    @property
    def is_alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def fork(self, request: Mapping[str, object]) -> int | None:
        assert self._process is not None
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
            reply = self._process.stdout.readline()
            return int(json.loads(reply)["pid"])
        except (OSError, ValueError, KeyError):
            self.is_ready = False  # it has ended: the plain way, and a new one for the next job
            return None
