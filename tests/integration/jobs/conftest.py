"""The command line as a user has it, with a worker of this test's home that is ended afterwards."""

import json
import subprocess
import sys

import pytest


class CommandLine:
    """Calls `mlnb` in processes of its own."""

    def __init__(self, cwd):
        self.cwd = cwd

    def run(self, *arguments, code=0):
        """Run it and return its JSON; the exit code must be `code`."""
        done = subprocess.run(
            [sys.executable, "-c", "from mlnb.cli.main import main; main()", *arguments, "--json"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd=self.cwd, timeout=240, check=False,
        )  # fmt: skip
        assert done.returncode == code, (arguments, done.returncode, done.stdout, done.stderr)
        return json.loads(done.stdout)


@pytest.fixture
def mlnb(tmp_path, monkeypatch, mlnb_home):
    monkeypatch.setenv("MLNB_JOBS_POLL_S", "0.05")
    monkeypatch.setenv("MLNB_JOBS_SLOTS", "2")
    line = CommandLine(tmp_path)
    yield line
    line.run("worker", "stop")


@pytest.fixture
def services(mlnb_home):
    """The services in this process, to look at what the worker does."""
    from mlnb.wiring import build_services

    return build_services()


@pytest.fixture
def log(tmp_path):
    """A file that notebooks append to: side effects are counted in it."""
    return tmp_path / "effects.txt"
