"""What can go wrong with environments."""

from __future__ import annotations

from mlnb.core.errors import BadInput, NotFound, Unavailable


class NoEnvironment(NotFound):
    """Nothing of that name can be captured or read as a capture."""

    code = "no_environment"


class NotACapture(BadInput):
    """The file is not a capture, or was written by a newer mlnb."""

    code = "not_a_capture"


class InterpreterFailed(Unavailable):
    """The interpreter could not capture its environment; the message has its own words."""

    code = "interpreter_failed"
