"""Jobs in containers, through the Engine API: on the local socket or wherever ``DOCKER_HOST`` points."""

from __future__ import annotations

import contextlib
import ipaddress
import os
import queue
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlnb.core.errors import BadInput, Refused
from mlnb.core.secrets import mask
from mlnb.jobs import folder as files
from mlnb.jobs.errors import ExecutorUnavailable
from mlnb.jobs.plugins.docker_files import JOB, PACKAGE, UID, extract, job_archive, package_archive
from mlnb.jobs.rules import size_from_bytes
from mlnb.jobs.types import Attempt, Ended, ExecutorInfo

LABEL = "mlnb.job"
_BEAT_S = 0.2
_ANSWER_S = 60
_PIDS = 1024
_FETCHED = (files.OUTPUT, files.RESULT, files.SPOOL, files.HOME)
_START = "Start Docker (or point DOCKER_HOST at an engine), or choose the local executor."


class DockerExecutor:
    """Runs attempts in containers of their own. A reference is the container's name, which no two containers can have.

    The container has no network, no capabilities, a user without rights, and a limit of processes; what it needs is copied in and
    what it made is copied out.
    """

    name = "docker"

    def __init__(self) -> None:
        self._connected: Any = None  # docker is untyped
        self._cancelled: dict[str, float] = {}
        self._lock = threading.Lock()

    def check(self, attempt: Attempt) -> None:
        """Accept `attempt`: the engine answers, has the image, and as much memory and processors as asked for.

        Raises:
            BadInput: no image, an unknown image, or more than the engine's machine has.
            Refused: the engine is reached over an open network connection.
            ExecutorUnavailable: the engine does not answer.
        """
        if attempt.image is None:
            raise BadInput(
                "a docker job needs an image",
                "Name one (--image, or the field Image), or set MLNB_JOBS_IMAGE; it needs Python 3.11 or newer and papermill.",
            )
        with self._engine() as client:
            from docker.errors import ImageNotFound

            try:
                client.images.get(attempt.image)
            except ImageNotFound as error:
                raise BadInput(
                    f"the Docker engine has no image {attempt.image!r}", f"Get it first: docker pull {attempt.image}."
                ) from error
            machine = client.info()
        wanted = attempt.resources
        if wanted.memory_bytes is not None and wanted.memory_bytes > machine["MemTotal"]:
            raise BadInput(
                f"{size_from_bytes(wanted.memory_bytes)} of memory are more than the engine's machine has",
                f"It has {size_from_bytes(machine['MemTotal'])}.",
            )
        if wanted.cpus is not None and wanted.cpus > machine["NCPU"]:
            raise BadInput(
                f"{wanted.cpus:g} processors are more than the engine's machine has", f"It has {machine['NCPU']}."
            )

    def submit(self, attempt: Attempt) -> str:
        """Create, fill and start the attempt's container; one that exists is taken as it is, and started where it never was."""
        ref = f"mlnb-{attempt.marker}"
        with self._engine() as client:
            container = self._create(client, attempt, ref)
            if container.status == "created":
                container.put_archive("/", package_archive())
                with job_archive(attempt.folder) as archive:
                    container.put_archive("/", archive)
                container.start()
        return ref

    def _create(self, client: Any, attempt: Attempt, ref: str) -> Any:  # noqa: ANN401 - docker is untyped
        from docker.errors import APIError, ImageNotFound

        memory, cpus = attempt.resources.memory_bytes, attempt.resources.cpus
        try:
            return client.containers.create(
                attempt.image,
                name=ref,
                entrypoint=["python3", "-m", "mlnb.runner", str(JOB)],
                command=[],
                labels={LABEL: attempt.job_id, "mlnb.attempt": str(attempt.number)},
                environment=_environment(),
                working_dir="/tmp",  # noqa: S108 - inside the container
                user=f"{UID}:{UID}",
                init=True,  # forwards signals; as process 1 Python would ignore them
                mem_limit=memory,
                memswap_limit=memory,
                nano_cpus=None if cpus is None else int(cpus * 1e9),
                pids_limit=_PIDS,
                network_mode="none",
                cap_drop=["ALL"],
                security_opt=["no-new-privileges"],
            )
        except ImageNotFound as error:
            raise BadInput(
                f"the Docker engine has no image {attempt.image!r} any more", "Get it again and retry."
            ) from error
        except APIError as error:
            if error.status_code != 409:
                raise
            return client.containers.get(ref)

    def find(self, attempt: Attempt) -> str | None:
        """The attempt's container, once it was started."""
        ref = f"mlnb-{attempt.marker}"
        with self._engine() as client:
            container = _get(client, ref)
        return None if container is None or container.status == "created" else ref

    def follow(self, ref: str) -> Iterator[list[str]]:
        """The container's standard output and error, until it has ended."""
        chunks: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()
        with self._engine() as client:
            container = _get(client, ref)
            if container is None:
                return
            stream = container.logs(stream=True, follow=True)
        threading.Thread(target=_pump, args=(stream, chunks), daemon=True).start()
        rest = b""
        try:
            while True:
                try:
                    chunk = chunks.get(timeout=_BEAT_S)
                except queue.Empty:
                    self._press(ref)
                    yield []
                    continue
                if chunk is None:
                    break
                if isinstance(chunk, BaseException):
                    with self._engine():
                        raise chunk
                *lines, rest = (rest + chunk).split(b"\n")
                self._press(ref)
                yield [line.decode(errors="replace") for line in lines]
        finally:
            stream.close()
        if rest:
            yield [rest.decode(errors="replace")]
        with self._engine():
            container.wait(timeout=_ANSWER_S)

    def _press(self, ref: str) -> None:
        if time.monotonic() >= self._cancelled.get(ref, float("inf")):
            self._kill(ref, "SIGKILL")

    def ended(self, ref: str) -> Ended:
        """The container's exit code, and whether its memory limit ended it."""
        with self._engine() as client:
            container = _get(client, ref)
        if container is None:
            return Ended(None)
        state = container.attrs["State"]
        return Ended(int(state["ExitCode"]), bool(state.get("OOMKilled")))

    def cancel(self, ref: str, grace_s: float) -> None:
        """Interrupt the runner inside; `follow` kills the container when the time is up."""
        if ref not in self._cancelled:
            self._cancelled[ref] = time.monotonic() + grace_s
            self._kill(ref, "SIGINT")

    def _kill(self, ref: str, signal: str) -> None:
        from docker.errors import APIError

        with self._engine() as client:
            container = _get(client, ref)
            if container is None or container.status not in ("running", "paused"):
                if container is not None and container.status == "created":
                    self._cancelled.pop(ref, None)  # not started yet: ask again
                return
            try:
                container.kill(signal=signal)
            except APIError as error:
                if error.status_code != 409:  # it has just ended
                    raise

    def fetch(self, ref: str, dest: Path) -> None:
        """Copy output notebook, result, spool and snapshots out of the container."""
        from docker.errors import NotFound

        with self._engine() as client:
            container = _get(client, ref)
            for name in _FETCHED if container is not None else ():
                with contextlib.suppress(NotFound):
                    chunks, _ = container.get_archive(str(JOB / name))
                    extract(chunks, dest)

    def release(self, ref: str) -> None:
        """Remove the container."""
        from docker.errors import APIError

        with self._engine() as client:
            container = _get(client, ref)
            if container is not None:
                try:
                    container.remove(force=True, v=True)
                except APIError as error:
                    if error.status_code not in (404, 409):  # somebody else is removing it
                        raise
        self._cancelled.pop(ref, None)

    def warm_up(self) -> None:
        """Nothing to get ready."""

    def capacity(self) -> ExecutorInfo:
        """Whether the engine answers."""
        try:
            with self._engine() as client:
                client.ping()
        except (ExecutorUnavailable, Refused) as error:
            return ExecutorInfo(self.name, False, f"{error.message}. {error.hint}")
        return ExecutorInfo(self.name, True)

    @contextlib.contextmanager
    def _engine(self) -> Iterator[Any]:
        """The client; what the engine or the way to it does wrong becomes an `ExecutorUnavailable`."""
        from docker.errors import APIError, DockerException, ImageNotFound, NotFound
        from requests.exceptions import RequestException

        try:
            with self._lock:
                if self._connected is None:
                    self._connected = _connect()
            yield self._connected
        except (ImageNotFound, NotFound):
            raise
        except APIError as error:
            raise ExecutorUnavailable(
                f"the Docker engine says: {mask(str(error.explanation or error))}", "See `docker info`."
            ) from error
        except (DockerException, RequestException, OSError) as error:
            self._connected = None
            raise ExecutorUnavailable(f"no Docker engine answers at {_address()}", _START) from error


