"""What can be done with environments: capture one, compare two, say how the one of a notebook stands."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path

from mlnb.core.errors import BadInput
from mlnb.core.home import project_of
from mlnb.envs import capture as capturing
from mlnb.envs import kept
from mlnb.envs.errors import CannotCompare, DriftRefused, KernelSilent, NoEnvironment, NoKernel, NotACapture
from mlnb.envs.interpreters import capture_elsewhere, environment_from_json, interpreter_at
from mlnb.envs.plugins.running import capture_in_kernel, connection_file_of
from mlnb.envs.ports import EnvIds, KernelCapture, LastJobs, LockDrift, RunningKernels
from mlnb.envs.rules import drift_between, findings
from mlnb.envs.types import (
    Drift,
    Environment,
    EnvironmentStatus,
    LastJob,
    LockState,
    NotebookEnvironment,
    RunningKernel,
)

__all__ = ["EnvsService", "environment_from_json", "lock_of"]

LOCK_FILE = "lock.json"
"""What makes a folder a lock."""
_KERNEL_TIMEOUT_S = 30.0  # when asked for by name
_GLANCE_TIMEOUT_S = 2.0  # when something else will do


class EnvsService:
    """Environments.

    Args:
        kernels: which kernels are alive.
        in_kernel: captures inside one of them.
        env_ids: which environment a snapshot, a run or a job has met.
        last_job: what ran a notebook before.
        verify_lock: how an interpreter stands to a lock.
        is_strict: whether the policy of a notebook's project refuses red drift.
    """

    def __init__(
        self,
        kernels: RunningKernels = tuple,
        in_kernel: KernelCapture = capture_in_kernel,
        env_ids: EnvIds = lambda reference: None,
        last_job: LastJobs = lambda notebook: None,
        verify_lock: LockDrift | None = None,
        is_strict: Callable[[Path], bool] = lambda notebook: False,
    ) -> None:
        self._kernels, self._in_kernel = kernels, in_kernel
        self._env_ids, self._last_job, self._verify_lock = env_ids, last_job, verify_lock
        self._is_strict = is_strict

    def capture(
        self,
        python: str | Path | None = None,
        level: str = "fast",
        folder: Path | None = None,
        kernel: str | None = None,
    ) -> Environment:
        """The environment of an interpreter or of a running kernel.

        Args:
            python: path of an interpreter or of the folder of a virtual environment; None: the one that runs this.
            level: ``fast`` (metadata only), ``stat`` (also sizes of files) or ``hash`` (also their contents).
            folder: where the notebook lies: modules there are its project's own; None: of a kernel its current folder.
            kernel: a running kernel, by its Jupyter id, its connection file or its notebook; with what it has imported.

        Raises:
            BadInput: there is no such level, or both `python` and `kernel` are given.
            NoEnvironment: there is no interpreter at `python`.
            InterpreterFailed: it could not capture itself.
            NoKernel: there is no such kernel, or it has ended.
            KernelSilent: it is running a cell, or could not capture itself.
        """
        if level not in capturing.LEVELS:
            raise BadInput(f"there is no level {level!r}", f"Use one of {', '.join(capturing.LEVELS)}.")
        if kernel is not None and python is not None:
            raise BadInput("an interpreter and a kernel are two environments", "Give either --python or --kernel.")
        if kernel is not None:
            found = self._running(kernel)
            text = self._in_kernel(Path(found.connection_file), level, folder, _KERNEL_TIMEOUT_S)
            return environment_from_json(text, f"the answer of kernel {kernel}")
        if python is None:
            return capturing.capture(level, str(folder) if folder else None)
        return capture_elsewhere(interpreter_at(Path(python).expanduser()), level, folder)

    def identify(self, python: str | Path | None = None) -> str:
        """The `env_id` of an interpreter (None: of this one). What it stands for is kept, to be compared later.

        Raises:
            NoEnvironment: there is no interpreter at `python`.
            InterpreterFailed: it could not capture itself.
        """
        return kept.keep(capturing.capture(surroundings=False) if python is None else self.capture(python))

    def read(self, reference: str, folder: Path | None = None) -> Environment:
        """The environment that `reference` names: a capture file, an interpreter, a virtual environment's folder, ``.`` for the
        interpreter that runs this, a lock's folder, the id of a snapshot, run or job, or an `env_id`.

        Args:
            reference: one of these.
            folder: where the notebook lies, for what is captured now.

        Raises:
            NoEnvironment: there is nothing of that name, or the environment it names was not kept on this machine.
            NotACapture: it is a file but neither a capture nor an interpreter.
            InterpreterFailed: the interpreter could not capture itself.
        """
        path = Path(reference).expanduser()
        if reference == ".":
            return self.capture(folder=folder)
        is_lock = (path / LOCK_FILE).is_file()
        if not is_lock and (path.is_dir() or (path.is_file() and os.access(path, os.X_OK))):
            return self.capture(path, folder=folder)
        return self._recorded(path if path.exists() else reference)

    def _recorded(self, reference: str | Path) -> Environment:
        """What was captured before, by its id or at a path."""
        if isinstance(reference, Path):
            return _of_lock(reference) if (reference / LOCK_FILE).is_file() else _from_file(reference)
        found = kept.find(reference)
        env_id = None if found else self._env_ids(reference)
        found = kept.find(env_id) if env_id else found
        if found is None and env_id:
            raise NoEnvironment(
                f"the environment {env_id[:12]} of {reference} was not kept on this machine",
                "Capture the environment where it ran (`mlnb env capture -o FILE`) and compare with that file.",
            )
        if found is None:
            raise NoEnvironment(
                f"there is no environment {reference!r}",
                "Name a capture file (`mlnb env capture -o FILE`), an interpreter, a virtual environment's folder, `.`, or the id "
                "of a snapshot, run or job.",
            )
        return found

    def diff(self, before: str, after: str, folder: Path | None = None) -> Drift:
        """How the environment `after` differs from `before` (each as `read` takes it), gravest first.

        Raises:
            NoEnvironment: one of them does not exist.
            NotACapture: one of them is a file but not a capture.
            InterpreterFailed: an interpreter could not capture itself.
        """
        return drift_between(self.read(before, folder), self.read(after, folder))

    def compare(self, before: str | Path, after: str | Path, notebook: Path) -> Drift:
        """As `diff`, of what was captured before: ids, and paths of capture files and locks. Nothing they name is run.

        Args:
            before: one of these.
            after: likewise; empty: the environment of `notebook` now.
            notebook: path of a notebook.

        Raises:
            NoEnvironment: one of them does not exist.
            NotACapture: one of them is a file but not a capture.
            InterpreterFailed: the kernel's interpreter could not capture itself.
        """
        then = self._recorded(before)
        return drift_between(then, self._recorded(after) if after else self.of_notebook(notebook).environment)

    def of_notebook(self, notebook: Path) -> NotebookEnvironment:
        """The environment of `notebook`'s live kernel, or this process's own when it has none.

        Raises:
            NoEnvironment: the kernel's interpreter is gone.
            InterpreterFailed: the kernel's interpreter could not capture itself.
        """
        place, folder = notebook.absolute(), notebook.absolute().parent
        kernel = next((one for one in self._kernels() if one.notebook and Path(one.notebook).resolve() == place), None)
        if kernel is None:
            environment = self.capture(folder=folder)
            return NotebookEnvironment(environment, kernel=False, python=environment.executable)
        try:
            text = self._in_kernel(Path(kernel.connection_file), "fast", folder, _GLANCE_TIMEOUT_S)
            environment, is_live = environment_from_json(text, "the kernel's answer"), True
        except (KernelSilent, NoKernel):
            environment, is_live = self.capture(kernel.python, folder=folder), False
        return NotebookEnvironment(environment, kernel=True, python=environment.executable, is_live=is_live)

    def status(self, notebook: Path) -> EnvironmentStatus:
        """How the environment of `notebook` stands to its project's lock and to its last job.

        Raises:
            NoEnvironment: the kernel's interpreter is gone.
            InterpreterFailed: the kernel's interpreter could not capture itself.
        """
        found = self.of_notebook(notebook)
        environment, path = found.environment, lock_of(notebook.absolute())
        state, drift = self._lock_state(path, found.python)
        last, by_itself = self._since_last_job(notebook, environment), findings(environment)
        is_red = any(one.severity == "red" for one in by_itself)
        has_drifted = is_red or (not drift.same if drift else last is not None and last.same is False)
        return EnvironmentStatus(
            env_id=environment.env_id, env_request_id=environment.env_request_id, python=environment.python,
            executable=found.python, platform=f"{environment.system} {environment.machine}",
            packages=sum(one.role == "package" for one in environment.distributions), kernel=found.kernel,
            is_live=found.is_live, lock=state, lock_path=str(path) if path else None, drift=drift, findings=by_itself,
            last_job=last, has_drifted=has_drifted, refuses=self._is_strict(notebook.absolute()),
        )  # fmt: skip

    def identify_for_job(self, notebook: Path, python: str | Path | None = None) -> str:
        """As `identify`; under a strict policy, refuse the environment of `python` (None: this one) while it has red drift.

        It is held against the lock of the notebook's project; without one, against the environment of the notebook's last job.

        Raises:
            DriftRefused: there is red drift, and the policy of the notebook's project refuses it.
            NoEnvironment: there is no interpreter at `python`.
            InterpreterFailed: it could not capture itself.
        """
        if not self._is_strict(notebook.absolute()):
            return self.identify(python)
        environment = self.capture(python, folder=notebook.absolute().parent)
        lock, last = lock_of(notebook.absolute()), self._since_last_job(notebook, environment)
        locked = self._lock_state(lock, environment.executable)[1]
        drift = locked or (last.drift if last else None)
        red = [one for one in (*(drift.differences if drift else ()), *findings(environment)) if one.severity == "red"]
        if red:
            against = lock if locked else f"the last job, {last.id}" if last and drift else "what was installed"
            named = ", ".join(dict.fromkeys(one.name for one in red[:5]))
            raise DriftRefused(
                f"the environment drifted from {against}: {named}",
                "See `mlnb env diff`; restore or lock it again, or let the project's mlnb.toml say strict_drift = false under [envs].",
            )
        return kept.keep(environment)

    def _lock_state(self, lock: Path | None, python: str) -> tuple[LockState, Drift | None]:
        if lock is None or self._verify_lock is None:
            return "unlocked", None
        try:
            drift = self._verify_lock(lock, python)
        except CannotCompare:
            return "other_platform", None
        return ("locked" if drift.same else "drifted"), drift

    def _since_last_job(self, notebook: Path, environment: Environment) -> LastJob | None:
        last = self._last_job(notebook.absolute())
        if last is None or last.env_id is None:
            return last
        if last.env_id == environment.env_id:
            return dataclasses.replace(last, same=True)
        then = kept.find(last.env_id)
        return dataclasses.replace(last, same=False, drift=drift_between(then, environment) if then else None)

    def _running(self, name: str) -> RunningKernel:
        path = Path(name).expanduser().absolute()
        for one in self._kernels():
            stem = Path(one.connection_file).stem
            is_notebook = one.notebook is not None and Path(one.notebook) == path
            if is_notebook or stem in (name, f"kernel-{name}") or Path(one.connection_file) == path:
                return one
        found = path if path.is_file() and path.suffix == ".json" else connection_file_of(name)
        if found is None:
            raise NoKernel(
                f"there is no running kernel {name!r}",
                "Give its id as `jupyter server list` or the Running panel shows it, its connection file, or its notebook.",
            )
        return RunningKernel(str(found))


def lock_of(notebook: Path) -> Path | None:
    """The lock that `notebook` goes by: ``env.lock`` in the nearest folder above, within its project."""
    project = project_of(notebook)
    for folder in (notebook.parent, *notebook.parent.parents):
        if (folder / "env.lock" / LOCK_FILE).is_file():
            return folder / "env.lock"
        if folder == project:
            return None
    return None


def _of_lock(folder: Path) -> Environment:
    if not (folder / "environment.json").is_file():
        raise NotACapture(
            f"{folder} was locked from requirements: no environment is known that it came from",
            f"Hold an environment against it: mlnb env verify {folder}.",
        )
    return _from_file(folder / "environment.json")


def _from_file(path: Path) -> Environment:
    try:
        return environment_from_json(path.read_text(encoding="utf-8"), str(path))
    except OSError as error:
        raise NoEnvironment(f"cannot read {path}: {error.strerror}", "Make it readable for you.") from error
    except UnicodeDecodeError as error:
        raise NotACapture(f"{path} is not a capture", "Make one: mlnb env capture -o FILE.") from error
