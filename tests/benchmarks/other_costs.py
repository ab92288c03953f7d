"""What else mlnb costs: starting, records in its stores, snapshots, an execute request, a job."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.table import middle, ms, show

_MLNB = str(Path(sys.executable).with_name("mlnb"))


def median_ms(work: Callable[[], object], times: int) -> float:
    """The middle of `times` runs, in milliseconds of the clock on the wall."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - begun))
    return middle(taken)


def _starting(times: int) -> list[list[str]]:
    def python(code: str) -> Callable[[], object]:
        return lambda: subprocess.run(
            [sys.executable, "-c", code], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

    return [
        ["python -c pass", ms(median_ms(python("pass"), times))],
        ["import mlnb", ms(median_ms(python("import mlnb"), times))],
        ["mlnb --help", ms(median_ms(python("from mlnb.cli.main import main; main(['--help'])"), times))],
    ]


def _stores(home: Path, times: int) -> list[list[str]]:
    from mlnb.core.events import Event
    from mlnb.core.spool import SpoolWriter
    from mlnb.store.core_tables import Outbox
    from mlnb.store.database import Database

    writer = SpoolWriter("bench", home)
    database = Database(f"sqlite:///{home}/bench.db")
    box = Outbox(database)
    return [
        ["a record in the spool", ms(median_ms(lambda: writer.append({"key": "auc", "value": 0.9}), 10 * times))],
        ["an empty database, migrated", ms(median_ms(lambda: database.engine, 1))],
        ["an event in the outbox", ms(median_ms(lambda: box.publish(Event("x_happened", "s")), 2 * times))],
    ]


def _snapshots(megabytes: int) -> list[list[str]]:
    from IPython.core.interactiveshell import InteractiveShell

    import mlnb

    shell = InteractiveShell()
    mlnb.load_ipython_extension(shell)
    shell.run_cell(f"import numpy; a = numpy.random.default_rng(1).random({megabytes * 125_000})")
    take = median_ms(lambda: mlnb.snapshots.take("bench"), 1)
    flush = median_ms(mlnb.snapshots.flush, 1)
    mlnb.unload_ipython_extension(shell)
    return [
        [f"a snapshot with {megabytes} MB of numpy: until the cell goes on", ms(take)],
        ["the same: until it is on disk", ms(take + flush)],
    ]


def request_ms(times: int, *, with_mlnb: bool) -> float:
    """CPU time of a kernel for one execute request ``x = 1``, everything included, as a mean over `times`."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(
        env={**os.environ, "MLNB_KERNEL": "1" if with_mlnb else "0"},
        extra_arguments=["--ext=mlnb"],
        stderr=subprocess.DEVNULL,
    )
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)

        def ask(code: str, expression: str = "0") -> str:
            given = client.execute(code, user_expressions={"found": expression})
            reply = client.get_shell_msg(timeout=60)
            while reply["parent_header"].get("msg_id") != given:
                reply = client.get_shell_msg(timeout=60)
            return str(reply["content"]["user_expressions"]["found"]["data"]["text/plain"])

        ask("import time")
        assert ask("", "getattr(get_ipython(), '_mlnb_loaded', None) is not None") == str(with_mlnb)
        for _ in range(5):
            ask("x = 1")
        time.sleep(3)  # what is got ready in the background is not the request's
        begun = float(ask("", "time.process_time()"))
        for _ in range(times):
            ask("x = 1")
        return 1000 * (float(ask("", "time.process_time()")) - begun) / times
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _job(home: Path) -> list[list[str]]:
    import nbformat

    notebook = home / "one.ipynb"
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("print(1)")])
    book.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, notebook)

    def submit() -> None:
        subprocess.run(
            [_MLNB, "jobs", "submit", str(notebook), "--wait", "--json"],
            check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip

    try:
        submit()  # the first starts the worker
        return [["a job of one cell, from submit to done", ms(median_ms(submit, 3))]]
    except subprocess.CalledProcessError as error:
        return [["a job of one cell", f"failed ({error.returncode})"]]
    finally:
        subprocess.run([_MLNB, "worker", "stop"], stdin=subprocess.DEVNULL, capture_output=True, check=False)


def table(share: float = 1.0, *, with_processes: bool = True) -> None:
    """Measure and print.

    Args:
        share: of the usual number of runs.
        with_processes: kernels and jobs, too.
    """
    times = max(1, int(9 * share))
    with tempfile.TemporaryDirectory(prefix="mlnb-bench-") as folder:
        kept = dict(os.environ)
        os.environ |= {"MLNB_HOME": f"{folder}/home", "MLNB_KEYS": f"{folder}/keys", "MLFLOW_DISABLE_TELEMETRY": "true"}
        try:
            lines = _starting(times)
            lines += _stores(Path(folder), 10 * times)
            lines += _snapshots(100 if share >= 1 else 10)
            if with_processes:
                lines += _job(Path(folder))
                requests = max(20, int(200 * share))
                plain, ours = (request_ms(requests, with_mlnb=yes) for yes in (False, True))
                lines += [
                    ["an execute request `x = 1` to ipykernel, CPU, without mlnb", ms(plain)],
                    ["the same with mlnb", ms(ours)],
                ]
        finally:
            os.environ.clear()
            os.environ.update(kept)
    show("Everything else, ms of the clock (medians)", ["what", "ms"], lines)
