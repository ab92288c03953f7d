"""What papermill finds under the name `mlnb`: it loads engines while it is itself imported, so ours must not need it yet."""

from __future__ import annotations

from typing import Any


class PapermillEngine:
    """`MlnbEngine`, imported when the first notebook is executed by it."""

    @classmethod
    def execute_notebook(cls, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - papermill is untyped
        """Execute a notebook as papermill asks its engines to.

        Raises:
            PapermillExecutionError: a cell raised.
        """
        from mlnb.runner.engine import MlnbEngine  # noqa: PLC0415 - see above

        return MlnbEngine.execute_notebook(*args, **kwargs)
