"""The kernel client of jobs: tells the kernel which cell it sends, and does not wait where nothing can come."""

from __future__ import annotations

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous.client import AsyncKernelClient


class CellClient(AsyncKernelClient):
    """An asynchronous client whose execute requests carry the cell's id in their metadata, as JupyterLab's do.

    Attributes:
        cell_id: id of the cell that the next execute request belongs to.
    """

    cell_id: str | None = None

    def execute(
        self,
        code: str,
        silent: bool = False,
        store_history: bool = True,
        user_expressions: dict[str, Any] | None = None,
        allow_stdin: bool | None = None,
        stop_on_error: bool = True,
    ) -> str:
        """Send `code` to the kernel; returns the id of the message."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": user_expressions or {},
            "allow_stdin": self.allow_stdin if allow_stdin is None else allow_stdin,
            "stop_on_error": stop_on_error,
        }
        metadata = {"cellId": self.cell_id} if self.cell_id and not silent else {}
        message = self.session.msg("execute_request", content, metadata=metadata)
        self.shell_channel.send(message)
        return str(message["header"]["msg_id"])

    async def wait_for_ready(self, timeout: float | None = None) -> None:  # noqa: ASYNC109 - the base class's name
        """Wait until the kernel answers and its outputs reach us.

        The base class also waits 0.2 s for the output channel to fall silent; messages of no request of ours are told apart by
        their parent anyway.

        Raises:
            RuntimeError: the kernel died, or did not answer within `timeout` seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            self.kernel_info()
            try:
                message = await self.shell_channel.get_msg(timeout=1)
                if message["msg_type"] == "kernel_info_reply":
                    await self.iopub_channel.get_msg(timeout=0.2)
                    self._handle_kernel_info_reply(message)
                    return
            except Empty:
                pass
            if not await self.is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if end is not None and time.monotonic() > end:
                raise RuntimeError(f"Kernel didn't respond in {timeout} seconds")
