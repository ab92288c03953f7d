"""The folder of one attempt: what the worker puts in, what the runner leaves. Files are the whole contract between the two.

::

    <MLNB_HOME>/jobs/<job id>/<attempt>/
        request.json    what to run (readable by the owner only: parameters may be credentials)
        input.ipynb     the notebook as it was at submit
        files/          files that travel along into a container, relative to the notebook
        values/         values of cells tagged frozen, from snapshots, where others build on them
        work/           the folder that a container works in
        claim.json      who runs it; the runner holds a lock on it for as long as it lives
        stream.txt      everything a local runner wrote: events as JSON lines, and text
        events.ndjson   the events
        log.txt         the text, masked
        output.ipynb    the notebook as executed
        spool/          runs logged while it ran
        home/           MLNB_HOME of a container
        result.json     the runner's last word
"""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlnb.core.files import write_atomically
from mlnb.core.home import home
from mlnb.core.wire import dumps, from_wire
from mlnb.jobs.types import FailedCell

REQUEST = "request.json"
INPUT = "input.ipynb"
FROZEN = "files"
VALUES = "values"
WORK = "work"
CLAIM = "claim.json"
STREAM = "stream.txt"
EVENTS = "events.ndjson"
LOG = "log.txt"
OUTPUT = "output.ipynb"
SPOOL = "spool"
HOME = "home"
RESULT = "result.json"
_CLAIM_BYTES = 256  # one size, so that a longer text never leaves the end of an older one behind


def jobs_dir() -> Path:
    """The folder of all jobs."""
    return home() / "jobs"


def attempt_dir(job_id: str, number: int) -> Path:
    """The folder of one attempt."""
    return jobs_dir() / job_id / str(number)


@dataclass(frozen=True)
class RunnerRequest:
    """What a runner executes.

    Attributes:
        job_id: the job; for ``mlnb run`` an id of its own.
        number: the attempt.
        notebook: where the notebook came from (for names and messages; it need not exist where the runner runs).
        kernel: name of the kernel.
        parameters: real values, credentials included.
        cwd: folder to work in; None is ``work/`` (with the files that travelled along) in the attempt's folder.
        experiment: experiment of the tracked run.
    """

    job_id: str
    number: int
    notebook: str
    kernel: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    cwd: str | None = None
    experiment: str = "Default"


@dataclass(frozen=True)
class RunnerResult:
    """The runner's last word.

    Attributes:
        exit_code: what its process ended with.
        error: what went wrong, in words; empty when nothing did.
        failed_cell: the cell that raised.
        run_id: the tracked run.
        snapshot_id: the snapshot of the state at the end.
    """

    exit_code: int
    error: str = ""
    failed_cell: FailedCell | None = None
    run_id: str | None = None
    snapshot_id: str | None = None


def write_request(folder: Path, request: RunnerRequest) -> None:
    """Store `request` so that only the owner can read it."""
    write_atomically(folder / REQUEST, dumps(request).encode(), mode=0o600, durable=False)


def read_request(folder: Path) -> RunnerRequest:
    """What is to be run in `folder`.

    Raises:
        ValueError: it is not a request.
        OSError: there is none.
    """
    return from_wire(RunnerRequest, json.loads((folder / REQUEST).read_bytes()))


def prepare_again(job_id: str, number: int) -> None:
    """Make the folder of the attempt behind attempt `number`: the same frozen request and notebook, nothing of its results."""
    old, new = attempt_dir(job_id, number), attempt_dir(job_id, number + 1)
    staged = new.with_name(f".{new.name}")
    shutil.rmtree(staged, ignore_errors=True)
    if new.exists():
        return
    staged.mkdir(mode=0o700)
    shutil.copy2(old / INPUT, staged / INPUT)
    request = read_request(old)
    write_request(staged, dataclasses.replace(request, number=number + 1))
    for name in (FROZEN, VALUES):
        if (old / name).is_dir():
            shutil.copytree(old / name, staged / name)
    staged.rename(new)


def hand_over_spool(folder: Path) -> None:
    """Move what the attempt logged into the user's own spool, from where every reader of runs delivers it. Idempotent.

    Files go before the records that speak of them; a record file that is there counts as whole.
    """
    spool, target = folder / SPOOL, home() / "spool"
    if not spool.is_dir():
        return
    leaves = [path for path in spool.rglob("*") if path.is_file()]
    for path in sorted(leaves, key=lambda path: path.suffix == ".ndjson"):
        place = target / path.relative_to(spool)
        place.parent.mkdir(parents=True, exist_ok=True)
        path.replace(place)
    shutil.rmtree(spool)


def write_result(folder: Path, result: RunnerResult) -> None:
    """Leave the runner's last word."""
    write_atomically(folder / RESULT, dumps(result).encode(), durable=False)


def read_result(folder: Path) -> RunnerResult | None:
    """The runner's last word, or None when it had none."""
    try:
        return from_wire(RunnerResult, json.loads((folder / RESULT).read_bytes()))
    except (OSError, ValueError):
        return None


@dataclass(frozen=True)
class Claim:
    """Who runs, or ran, an attempt.

    Attributes:
        pid: the runner's process.
        kernel_pid: its kernel's process (leader of a group of its own), once there is one.
        kernel_mark: when that process started; tells it from a later one with the same number.
        is_alive: whether the runner lives.
    """

    pid: int
    kernel_pid: int | None
    kernel_mark: str | None
    is_alive: bool


def take_claim(folder: Path) -> int | None:
    """Claim the attempt for this process; the claim holds until the process ends, however it ends.

    Returns:
        A file descriptor to keep open, or None when another runner has, or ever had, this attempt.
    """
    handle = os.open(folder / CLAIM, os.O_RDWR | os.O_CREAT, 0o600)
    while not os.fstat(handle).st_size:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            time.sleep(0.001)  # a reader looks at it for a moment, or a rival is about to write its name
            continue
        if os.fstat(handle).st_size:
            break
        write_claim(handle)
        return handle
    os.close(handle)
    return None


def write_claim(handle: int, kernel_pid: int | None = None) -> None:
    """Write who runs the attempt into its claim."""
    mark = None if kernel_pid is None else start_mark(kernel_pid)
    text = json.dumps({"pid": os.getpid(), "kernel_pid": kernel_pid, "kernel_mark": mark})
    os.pwrite(handle, text.ljust(_CLAIM_BYTES).encode(), 0)


def start_mark(pid: int) -> str | None:
    """A text that differs between any two processes that ever had the number `pid`; None when there is no such process."""
    stat = Path(f"/proc/{pid}/stat")
    if not Path("/proc/self/stat").exists():
        done = subprocess.run(["ps", "-o", "lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
        return done.stdout.strip() or None
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip() + ":" + fields[19]


def read_claim(folder: Path) -> Claim | None:
    """Who runs, or ran, the attempt; None when nobody has claimed it yet."""
    try:
        handle = os.open(folder / CLAIM, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        data = os.pread(handle, 4096, 0)
        if not data.strip():
            return None
        is_alive = False
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            is_alive = True
    finally:
        os.close(handle)
    found = json.loads(data)
    return Claim(found["pid"], found["kernel_pid"], found["kernel_mark"], is_alive)
