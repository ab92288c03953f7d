"""A kernel that cannot start: the command says so in one sentence, also when it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlnb.testing.executor_suite import write_notebook


@pytest.mark.parametrize(("verb", "code"), [("verify", 1), ("run", 1)])
def test_a_kernel_whose_program_is_gone_is_named(tmp_path, verb, code):
    kernel = tmp_path / "kernels" / "gone"
    kernel.mkdir(parents=True)
    spec = {
        "argv": [str(tmp_path / "no-python"), "-f", "{connection_file}"],
        "display_name": "gone",
        "language": "python",
    }
    (kernel / "kernel.json").write_text(json.dumps(spec))
    path = write_notebook(tmp_path / "n.ipynb", "1")
    document = json.loads(path.read_text())
    document["metadata"]["kernelspec"] = {"name": "gone", "display_name": "gone", "language": "python"}
    path.write_text(json.dumps(document))
    done = subprocess.run(
        [Path(sys.executable).parent / "mlnb", verb, path],
        env={**os.environ, "JUPYTER_PATH": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "No such file or directory" in said
    assert "no-python" in said
    assert "Traceback" not in said