def _address() -> str:
    return os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def _connect() -> Any:  # noqa: ANN401 - docker is untyped
    import docker

    where = urlsplit(_address())
    is_encrypted = bool(os.environ.get("DOCKER_TLS_VERIFY"))
    if where.scheme in ("tcp", "http") and not is_encrypted and not _is_loopback(where.hostname or ""):
        raise Refused(
            f"the Docker engine at {_address()} is reached without encryption, so anybody could use it",
            "Set up TLS (DOCKER_TLS_VERIFY=1 and DOCKER_CERT_PATH), or use ssh://.",
        )
    if not is_encrypted:
        return docker.from_env(version="auto", timeout=_ANSWER_S)
    # REQUESTS_CA_BUNDLE would replace the engine's own authority, so the environment is left out before the first request.
    client = docker.from_env(version="1.41", timeout=_ANSWER_S)
    client.api.trust_env = False
    client.api._version = client.api.version(api_version=False)["ApiVersion"]  # type: ignore[attr-defined] # what "auto" sets
    return client


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _environment() -> dict[str, str]:
    home = JOB / files.HOME
    return {
        "PYTHONPATH": str(PACKAGE),
        "PYTHONUNBUFFERED": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "HOME": str(home),
        "USER": "mlnb",
        "MLNB_HOME": str(home),
        "MLNB_KEYS": str(home / "keys"),
    }


def _get(client: Any, ref: str) -> Any:  # noqa: ANN401 - docker is untyped
    from docker.errors import NotFound

    try:
        return client.containers.get(ref)
    except NotFound:
        return None


def _pump(stream: Iterator[bytes], chunks: queue.SimpleQueue[bytes | BaseException | None]) -> None:
    try:
        for chunk in stream:
            chunks.put(chunk)
    except BaseException as error:  # noqa: BLE001 - told to the one who follows
        chunks.put(error)
    else:
        chunks.put(None)
