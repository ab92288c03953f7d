"""One tree of errors: a class for each thing a caller can do something about.

::

    MlnbError                 code, status (HTTP), exit_code (command line), hint (the way out)
    ├── BadInput              the caller asked for something that cannot be; nothing was changed
    │   ├── NotFound          the thing named does not exist
    │   ├── NotANotebook      a file is not a notebook that Jupyter could open
    │   ├── Conflict          it exists, but its state does not allow this
    │   └── SecretNotFound
    ├── Refused               a rule or policy says no
    │   └── NotTrusted        content that this user has not signed or accepted
    ├── Unavailable           a thing we need does not answer (engine, store, kernel); try again or start it
    │   ├── NotInstalled      an optional package is missing; the hint names the extra
    │   └── StoreUnavailable  the store is full, read-only, locked, or of a newer version
    └── Damaged               stored data does not match its digest
Services raise; only ``mlnb.server`` and ``mlnb.cli`` translate.
"""

from __future__ import annotations

from typing import ClassVar


class MlnbError(Exception):
    """Something went wrong in a way that mlnb understands.

    Attributes:
        code: stable name of the kind of error, for programs.
        status: HTTP status that the server answers with.
        exit_code: what the command line ends with (SURFACE: 1 failed, 2 bad input, 3 verdict negative, 4 cannot tell).
        hint: the way out, one sentence; empty when there is none.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 400
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message


class BadInput(MlnbError):
    """The request cannot be carried out as asked; nothing was changed."""

    code = "bad_input"
    status = 400
    exit_code = 2


class NotFound(BadInput):
    """The thing named does not exist."""

    code = "not_found"
    status = 404


class NotANotebook(BadInput):
    """A file is not a notebook that Jupyter could open."""

    code = "not_a_notebook"


class Conflict(BadInput):
    """The thing exists, but its state does not allow this."""

    code = "conflict"
    status = 409


class SecretNotFound(BadInput):
    """No secret of that name is set."""

    code = "secret_not_found"
    status = 404


class Refused(MlnbError):
    """A rule or a policy says no."""

    code = "refused"
    status = 403
    exit_code = 3


class NotTrusted(Refused):
    """Content that this user has neither signed nor accepted; nothing of it was executed."""

    code = "not_trusted"


class Unavailable(MlnbError):
    """Something mlnb needs does not answer; starting it or trying again is the way out."""

    code = "unavailable"
    status = 424
    exit_code = 1


class NotInstalled(Unavailable):
    """An optional package is missing; the hint says what to install."""

    code = "not_installed"


class StoreUnavailable(Unavailable):
    """A store is full, read-only, locked or of a newer version; nothing was half-written."""

    code = "store_unavailable"


class Damaged(MlnbError):
    """Stored data does not match its digest; it was not used."""

    code = "damaged"
    status = 422
