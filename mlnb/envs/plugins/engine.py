"""Images built and asked, through the Engine API: on the local socket or wherever ``DOCKER_HOST`` points."""

from __future__ import annotations

import contextlib
import io
import os
import re
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from mlnb.core.secrets import mask
from mlnb.envs import capture as capturing
from mlnb.envs.errors import BuildFailed, NoEngine

_STEP = re.compile(r"^Step \d+/\d+ : (.*)$")
_ANSWER_S = 120
_LONG_S = 3600
_START = "Start Docker, or point DOCKER_HOST at an engine."


class DockerEngine:
    """The Docker engine, as `mlnb.envs.ports.ImageEngine` wants one."""

    def base(self, name: str, on_line: Callable[[str], None]) -> str:
        """The engine's id of the image `name`, pulled where it is not there."""
        from docker.errors import APIError, ImageNotFound

        with _engine() as client:
            try:
                return str(client.images.get(name).id)
            except ImageNotFound:
                on_line(f"pulling {name}")
            try:
                return str(client.images.pull(*_name_and_tag(name)).id)
            except APIError as error:
                raise BuildFailed(
                    f"the base image {name} is not in the engine and cannot be pulled: {mask(str(error.explanation or error))}",
                    "Get it (docker pull), or name another: --base-image NAME.",
                ) from error

    def find(self, recipe: str) -> tuple[str, str, int] | None:
        """Id, name and size of the image with that recipe in its label."""
        with _engine() as client:
            for image in client.images.list(filters={"label": f"org.mlnb.recipe={recipe}"}):
                if image.tags:
                    return str(image.id), str(image.tags[0]), int(image.attrs["Size"])
        return None

    def build(
        self, context: IO[bytes], name: str, base: str, recipe: str, on_line: Callable[[str], None]
    ) -> tuple[str, int]:
        """Build an image from an archive; its id and size."""
        from docker.errors import APIError

        step, last = "", ""
        with _engine(_LONG_S) as client:
            lines = client.api.build(
                fileobj=context, custom_context=True, tag=name, buildargs={"BASE_IMAGE": base}, rm=True,
                forcerm=True, decode=True,
            )  # fmt: skip
            for one in lines:
                if "error" in one:
                    with contextlib.suppress(APIError):  # what was built so far; another build may hold it
                        client.images.prune(filters={"dangling": True, "label": [f"org.mlnb.recipe={recipe}"]})
                    told = last or mask(str(one["error"]).strip())
                    raise BuildFailed(
                        f"the image could not be built: {step}: {told}",
                        "Mend what it says, or choose another base image.",
                    )
                for line in filter(None, (line.strip() for line in mask(str(one.get("stream", ""))).splitlines())):
                    found = _STEP.match(line)
                    step = found[1] if found else step
                    last = "" if found else line
                    on_line(line)
            image = client.images.get(name)
            return str(image.id), int(image.attrs["Size"])

    def tag(self, image: str, name: str) -> None:
        """Call an image by another name too."""
        with _engine() as client:
            client.images.get(image).tag(*_name_and_tag(name))

    def capture(self, image: str) -> str:
        """What a container of the image says of its environment: the text of a capture file."""
        with _engine() as client:
            container = client.containers.create(
                image, entrypoint=["python3", "/tmp/mlnb_capture.py"], command=[], network_mode="none", cap_drop=["ALL"],  # noqa: S108
                working_dir="/tmp",  # noqa: S108 - inside the container
            )  # fmt: skip
            try:
                container.put_archive("/tmp", _archive("mlnb_capture.py", Path(capturing.__file__).read_bytes()))  # noqa: S108
                container.start()
                code = container.wait(timeout=_ANSWER_S)["StatusCode"]
                if code:
                    said = container.logs().decode(errors="replace").strip().splitlines()
                    raise BuildFailed(
                        f"a container of {image} cannot capture its environment: {mask(said[-1] if said else f'exit code {code}')}",
                        "Does `docker run IMAGE python3` work?",
                    )
                return str(container.logs(stdout=True, stderr=False).decode())
            finally:
                container.remove(force=True, v=True)


def _archive(name: str, data: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo(name)
        member.size, member.mode = len(data), 0o644
        tar.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def _name_and_tag(name: str) -> tuple[str, str | None]:
    head, _, tail = name.rpartition(":")
    return (name, "latest") if not head or "/" in tail else (head, tail)


@contextlib.contextmanager
def _engine(timeout_s: int = _ANSWER_S) -> Iterator[Any]:
    """The client; what the engine or the way to it does wrong becomes an error of ours."""
    import docker
    from docker.errors import APIError, DockerException
    from requests.exceptions import RequestException

    address = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    try:
        client = docker.from_env(version="auto", timeout=timeout_s)
    except (DockerException, RequestException, OSError) as error:
        raise NoEngine(f"no Docker engine answers at {address}", _START) from error
    try:
        yield client
    except APIError as error:
        raise BuildFailed(
            f"the Docker engine says: {mask(str(error.explanation or error))}", "See `docker info`."
        ) from error
    except (DockerException, RequestException) as error:
        raise NoEngine(f"the Docker engine at {address} went away: {mask(str(error))}", _START) from error
    finally:
        client.close()
