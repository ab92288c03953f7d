"""What can go wrong with runs and models."""

from __future__ import annotations

from mlnb.core.errors import Conflict, NotFound


class RunNotFound(NotFound):
    """There is no run with this id."""

    code = "run_not_found"


class ModelNotFound(NotFound):
    """There is no registered model, version or alias of this name."""

    code = "model_not_found"


class NoModelLogged(Conflict):
    """The run logged no model, so there is nothing to register."""

    code = "no_model_logged"
