"""nbclient's client with what the tags of cells mean: ``skip`` leaves a cell out, ``frozen`` uses its saved result."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from nbclient import NotebookClient

from mlnb.order.rules.frozen import FrozenNeed
from mlnb.order.saved import KEPT_TAGS
from mlnb.order.thaw import check_thawed, thaw_expression


class FreshClient(NotebookClient):
    """Runs a notebook from top to bottom in a new kernel.

    Args:
        notebook: the notebook, an nbformat object; outputs of frozen cells are left in it.
        path: where it lies.
        needs: what frozen cells have to bring.
        options: traits of ``nbclient.NotebookClient``.
    """

    def __init__(self, notebook: Any, path: Path, needs: Sequence[FrozenNeed], **options: Any) -> None:  # noqa: ANN401 - nbformat and nbclient are untyped
        super().__init__(notebook, **options)
        self._path = path
        self._needs = list(needs)

    async def async_execute_cell(
        self,
        cell: Any,  # noqa: ANN401 - nbformat is untyped
        cell_index: int,
        execution_count: int | None = None,
        store_history: bool = True,
    ) -> Any:  # noqa: ANN401
        """Run one cell, unless its tag keeps it from running.

        Raises:
            FrozenValueMissing: before the first cell, what frozen cells define cannot be had.
            CellExecutionError: the cell raised.
        """
        if self._needs:
            needs, self._needs = self._needs, []
            await self._thaw(needs)
        if set(KEPT_TAGS).intersection(cell.metadata.get("tags", [])):
            return cell
        return await super().async_execute_cell(cell, cell_index, execution_count, store_history)

    async def _thaw(self, needs: Sequence[FrozenNeed]) -> None:
        assert self.kc is not None
        expression = thaw_expression(self._path, needs)
        request = self.kc.execute("", silent=True, store_history=False, user_expressions={"mlnb": expression})
        reply = await self.async_wait_for_reply(await ensure_async(request))
        check_thawed((reply or {}).get("content", {}).get("user_expressions", {}).get("mlnb", {}), needs)
