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

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> Any:  # noqa: ANN401 - papermill is untyped
        """The kernel to run in: `name`, else the notebook's own."""
        from mlnb.runner.engine import MlnbEngine  # noqa: PLC0415 - see above

        return MlnbEngine.nb_kernel_name(nb, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> Any:  # noqa: ANN401 - papermill is untyped
        """The language of the notebook: `language`, else its own."""
        from mlnb.runner.engine import MlnbEngine  # noqa: PLC0415 - see above

        return MlnbEngine.nb_language(nb, language)
