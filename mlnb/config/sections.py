"""The settings themselves, in sections, each with its default and its help."""

from __future__ import annotations

from traitlets import Bool, Enum, Float, Integer, Unicode
from traitlets.config import Configurable


class Section(Configurable):
    """A group of settings; `section` is its name in ``mlnb.toml`` and in ``MLNB_<SECTION>_<NAME>``."""

    section = ""


class MlnbStore(Section):
    """Where state rests."""

    section = "store"
    database_url = Unicode("", help="SQLAlchemy URL of mlnb's database; empty: mlnb.db under MLNB_HOME.").tag(
        config=True
    )
    blobs_url = Unicode(
        "",
        help="fsspec URL of a blob store that values of snapshots are copied to; empty: they lie in blobs/ under MLNB_HOME alone.",
    ).tag(config=True)
    synchronous = Enum(
        ["normal", "full"],
        "normal",
        help="SQLite's synchronous setting: normal survives the end of a process, full a power cut too.",
    ).tag(config=True)


class MlnbModels(Section):
    """Runs and the model store."""

    section = "models"
    tracking_uri = Unicode(
        "", help="MLflow tracking URI; empty: mlflow.db and artifacts/ under MLNB_HOME, with no server."
    ).tag(config=True)
    experiment = Unicode("Default", help="Experiment of runs that name none.").tag(config=True)


class MlnbOrder(Section):
    """Execution order."""

    section = "order"
    mode = Enum(
        ["off", "mark", "warn", "reactive", "block", "linear"],
        "mark",
        help="What to do about stale cells where a notebook says nothing.",
    ).tag(config=True)
    floor = Enum(
        ["off", "mark", "warn", "block", "linear"],
        "off",
        help="The mildest mode that notebooks and users may choose; the strictest floor given anywhere holds.",
    ).tag(config=True)


class MlnbSnapshots(Section):
    """Notebook state."""

    section = "snapshots"
    auto = Unicode(
        "off", help='When snapshots are taken by themselves: "off", "each_run", "on_failure" or "every 5m".'
    ).tag(config=True)
    keep_last = Integer(
        100,
        min=0,
        help="So many snapshots of each notebook are kept, beside those with a reason of yours and of jobs; 0: all.",
    ).tag(config=True)
    keep_daily_days = Integer(30, min=0, help="For so many days the last snapshot of each day is kept.").tag(
        config=True
    )
    cap_notebook_bytes = Integer(
        2 << 30,
        min=0,
        help="The snapshots of one notebook take at most so many bytes; beyond, large values are left out.",
    ).tag(config=True)
    cap_total_bytes = Integer(10 << 30, min=0, help="All snapshots take at most so many bytes.").tag(config=True)
    min_free_percent = Float(10.0, min=0.0, max=100.0, help="So much of the disk stays free of snapshots.").tag(
        config=True
    )
    keep_files_bytes = Integer(
        256 << 10,
        min=0,
        help="Data files that cells read are kept with a snapshot up to this size; of larger ones path, size and hash.",
    ).tag(config=True)
    drop_local_days = Float(
        0.0,
        min=0.0,
        help="With store.blobs_url, local copies of uploaded values go after so many days and are fetched when needed; 0: they stay.",
    ).tag(config=True)


class MlnbJobs(Section):
    """Jobs and the worker."""

    section = "jobs"
    database_url = Unicode("", help="SQLAlchemy URL of the job engine's database; empty: jobs.db under MLNB_HOME.").tag(
        config=True
    )
    image = Unicode("", help="Image for docker jobs that name none.").tag(config=True)
    slots = Integer(0, help="Local jobs that run at the same time; 0: the number of processors.").tag(config=True)
    require_certificate = Bool(
        False,
        help="Only notebooks for which a certificate of `mlnb verify` holds can be submitted as jobs; required anywhere is required.",
    ).tag(config=True)
    idle_stop_s = Float(600.0, help="The worker ends after this many seconds without a job or a schedule.").tag(
        config=True
    )
    poll_s = Float(0.1, help="How often the worker looks for new jobs, in seconds.").tag(config=True)


class MlnbEvents(Section):
    """Changes shown live."""

    section = "events"
    poll_s = Float(0.4, help="How often a server looks for events of the worker and of other servers, in seconds.").tag(
        config=True
    )


class MlnbFeatures(Section):
    """The feature catalogue."""

    section = "features"
    preview_rows = Integer(5, help="Rows shown in a preview.").tag(config=True)


class MlnbKernel(Section):
    """The kernel half. Kernels read these as environment variables when they start."""

    section = "kernel"
    enabled = Bool(
        True, help="Load the kernel half in every kernel of the environment (MLNB_KERNEL=0 also switches it off)."
    ).tag(config=True)


class MlnbEnvs(Section):
    """Environments."""

    section = "envs"
    strict_drift = Bool(
        False,
        help="Refuse jobs while the environment has red drift from the project's lock, or without one from the notebook's last job; "
        "strict anywhere is strict.",
    ).tag(config=True)


SECTIONS: tuple[type[Section], ...] = (
    MlnbStore,
    MlnbOrder,
    MlnbSnapshots,
    MlnbModels,
    MlnbFeatures,
    MlnbJobs,
    MlnbEvents,
    MlnbKernel,
    MlnbEnvs,
)
