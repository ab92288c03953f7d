"""The kernels that are installed on this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlnb.core.notebook_file import read_document
from mlnb.jobs.document import check_parameters, kernel_of
from mlnb.jobs.errors import UnknownKernel


def check_kernel(name: str) -> None:
    """Accept that a notebook is run in the kernel `name` by the Python that runs this.

    Raises:
        UnknownKernel: there is none of that name; the hint lists those there are.
    """
    from jupyter_core.paths import jupyter_path  # noqa: PLC0415 - only where something is to run

    # The usual case without jupyter_client, whose import costs more than the whole look.
    if any(Path(folder, name, "kernel.json").is_file() for folder in jupyter_path("kernels")):
        return
    from jupyter_client.kernelspec import KernelSpecManager  # noqa: PLC0415 - see above

    known = sorted(KernelSpecManager().find_kernel_specs())
    if name not in known:
        raise UnknownKernel(
            f"there is no kernel named {name!r} here",
            f"Installed (jupyter kernelspec list): {', '.join(known) or 'none'}. Install it, or choose one of these.",
        )


def check_runnable(parameters: Mapping[str, Any], notebook: Path) -> None:
    """Accept that `notebook` is run here, in its own kernel and with these parameters.

    Raises:
        NotFound: there is no such notebook.
        BadInput: it is not one, names no kernel that is here, or does not declare a parameter.
    """
    _, document = read_document(notebook)
    check_kernel(kernel_of(document, None, notebook))
    check_parameters(parameters, document, notebook)
