"""The comm target ``mlnb``: the front end calls the kernel's door over it and hears that the order changed.

Front end to kernel ``{"id": n, "call": name, "arguments": {...}}``; kernel to front end ``{"id": n, "result" | "error": ...}`` and
``{"event": "order_changed"}``, with ``"data": {...}`` where there is more to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mlnb.kernel import door
from mlnb.kernel.log import logged

TARGET = "mlnb"


class Comms:
    """The open comms of one shell.

    Args:
        shell: an InteractiveShell; only under ipykernel does it have comms.
        on_last_closed: told when the last front end has gone.
        on_own: told with each message of mlnb's own, which changes nothing of the user's.
    """

    def __init__(
        self,
        shell: Any,  # noqa: ANN401 - untyped
        on_last_closed: Callable[[], None] = lambda: None,
        on_own: Callable[[], None] = lambda: None,
    ) -> None:
        self._on_last_closed = on_last_closed
        self._on_own = on_own
        self._manager: Any = getattr(getattr(shell, "kernel", None), "comm_manager", None)
        self._open: dict[str, Any] = {}

    def register(self) -> None:
        """Offer the target to front ends."""
        if self._manager is not None:
            self._manager.register_target(TARGET, self._opened)

    def unregister(self) -> None:
        """Close every comm and withdraw the target."""
        if self._manager is None:
            return
        self._manager.unregister_target(TARGET, self._opened)
        for comm in self._open.values():
            with logged("comm: close"):
                comm.close()
        self._open.clear()

    def tell(self, event: str, data: Mapping[str, Any] | None = None) -> None:
        """Send `event`, and what there is to know of it, to every front end that listens. Any thread may call it."""
        for comm in list(self._open.values()):
            with logged("comm: send"):
                comm.send({"event": event} if data is None else {"event": event, "data": dict(data)})

    def _opened(self, comm: Any, _message: Any) -> None:  # noqa: ANN401 - untyped by its library
        self._on_own()
        self._open[comm.comm_id] = comm
        comm.on_close(lambda _: self._closed(comm))
        comm.on_msg(lambda message: self._asked(comm, message))
        comm.send({"event": "ready"})

    def _closed(self, comm: Any) -> None:  # noqa: ANN401 - untyped by its library
        self._on_own()
        self._open.pop(comm.comm_id, None)
        if not self._open:
            with logged("comm: the last one closed"):
                self._on_last_closed()

    def _asked(self, comm: Any, message: Any) -> None:  # noqa: ANN401 - untyped by its library
        self._on_own()
        with logged("comm: answer"):
            data = message["content"]["data"]
            if not isinstance(data, dict):
                return  # nobody to answer
            arguments = data.get("arguments") or {}
            comm.send({"id": data.get("id"), **door.answer(str(data.get("call")), arguments)})
