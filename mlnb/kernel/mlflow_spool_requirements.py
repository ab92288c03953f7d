"""Which packages a logged model needs, without loading it again in a child process.

MLflow finds a model's packages by importing itself and the model once more in a child process, which makes ``log_model`` about
150 times slower. The kernel that trained the model knows what it imported: only that one step is replaced; the flavour's own
list, the versions, the pruning and everything a user passes (``pip_requirements=``, ``extra_pip_requirements=``) stay MLflow's.
"""

from __future__ import annotations

import sys
from types import BuiltinFunctionType, FunctionType, ModuleType

_OURS = frozenset({"mlnb", "mlflow", "IPython", "ipykernel", "builtins", "__main__"})


def install() -> None:
    """Put `modules_in_use` in the place of MLflow's child process; does nothing where MLflow has no such step."""
    try:
        from mlflow.utils import requirements_utils  # noqa: PLC0415 - MLflow is imported already when this is called
    except ImportError:
        return
    if hasattr(requirements_utils, "_capture_imported_modules"):
        requirements_utils._capture_imported_modules = modules_in_use


def modules_in_use(*_arguments: object, **_options: object) -> set[str]:
    """The top-level modules that the user's namespace refers to: modules, and where its functions, classes and objects come from."""
    main = sys.modules.get("__main__")
    found: set[str] = set()
    for name, value in list(vars(main).items()) if main else []:
        if not name.startswith("_"):
            found.add(_home_of(value).partition(".")[0])
    return {name for name in found if name and name not in _OURS}


def _home_of(value: object) -> str:
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, (type, FunctionType, BuiltinFunctionType)):
        return value.__module__ or ""
    return type(value).__module__  # never the object's own attribute: that can run the user's code
