"""Snapshots of tensors, with a torch that is installed beside the test environment: its wheel for processors alone has 190 MB."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(900)

ROOT = Path(__file__).resolve().parents[2]
TORCH = "torch==2.13.0"
WITH_IT = ("filelock", "sympy", "mpmath", "networkx", "setuptools")
FOR_PROCESSORS = "https://download.pytorch.org/whl/cpu"


def install(folder, *arguments):
    command = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
        "--retries",
        "1",
    ]
    return subprocess.run(
        [*command, "--target", str(folder), *arguments],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def torch_folder(tmp_path_factory):
    """A folder with torch: from the wheels that pip is told to look at, else from where torch has those for processors."""
    folder = tmp_path_factory.mktemp("torch")
    tried = [install(folder, "--no-index", TORCH)]
    if tried[-1].returncode:
        tried.append(install(folder, "--index-url", FOR_PROCESSORS, TORCH))
    if tried[-1].returncode:
        pytest.skip(f"there is no {TORCH} to be had here: {tried[-1].stderr.strip()[-200:]}")
    done = install(folder, *WITH_IT)
    assert done.returncode == 0, done.stderr
    return folder


def test_tensors_come_back_as_they_were(torch_folder):
    cases = ROOT / "tests" / "unit" / "snapshots" / "with_torch.py"
    path = os.pathsep.join(filter(None, [str(torch_folder), os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", str(cases)], cwd=ROOT, env={**os.environ, "PYTHONPATH": path},
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "skipped" not in done.stdout
