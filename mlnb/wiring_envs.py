"""How environments are composed: what they ask of kernels, jobs, snapshots and settings. It takes no decisions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from mlnb.config import Settings

if TYPE_CHECKING:
    from mlnb.envs.locks import LocksService
    from mlnb.envs.service import EnvsService
    from mlnb.envs.types import LastJob
    from mlnb.wiring import Wiring


def build_envs(services: Wiring) -> EnvsService:
    """The service of environments, which finds the other areas in `services` when it needs them."""
    from mlnb.envs.service import EnvsService
    from mlnb.envs.types import RunningKernel
    from mlnb.kernel.registry import live_kernels

    return EnvsService(
        kernels=lambda: [RunningKernel(one.connection_file, one.python, one.notebook) for one in live_kernels()],
        env_ids=lambda reference: _env_id_of(services, reference),
        last_job=lambda notebook: _last_job_of(services, notebook),
        verify_lock=lambda lock, python: services.env_locks.verify(lock, python).drift,
        is_strict=lambda notebook: _is_strict(services, notebook),
    )


def build_locks(services: Wiring) -> LocksService:
    """The service of locks, and of what is made from them."""
    from mlnb.envs.kernels import KernelsService
    from mlnb.envs.locks import LocksService
    from mlnb.envs.plugins.engine import DockerEngine

    return LocksService(services.envs, KernelsService(services.envs), DockerEngine())


def _env_id_of(services: Wiring, reference: str) -> str | None:
    """The environment of a snapshot or a job, or of the job or snapshot that a run came from."""
    kind = reference.partition("-")[0]
    if kind == "snap":
        return services.snapshots.get(reference).env_id
    if kind == "job":
        return services.jobs.get(reference).env_id
    if kind != "run" and len(reference) != 32:  # as mlnb calls runs, and as MLflow does
        return None
    run = services.models.get_run(reference)
    came_from = run.job_id or run.snapshot_id
    return _env_id_of(services, came_from) if came_from else None


def _last_job_of(services: Wiring, notebook: Path) -> LastJob | None:
    from mlnb.envs.types import LastJob

    last = services.job_repo.last_of(str(notebook))
    return LastJob(last.id, last.env_id) if last else None


def _is_strict(services: Wiring, notebook: Path) -> bool:
    """The policy of the notebook's own project, or of the one that this was started in."""
    of_project = Settings(folder=notebook.parent).get("envs.strict_drift")
    return bool(services.settings.get("envs.strict_drift") or of_project)
