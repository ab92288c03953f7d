"""A feature store on a fresh home, with small data and definitions beside each other in a project folder."""

import itertools
import linecache
import textwrap

import pandas as pd
import pytest

from mlnb.config import Settings
from mlnb.features.loading import functions_in
from mlnb.wiring import Wiring

EVENTS = pd.DataFrame(
    {
        "customer_id": [1, 1, 2, 2, 3],
        "event_time": pd.to_datetime(["2026-01-01", "2026-01-10", "2026-01-02", "2026-01-03", "2026-01-05"]),
        "amount": [10.0, 20.0, 5.0, 7.0, 1.0],
    }
)
SPEND = '''
import mlnb

FACTOR = 2


@mlnb.feature_view(entity="customer_id", timestamp="event_time", source="events.parquet", ttl="30d", owner="ana",
                   tags={"team": "growth"})
def spend(events):
    """What a customer spent."""
    return events.assign(doubled=events["amount"] * FACTOR)
'''


@pytest.fixture
def wiring(mlnb_home):
    wiring = Wiring(Settings())
    yield wiring
    wiring.database.close()


@pytest.fixture
def service(wiring):
    return wiring.features


@pytest.fixture
def project(tmp_path):
    """A folder with events.parquet and spend.py; calling it writes another file of definitions and returns its path."""
    EVENTS.to_parquet(tmp_path / "events.parquet")

    def write(text=SPEND, name="spend.py"):
        (tmp_path / name).write_text(textwrap.dedent(text))
        return tmp_path / name

    write()
    write.folder = tmp_path
    return write


@pytest.fixture
def apply(service):
    """Apply a file here: what `FeaturesService.apply` does, without the second or two of a process of its own."""
    return lambda file: service.register(*functions_in(file))


_cells = itertools.count()


@pytest.fixture
def run_cell():
    """Run source as a notebook's cell does: under a name that is no file, with its lines known to `inspect`."""

    def run(source, **namespace):
        name = f"<ipython-input-{next(_cells)}>"
        source = textwrap.dedent(source)
        linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
        space = {"__name__": "__main__", **namespace}
        exec(compile(source, name, "exec"), space)
        return space

    return run
