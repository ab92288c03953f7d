"""What can go wrong with jobs, beyond the errors that all areas share."""

from __future__ import annotations

from mlnb.core.errors import BadInput, Conflict, NotFound, Refused, Unavailable


class JobNotFound(NotFound):
    """No job has that id."""

    code = "job_not_found"

    def __init__(self, job_id: str) -> None:
        super().__init__(f"there is no job {job_id!r}", "See `mlnb jobs list`.")


class NoKernelspec(BadInput):
    """The notebook does not say which kernel it runs in."""

    code = "no_kernelspec"


class UnknownKernel(BadInput):
    """No kernel of that name is installed here."""

    code = "unknown_kernel"


class UnknownParameter(BadInput):
    """A parameter was given that the notebook does not declare, or of a type it cannot take."""

    code = "unknown_parameter"


class NoCertificate(Refused):
    """No certificate says that the notebook, as it is now and with these parameters, gives what is saved; nothing was queued."""

    code = "no_certificate"


class JobState(Conflict):
    """The job's state does not allow this."""

    code = "job_state"


class ExecutorUnavailable(Unavailable):
    """The executor cannot be reached; nothing was queued."""

    code = "executor_unavailable"
