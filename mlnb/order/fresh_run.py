"""A `NotebookRunner` on nbclient: every cell from top to bottom in a new kernel, in the notebook's own folder.

Nothing that mlnb keeps comes of it: the notebook's file is not touched, no snapshot is taken, and what the notebook logs to MLflow goes
to a scratch folder, wherever the user's own tracking server is. Files that the notebook itself writes are written, as in any run;
`files_below` tells which.
"""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlnb.core.content import digest_of
from mlnb.core.errors import BadInput, NotANotebook, Unavailable
from mlnb.core.wire import dumps
from mlnb.order.plugins.notebook_file import notebook_from_document, read_notebook
from mlnb.order.ports import Analyzer
from mlnb.order.rules.frozen import FrozenNeed
from mlnb.order.saved import KEPT_TAGS
from mlnb.order.thaw import needs_of
from mlnb.order.types import SavedNotebook

INJECTED = "mlnb-injected-parameters"
_LEAVES_NOTHING = {"MLNB_SNAPSHOTS_AUTO": "off", "MLNB_ORDER_MODE": "off", "MLFLOW_DISABLE_TELEMETRY": "true"}
_OF_OTHER_RUNS = ("MLFLOW_RUN_ID", "MLFLOW_REGISTRY_URI", "MLFLOW_EXPERIMENT_ID", "MLNB_NOTEBOOK", "MLNB_ORDER_FLOOR")
_MOST_FILES = 20_000
_NOT_LOOKED_INTO = frozenset({"__pycache__", "node_modules"})


class FreshRun:
    """Runs notebooks for `mlnb verify`.

    Args:
        check_parameters: refuses parameters that the notebook at the path does not declare.
        analyzer: the analyser of a kernel language; raises `NotFound` where there is none.
    """

    def __init__(
        self, check_parameters: Callable[[Mapping[str, Any], Path], None], analyzer: Callable[[str], Analyzer]
    ) -> None:
        self._check_parameters = check_parameters
        self._analyzer = analyzer

    def run(self, path: Path, parameters: Mapping[str, Any]) -> SavedNotebook:
        """The notebook as a run from top to bottom leaves it; it ends at the first cell that raises.

        Raises:
            NotFound, NotANotebook: the notebook cannot be read.
            BadInput: it declares no such parameter, or is in a language that parameters cannot be put into.
            FrozenValueMissing: a frozen cell defines what others read, and its values cannot be had; nothing was run.
            Unavailable: no kernel could be started, or it died.
        """
        import nbformat  # noqa: PLC0415 - only when needed

        saved = read_notebook(path)  # says plainly what is wrong with the file
        self._check_parameters(parameters, path)
        needs = needs_of(saved, self._analyzer)
        try:
            notebook = nbformat.read(  # type: ignore[no-untyped-call] # nbformat is untyped
                path, as_version=4
            )
        except Exception as error:  # nbformat raises many kinds
            raise NotANotebook(f"{path} is not a notebook: {error}", "Name a file that Jupyter wrote.") from error
        if parameters:
            _inject(notebook, parameters, saved)
        for cell in notebook.cells:
            if cell.cell_type == "code" and not set(KEPT_TAGS).intersection(cell.metadata.get("tags", [])):
                cell.outputs, cell.execution_count = [], None
        with tempfile.TemporaryDirectory(prefix="mlnb-verify-") as scratch:
            _execute(notebook, path.absolute(), needs, self._environment(Path(scratch), saved))
        notebook.cells = [cell for cell in notebook.cells if INJECTED not in cell.metadata.get("tags", [])]
        return notebook_from_document(notebook, str(path), digest_of(dumps(notebook).encode()))

    def interpreter(self, kernel: str | None) -> Path | None:
        """The Python that runs the kernel, or None where it is not a Python that can be named, or the one that runs this."""
        from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel  # noqa: PLC0415 - only when needed

        try:
            spec = KernelSpecManager().get_kernel_spec(kernel or "python3")
        except NoSuchKernel:
            return None
        program = spec.argv[0] if spec.argv else ""
        if not Path(program).name.startswith("python") or not Path(program).is_absolute():
            return None
        return None if Path(program).absolute() == Path(sys.executable).absolute() else Path(program)

    def files_below(self, folder: Path) -> dict[str, tuple[int, int]]:
        """Time of change and size of the files below `folder`, by name relative to it; hidden ones and very many are left out."""
        found: dict[str, tuple[int, int]] = {}
        for place, folders, names in os.walk(folder):
            folders[:] = [one for one in folders if one not in _NOT_LOOKED_INTO and not one.startswith(".")]
            for name in names:
                file = Path(place, name)
                try:
                    stat = file.stat()
                except OSError:
                    continue  # gone again, or a link to nowhere
                found[file.relative_to(folder).as_posix()] = (stat.st_mtime_ns, stat.st_size)
            if len(found) > _MOST_FILES:
                return {}
        return found

    def _environment(self, scratch: Path, saved: SavedNotebook) -> dict[str, str]:
        """The kernel's environment: everything it logs to MLflow goes to `scratch`."""
        found = {name: value for name, value in os.environ.items() if name not in _OF_OTHER_RUNS}
        has_spool = self.interpreter(saved.kernel) is None  # our own Python: the scheme is there
        tracking = "mlnb-spool:" if has_spool else (scratch / "mlruns").as_uri()
        return {**found, **_LEAVES_NOTHING, "MLNB_SPOOL": str(scratch / "spool"), "MLFLOW_TRACKING_URI": tracking}


def _execute(notebook: Any, path: Path, needs: Sequence[FrozenNeed], environment: Mapping[str, str]) -> None:  # noqa: ANN401 - untyped by its library
    import nbclient.exceptions  # noqa: PLC0415 - only when needed
    from jupyter_client.kernelspec import NoSuchKernel  # noqa: PLC0415 - only when needed

    from mlnb.order.fresh_client import FreshClient  # noqa: PLC0415 - imports nbclient

    kernel = notebook.metadata.get("kernelspec", {}).get("name") or "python3"
    resources = {"metadata": {"path": str(path.parent)}}
    client = FreshClient(notebook, path, needs, kernel_name=kernel, timeout=None, resources=resources)
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
    except (FileNotFoundError, PermissionError) as error:  # cells raise in the kernel, not here
        raise Unavailable(
            f"the kernel {kernel!r} cannot be started: {error.strerror}: {error.filename}",
            "`jupyter kernelspec list` tells where its kernel.json lies, which names that program.",
        ) from error
    finally:
        atexit.unregister(client._cleanup_kernel)  # nbclient leaves it there when the kernel did not start


def _inject(notebook: Any, parameters: Mapping[str, Any], saved: SavedNotebook) -> None:  # noqa: ANN401 - untyped by its library
    import nbformat  # noqa: PLC0415 - only when needed
    from papermill.exceptions import PapermillException  # noqa: PLC0415 - only with parameters
    from papermill.translators import translate_parameters  # noqa: PLC0415

    language = (saved.language or "python").lower()
    try:
        source = translate_parameters(saved.kernel or "python3", language, dict(parameters), "Parameters")
    except PapermillException as error:
        raise BadInput(
            f"parameters cannot be put into a notebook in {language}", "Verify it without parameters."
        ) from error
    cell = nbformat.v4.new_code_cell(  # type: ignore[no-untyped-call] # nbformat is untyped
        source, metadata={"tags": [INJECTED]}
    )
    at = next((i for i, cell in enumerate(notebook.cells) if "parameters" in cell.metadata.get("tags", [])), -1)
    notebook.cells.insert(at + 1, cell)
