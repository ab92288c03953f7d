"""What can go wrong with features. `by_code` carries them over from the process that runs a definition."""

from __future__ import annotations

from mlnb.core.errors import BadInput, MlnbError, NotFound


class ViewNotFound(NotFound):
    """No feature view of that name, or not that version of it, is in the catalogue."""

    code = "view_not_found"


class FeatureNotFound(NotFound):
    """The feature view has no feature of that name."""

    code = "feature_not_found"


class SourceMissing(NotFound):
    """The data that a feature view is made from is not there or cannot be read."""

    code = "source_missing"


class ColumnMissing(BadInput):
    """A column that is needed is not in the data; the message names it and those there are."""

    code = "column_missing"


class DefinitionInvalid(BadInput):
    """What was said about a feature view cannot be."""

    code = "definition_invalid"


class DefinitionGone(BadInput):
    """The code that a version was registered with is not there any more, or is another now."""

    code = "definition_gone"


class OutputInvalid(BadInput):
    """What the function returned is not a table of keys, times and features."""

    code = "output_invalid"


class FunctionFailed(MlnbError):
    """The function of a feature view, or the file that defines it, raised; the message has its words."""

    code = "function_failed"
    status = 422


class EntitiesInvalid(BadInput):
    """The rows to read features for do not fit: a key has another type, or a time is none."""

    code = "entities_invalid"


def by_code(code: str, message: str, hint: str) -> MlnbError:
    """The error that another process reported by `code`; an unknown one comes back as `FunctionFailed`."""
    todo: list[type[MlnbError]] = [MlnbError]
    while todo:
        kind = todo.pop()
        if kind.code == code:
            return kind(message, hint)
        todo += kind.__subclasses__()
    return FunctionFailed(message, hint)
