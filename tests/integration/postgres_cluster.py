"""A PostgreSQL server of its own for a test run: on a free port and a socket in a folder of its own, gone afterwards."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import sqlalchemy as sa

PASSWORD = "correct-horse-battery"


class CannotStart(Exception):
    """There is no PostgreSQL here, or no user to run it as."""


class Cluster:
    """A running server.

    Args:
        port: of localhost.
        folder: where its socket lies.
    """

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self.folder = folder
        self._made = 0

    def url(self, database: str, port: int | None = None) -> str:
        """SQLAlchemy URL of `database`."""
        return f"postgresql+psycopg://mlnb:{PASSWORD}@127.0.0.1:{port or self.port}/{database}"

    def new_database(self) -> str:
        """URL of a new empty database."""
        self._made += 1
        name = f"t{self._made}"
        engine = sa.create_engine(self.url("postgres"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql(f"create database {name}")
        engine.dispose()
        return self.url(name)


@contextlib.contextmanager
def cluster() -> Iterator[Cluster]:
    """A server for the block.

    Raises:
        CannotStart: there is none here.
    """
    programs = _programs()
    user = _user()
    folder = Path(tempfile.mkdtemp(prefix="mlnb-pg-"))  # short, for the socket, and where another user can get at it
    try:
        if user is not None:
            shutil.chown(folder, user.pw_uid, user.pw_gid)
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        _run(user, folder, programs / "initdb", "-D", folder / "data", "-U", "mlnb", "-A", "scram-sha-256",
             "--pwfile", folder / "password", "-E", "UTF8", "--locale", "C.UTF-8", "--no-sync")  # fmt: skip
        port = _free_port()
        options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        _run(
            user, folder, programs / "pg_ctl", "-D", folder / "data", "-l", folder / "log", "-w", "-o", options, "start"
        )
        try:
            yield Cluster(port, folder)
        finally:
            _run(user, folder, programs / "pg_ctl", "-D", folder / "data", "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _programs() -> Path:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4].split(".")[0]))
    initdb = str(found[-1]) if found else shutil.which("initdb")
    if initdb is None:
        raise CannotStart("there is no PostgreSQL here (Debian: apt-get install postgresql)")
    return Path(initdb).parent


def _user() -> pwd.struct_passwd | None:
    """Whom to run it as: PostgreSQL refuses root. None: whoever we are."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name)
    raise CannotStart("PostgreSQL does not run as root, and there is no user postgres or nobody")


def _run(user: pwd.struct_passwd | None, folder: Path, *command: object) -> None:
    other = {} if user is None else {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env={"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}, check=False, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **other,
    )  # fmt: skip
    if done.returncode != 0:
        log = folder / "log"
        raise AssertionError(f"{command[0]}: {done.stderr}\n{log.read_text() if log.exists() else ''}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
