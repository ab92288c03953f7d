"""What can be done with images: build the one of a lock, and write the files by which others build it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mlnb.core.files import locked
from mlnb.core.home import home
from mlnb.envs import images, lock_files
from mlnb.envs.image_types import Image, ImageFiles
from mlnb.envs.interpreters import environment_from_json
from mlnb.envs.lock_types import Lock, Verified
from mlnb.envs.ports import ImageEngine
from mlnb.envs.types import Environment


class ImagesService:
    """Images of locks.

    Args:
        engine: builds and runs them.
        compare: how an environment stands to a lock in a folder.
    """

    def __init__(self, engine: ImageEngine, compare: Callable[[Path, Lock, Environment], Verified]) -> None:
        self._engine, self._compare = engine, compare

    def build(
        self, folder: Path, *, base_image: str = "", tag: str = "", is_compiled: bool = False,
        on_line: Callable[[str], None] = lambda line: None,
    ) -> Image:  # fmt: skip
        """The image of a lock: for jobs, with its packages in ``/opt/mlnb/venv`` and a user without rights.

        One that the engine has already, of the same lock, base and Dockerfile, is taken as it is. A new one is asked for its
        environment, which is compared with the lock.

        Args:
            folder: of the lock.
            base_image: what it stands on, such as one with CUDA; it needs the lock's Python. Empty: ``python:X.Y-slim``.
            tag: another name for it; empty: only ``mlnb-env:`` with the first letters of its recipe.
            is_compiled: also write bytecode: larger and slower to build, quicker to start.
            on_line: is told each line of progress.

        Raises:
            NotALock: it is no lock.
            CannotRestore: it is not for Linux.
            NoEngine: no Docker engine answers.
            BuildFailed: the base image cannot be had, or a step failed; the message has its last line.
            UvRefused: a package could not be had.
            NoUv: uv is not installed.
        """
        lock = lock_files.read(folder)
        base = base_image or images.base_of(lock)
        text = images.dockerfile(lock, is_compiled=is_compiled)
        with locked(home() / "images.lock"):  # two builds of one lock are one
            recipe = images.recipe(lock, self._engine.base(base, on_line), text)
            known = self._engine.find(recipe)
            name = f"mlnb-env:{recipe[:12]}"
            if known is not None:
                image, size, built = known[0], known[2], False
            else:
                on_line("installing packages")
                with images.context(folder, lock, text, _about(lock, recipe)) as context:
                    image, size = self._engine.build(context, name, base, recipe, on_line)
                built = True
        if tag:
            self._engine.tag(image, tag)
        found = environment_from_json(self._engine.capture(image), f"the image {name}") if built else None
        verified = self._compare(folder, lock, found) if found else None
        notes = [] if any(one.name == "papermill" for one in lock.packages) else [
            "jobs cannot run in it: the lock has no papermill (mlnb env lock --for-jobs)"
        ]  # fmt: skip
        env_id = found.env_id if found else None
        return Image(tag or name, image, base, size, built, env_id, verified, tuple(notes))

    def write_files(self, folder: Path) -> ImageFiles:
        """Write the Dockerfile into the lock's folder, and a dev container file of it beside that folder.

        Raises:
            NotALock: it is no lock.
            CannotRestore: there is a dev container file of somebody else's.
            StoreUnavailable: they cannot be written.
        """
        return images.write_files(folder, lock_files.read(folder))


def _about(lock: Lock, recipe: str) -> dict[str, str]:
    return {
        "recipe": recipe,
        "lock": lock.digest,
        "env_id": lock.env_id or "unknown",
        "env_request_id": lock.env_request_id,
    }
