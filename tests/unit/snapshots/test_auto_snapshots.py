"""Which states are kept by themselves when cells follow fast."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import UTC, datetime

import pytest

from mlnb.kernel.snapshots_auto import AutoSnapshots
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.taking import Taking
from mlnb.snapshots.types import CellRun


class Kernel:
    """A kernel whose snapshots are written when the test says so."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.on_their_way: list[Taking] = []
        self.auto = AutoSnapshots(self.take, lambda: len(self.on_their_way))
        self.auto.set_mode("each_run")

    def take(self, reason: str) -> Taking:
        self.auto.took()
        self.taken.append(reason)
        self.on_their_way.append(Taking())
        return self.on_their_way[-1]

    def run(self, *orders: int, fails: bool = False) -> None:
        for order in orders:
            self.auto.before_run()
            self.auto.after_run(CellRun(order, None, "", datetime.now(UTC), 0.0, not fails))

    def write_all(self) -> None:
        waiting, self.on_their_way = self.on_their_way, []
        for taking in waiting:
            taking.written.set_result(None)  # type: ignore[arg-type]  # nobody asks for it


@pytest.fixture
def kernel():
    return Kernel()


def after(*orders):
    return [f"after cell run {order}" for order in orders]


def test_states_between_are_left_out_and_the_newest_is_taken_when_there_is_room(kernel):
    kernel.run(*range(1, 11))
    assert kernel.taken == after(1, 2, 3, 4)
    kernel.write_all()
    end = time.monotonic() + 10
    while len(kernel.taken) < 5 and time.monotonic() < end:  # a thread takes it
        time.sleep(0.005)
    assert kernel.taken == after(1, 2, 3, 4, 10)


def test_what_was_left_out_is_taken_before_the_next_cell_begins(kernel):
    kernel.run(1, 2, 3, 4, 5)
    kernel.on_their_way.pop()
    kernel.auto.before_run()
    assert kernel.taken == after(1, 2, 3, 4, 5)


def test_nothing_is_taken_while_a_cell_runs(kernel):
    kernel.run(1, 2, 3, 4, 5)
    kernel.auto.before_run()
    kernel.write_all()
    time.sleep(0.05)
    assert kernel.taken == after(1, 2, 3, 4)
    kernel.auto.after_run(None)  # what a front end asked for was no cell
    assert kernel.taken == after(1, 2, 3, 4, 5)


def test_the_state_of_a_failed_cell_is_never_left_out(kernel):
    kernel.run(1, 2, 3, 4, 5)
    kernel.run(6, fails=True)
    assert kernel.taken == [*after(1, 2, 3, 4), "cell run 6 failed"]
    kernel.write_all()
    kernel.auto.finish()
    assert len(kernel.taken) == 5  # it is the state as it is: nothing was left out after it


def test_what_was_taken_by_hand_is_not_taken_again(kernel):
    kernel.run(1, 2, 3, 4, 5)
    kernel.take("by hand")
    kernel.auto.finish()
    assert kernel.taken == [*after(1, 2, 3, 4), "by hand"]


CELLS = """
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config
from mlnb.kernel.snapshots import KernelSnapshots

config = Config()
config.HistoryManager.enabled = False
shell = InteractiveShell.instance(config=config)
snapshots = KernelSnapshots(shell, link=lambda _: None, notebook=lambda: None)
snapshots.set_auto("each_run")
for number in range(1, 13):
    shell.run_cell(f"x = {number}", store_history=True)
"""


def test_a_process_that_ends_right_after_its_last_cell_keeps_the_state(tmp_path):
    subprocess.run([sys.executable, "-W", "ignore", "-c", CELLS], check=True, cwd=tmp_path)
    files, end = SnapshotFiles(), time.monotonic() + 200
    while time.monotonic() < end:  # copies of the process finish what was begun
        reasons = [files.read(one).reason for one in files.ids()]
        if "after cell run 12" in reasons:
            break
        time.sleep(0.05)
    assert reasons[0] == "after cell run 12"
    assert reasons[-4:] == after(1, 2, 3, 4)[::-1]
