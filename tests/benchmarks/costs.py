"""What mlnb costs: `make bench`. Prints medians; judges nothing."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
HOME = tempfile.TemporaryDirectory()
os.environ |= {"MLNB_HOME": HOME.name, "MLNB_KEYS": f"{HOME.name}/keys", "MLFLOW_DISABLE_TELEMETRY": "true"}


def median_ms(work: Callable[[], object], times: int) -> float:
    """The middle of `times` runs, in milliseconds."""
    taken = []
    for _ in range(times):
        begun = time.perf_counter()
        work()
        taken.append(1000 * (time.perf_counter() - begun))
    return statistics.median(taken)


def show(what: str, value_ms: float) -> None:
    """One line."""
    print(f"{what:<62}{value_ms:>10.2f} ms", flush=True)


def starting() -> None:
    """Processes."""

    def python(code: str) -> Callable[[], object]:
        return lambda: subprocess.run(
            [sys.executable, "-c", code], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )

    show("python -c pass", median_ms(python("pass"), 9))
    show("import mlnb", median_ms(python("import mlnb"), 9))
    show("mlnb --help", median_ms(python("from mlnb.cli.main import main; main(['--help'])"), 9))


def cells() -> None:
    """A cell in a shell without mlnb and in one with it."""
    from IPython.core.interactiveshell import InteractiveShell

    bare = InteractiveShell()
    show("a cell `x = 1`, without mlnb", median_ms(lambda: bare.run_cell("x = 1"), 300))
    import mlnb

    shell = InteractiveShell()
    mlnb.load_ipython_extension(shell)
    show("a cell `x = 1`, with mlnb", median_ms(lambda: shell.run_cell("x = 1", cell_id="c0"), 300))
    document = [
        {"id": f"c{n}", "cell_type": "code", "source": f"v{n} = {'x' if n < 2 else f'v{n - 1}'} + 1"}
        for n in range(200)
    ]
    mlnb.order.sync(document)
    for cell in document[1:]:
        shell.run_cell(cell["source"], cell_id=cell["id"])
    show("order of 200 cells: sync and status", median_ms(lambda: (mlnb.order.sync(document), mlnb.order.status()), 20))

    shell.run_cell("import numpy; a = numpy.random.default_rng(1).random(12_500_000)")
    take = median_ms(lambda: mlnb.snapshots.take("bench"), 1)
    show("a snapshot with 100 MB of numpy: until the cell goes on", take)
    show("the same: until it is on disk", take + median_ms(mlnb.snapshots.flush, 1))
    mlnb.unload_ipython_extension(shell)


def stores() -> None:
    """The spool and the database."""
    from mlnb.core.events import Event
    from mlnb.core.spool import SpoolWriter
    from mlnb.store.core_tables import Outbox
    from mlnb.store.database import Database

    writer = SpoolWriter("bench", Path(HOME.name))
    show("a record in the spool", median_ms(lambda: writer.append({"key": "auc", "value": 0.9}), 1000))
    database = Database(f"sqlite:///{HOME.name}/bench.db")
    show("an empty database, migrated", median_ms(lambda: database.engine, 1))
    box = Outbox(database)
    show("an event in the outbox", median_ms(lambda: box.publish(Event("x_happened", "s")), 200))


def main() -> None:
    """All of it."""
    starting()
    stores()
    cells()


if __name__ == "__main__":
    main()
