"""A `NotebookRunner` on nbclient: every cell from top to bottom in a new kernel.

Nothing of it stays: the file is not touched, no snapshot is taken, and what the notebook logs to mlnb's spool is thrown away.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from mlnb.core.content import digest_of
from mlnb.core.errors import NotANotebook, Unavailable
from mlnb.core.wire import dumps
from mlnb.order.plugins.notebook_file import notebook_from_document, read_notebook
from mlnb.order.types import SavedNotebook

INJECTED = "mlnb-injected-parameters"
_LEAVES_NOTHING = {"MLNB_SNAPSHOTS_AUTO": "off", "MLNB_ORDER_MODE": "off"}


class FreshRun:
    """Runs notebooks for `mlnb verify`.

    Args:
        check_parameters: refuses parameters that the notebook at the path does not declare.
    """

    def __init__(self, check_parameters: Callable[[Mapping[str, Any], Path], None]) -> None:
        self._check_parameters = check_parameters

    def run(self, path: Path, parameters: Mapping[str, Any]) -> SavedNotebook:
        """The notebook as a run from top to bottom leaves it; it ends at the first cell that raises.

        Raises:
            NotFound, NotANotebook: the notebook cannot be read.
            BadInput: it declares no such parameter.
            Unavailable: no kernel could be started, or it died.
        """
        import nbformat  # noqa: PLC0415 - only when needed

        read_notebook(path)  # says plainly what is wrong with the file
        self._check_parameters(parameters, path)
        try:
            notebook = nbformat.read(  # type: ignore[no-untyped-call] # nbformat is untyped
                path, as_version=4
            )
        except Exception as error:  # nbformat raises many kinds
            raise NotANotebook(f"{path} is not a notebook: {error}", "Name a file that Jupyter wrote.") from error
        if parameters:
            _inject(notebook, parameters)
        for cell in notebook.cells:
            if cell.cell_type == "code":
                cell.outputs, cell.execution_count = [], None
        with tempfile.TemporaryDirectory(prefix="mlnb-verify-") as spool:
            _execute(notebook, path.parent, {**os.environ, **_LEAVES_NOTHING, "MLNB_SPOOL": spool})
        notebook.cells = [cell for cell in notebook.cells if INJECTED not in cell.metadata.get("tags", [])]
        return notebook_from_document(notebook, str(path), digest_of(dumps(notebook).encode()))


def _execute(notebook: Any, folder: Path, environment: Mapping[str, str]) -> None:  # noqa: ANN401 - untyped by its library
    import nbclient.exceptions  # noqa: PLC0415 - only when needed
    from jupyter_client.kernelspec import NoSuchKernel  # noqa: PLC0415 - only when needed
    from nbclient import NotebookClient  # noqa: PLC0415 - only when needed

    kernel = notebook.metadata.get("kernelspec", {}).get("name") or "python3"
    client = NotebookClient(notebook, kernel_name=kernel, timeout=None, resources={"metadata": {"path": str(folder)}})
    try:
        # what a kernel logs is not the verdict
        client.execute(env=dict(environment), stderr=subprocess.DEVNULL)
    except nbclient.exceptions.CellExecutionError:
        pass  # the verdict says which cell failed
    except NoSuchKernel as error:
        raise Unavailable(f"there is no kernel named {kernel!r}", "See `jupyter kernelspec list`.") from error
    except (nbclient.exceptions.DeadKernelError, RuntimeError) as error:
        raise Unavailable(
            f"the kernel {kernel!r} died: {error}", "Run the notebook in JupyterLab to see where."
        ) from error


def _inject(notebook: Any, parameters: Mapping[str, Any]) -> None:  # noqa: ANN401 - untyped by its library
    import nbformat  # noqa: PLC0415 - only when needed

    lines = [f"{name} = {value!r}" for name, value in parameters.items()]
    cell = nbformat.v4.new_code_cell(  # type: ignore[no-untyped-call] # nbformat is untyped
        "\n".join(lines), metadata={"tags": [INJECTED]}
    )
    at = next((i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])), -1)
    notebook.cells.insert(at + 1, cell)
