"""Reaching a running kernel from another process: one silent request on its shell channel, answered when no cell runs."""

from __future__ import annotations

import ast
import json
import queue
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from mlnb.core.errors import BadInput, Conflict, Damaged, MlnbError, NotFound, NotTrusted, Refused, StoreUnavailable
from mlnb.snapshots.errors import KernelBusy, NoLiveKernel, SnapshotNotFound

_KNOWN: dict[str, type[MlnbError]] = {
    kind.code: kind
    for kind in (SnapshotNotFound, NotFound, NotTrusted, Refused, Damaged, StoreUnavailable, Conflict, BadInput)
}


class KernelClient:
    """Calls what the kernel half offers (`mlnb.kernel.door`) over Jupyter's own protocol."""

    _CALL: ClassVar[str] = "__import__('mlnb.kernel.door', fromlist=['call']).call({name!r}, {arguments!r})"

    def call(self, connection_file: Path, name: str, arguments: Mapping[str, Any], timeout_s: float) -> Any:  # noqa: ANN401 - JSON
        """The result of `name` in the kernel.

        Raises:
            NoLiveKernel: the connection file is gone or no connection file.
            KernelBusy: no answer within `timeout_s`.
            MlnbError: what the kernel half answered.
        """
        from jupyter_client.blocking.client import BlockingKernelClient  # 0.1 s, where a kernel is called only

        client = BlockingKernelClient()
        try:
            client.load_connection_file(str(connection_file))
        except (OSError, ValueError) as error:
            raise NoLiveKernel("the kernel has ended", "Start it again, or take the document alone.") from error
        client.start_channels(shell=True, iopub=False, stdin=False, hb=False, control=False)  # noqa: S604 - a channel's name
        try:
            return self._ask(client, name, arguments, timeout_s)
        finally:
            client.stop_channels()

    def _ask(self, client: Any, name: str, arguments: Mapping[str, Any], timeout_s: float) -> Any:  # noqa: ANN401
        expression = self._CALL.format(name=name, arguments=json.dumps(dict(arguments)))
        request = client.execute("", silent=True, store_history=False, user_expressions={"mlnb": expression})
        end = time.monotonic() + timeout_s
        while True:
            try:
                reply = client.get_shell_msg(timeout=max(0.0, end - time.monotonic()))
            except queue.Empty:
                raise KernelBusy(
                    f"the kernel did not answer within {timeout_s:g} s", "It is running a cell: wait, or interrupt it."
                ) from None
            if reply["parent_header"].get("msg_id") == request:
                return _result(reply["content"].get("user_expressions", {}).get("mlnb", {}))


def _result(answer: dict[str, Any]) -> Any:  # noqa: ANN401
    if answer.get("status") != "ok":
        reason = answer.get("evalue") or "it gave no answer"
        raise NoLiveKernel(f"the kernel has no mlnb loaded: {reason}", "Run %load_ext mlnb in it.")
    reply = json.loads(ast.literal_eval(answer["data"]["text/plain"]))
    if "error" in reply:
        error = reply["error"]
        raise _KNOWN.get(error["code"], MlnbError)(error["message"], error["hint"])
    return reply["result"]
