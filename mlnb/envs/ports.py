"""What environments need from outside."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Protocol

from mlnb.envs.types import Drift, LastJob, RunningKernel


class RunningKernels(Protocol):
    """Which kernels are alive on this machine."""

    def __call__(self) -> Sequence[RunningKernel]:
        """The kernels, latest first."""


class KernelCapture(Protocol):
    """Captures inside a running kernel."""

    def __call__(self, connection_file: Path, level: str, folder: Path | None, timeout_s: float) -> str:
        """The text of a capture file.

        Raises:
            NoKernel: it has ended.
            KernelSilent: it did not answer in time, or could not.
        """


class EnvIds(Protocol):
    """Which environment a snapshot, a run or a job has met."""

    def __call__(self, reference: str) -> str | None:
        """The `env_id` that the snapshot, run or job of that id names; None when there is none of that id."""


class LastJobs(Protocol):
    """What ran a notebook before."""

    def __call__(self, notebook: Path) -> LastJob | None:
        """The last job of `notebook` (absolute path), with `drift` not yet known; None when there was none."""


class LockDrift(Protocol):
    """How environments stand to locks."""

    def __call__(self, lock: Path, python: str) -> Drift:
        """How the environment of the interpreter `python` differs from the lock in the folder `lock`.

        Raises:
            NotALock: it is none, or a file of it is gone or another.
            CannotCompare: it is for another platform.
        """


class ImageEngine(Protocol):
    """What builds images and runs containers.

    Every method raises `NoEngine` where none answers, and `BuildFailed` with its words where it refuses.
    """

    def base(self, name: str, on_line: Callable[[str], None]) -> str:
        """The id of the image `name`, which is fetched where it is not there; `on_line` is told of it."""

    def find(self, recipe: str) -> tuple[str, str, int] | None:
        """Id, name and size in bytes of the image whose label has this recipe; None when it was not built."""

    def build(
        self, context: IO[bytes], name: str, base: str, recipe: str, on_line: Callable[[str], None]
    ) -> tuple[str, int]:
        """Build an image from the archive `context` upon `base`; its id and size in bytes. `on_line` gets each line it says.

        Raises:
            BuildFailed: a step failed; the message has the step and its last line.
        """

    def tag(self, image: str, name: str) -> None:
        """Call an image by another name too."""

    def capture(self, image: str) -> str:
        """What a container of the image says of its environment: the text of a capture file."""
