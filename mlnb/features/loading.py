"""Importing a file of definitions by itself, under a name that collides with nothing."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

from mlnb.core.content import digest_of
from mlnb.core.secrets import mask
from mlnb.features.definition import definition_of
from mlnb.features.errors import DefinitionInvalid, FunctionFailed, SourceMissing


class _AsItStands(SourceFileLoader):
    """Reads the source each time: Python takes compiled code for current when second and size of the file are the same."""

    def get_code(self, fullname: str) -> CodeType:
        """The code of the file as it is now."""
        code: CodeType = self.source_to_code(self.get_data(self.path), self.path)
        return code


def functions_in(file: Path) -> list[Callable[..., object]]:
    """The decorated functions that the Python file `file` defines itself, in the order of the file. Its code is executed.

    Raises:
        SourceMissing: there is no such file.
        FunctionFailed: it cannot be imported; the message has the reason and the line.
        DefinitionInvalid: it defines no feature view, or two of one name.
    """
    if not file.is_file():
        raise SourceMissing(f"there is no file {file}", "Name the Python file that defines the feature views.")
    name = f"mlnb_definitions_{digest_of(str(file).encode())[:12]}"
    loader = _AsItStands(name, str(file)) if file.suffix == ".py" else None
    spec = importlib.util.spec_from_file_location(name, file, loader=loader) if loader else None
    if spec is None or spec.loader is None:
        raise DefinitionInvalid(f"{file.name} is not a Python file", "Name a file that ends in .py.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses and pickling look their module up there
    sys.path.insert(0, str(file.parent))  # modules beside it import as when it is run
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise FunctionFailed(_in_words(file, error), "Does it run by itself: python FILE?") from error
    finally:
        sys.path.remove(str(file.parent))
    found = [one for one in vars(module).values() if _defines(module.__name__, one)]
    names = [definition.name for one in found if (definition := definition_of(one)) is not None]
    if not found:
        raise DefinitionInvalid(
            f"{file.name} defines no feature view",
            'Write @mlnb.feature_view(entity="customer_id", source="events.parquet") above a function of it.',
        )
    twice = sorted({one for one in names if names.count(one) > 1})
    if twice:
        raise DefinitionInvalid(f"{file.name} defines {', '.join(twice)} more than once", "Give each its own name.")
    return found


def _defines(module: str, value: object) -> bool:
    return callable(value) and definition_of(value) is not None and getattr(value, "__module__", "") == module


def _in_words(file: Path, error: BaseException) -> str:
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    where = f" (line {error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else 1})"
    return mask(f"{file.name} cannot be imported: {type(error).__name__}: {error}{where}")
