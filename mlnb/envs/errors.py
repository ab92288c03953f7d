"""What can go wrong with environments."""

from __future__ import annotations

from mlnb.core.errors import BadInput, MlnbError, NotFound, NotInstalled, Refused, Unavailable


class NoEnvironment(NotFound):
    """Nothing of that name can be captured or read as a capture."""

    code = "no_environment"


class NotACapture(BadInput):
    """The file is not a capture, or was written by a newer mlnb."""

    code = "not_a_capture"


class NoKernel(NotFound):
    """There is no such kernel, or it has ended."""

    code = "no_kernel"


class KernelSilent(Unavailable):
    """The kernel is running a cell, or could not capture itself."""

    code = "kernel_silent"


class NotConda(BadInput):
    """It is no conda environment, or one of its packages cannot be read; the message names it."""

    code = "not_conda"


class DriftRefused(Refused):
    """The environment drifted, and the project's policy does not let that pass; the message names what drifted."""

    code = "drift_refused"


class InterpreterFailed(Unavailable):
    """The interpreter could not capture its environment; the message has its own words."""

    code = "interpreter_failed"


class NoUv(NotInstalled):
    """uv, which resolves and installs packages, is not on this machine."""

    code = "no_uv"


class UvRefused(Unavailable):
    """uv could not resolve or install; the message has its own words. Nothing was half-written."""

    code = "uv_refused"


class CannotLock(BadInput):
    """A package of the environment cannot be locked; the message names it and why. Nothing was written."""

    code = "cannot_lock"


class NotALock(BadInput):
    """The folder is not a lock, was changed by hand, or was written by a newer mlnb."""

    code = "not_a_lock"


class CannotRestore(BadInput):
    """The lock cannot be restored here, or not to that place; nothing was changed."""

    code = "cannot_restore"


class CannotCompare(MlnbError):
    """There is nothing to hold against each other."""

    code = "cannot_compare"
    exit_code = 4


class BuildFailed(Unavailable):
    """The engine could not build the image; the message has the failing line."""

    code = "build_failed"


class NoEngine(Unavailable):
    """No Docker engine answers; nothing was built."""

    code = "no_engine"
