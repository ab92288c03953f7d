"""What loading the kernel half imports: nothing heavy, for every kernel of the environment pays it."""

from __future__ import annotations

import json
import subprocess
import sys

HEAVY = [
    "numpy",
    "pandas",
    "mlflow",
    "nbformat",
    "nbclient",
    "papermill",
    "sqlalchemy",
    "pydantic",
    "tornado.web",
    "cloudpickle",
    "pyarrow",
]
PROGRAM = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell()
before = set(sys.modules)
from mlnb.kernel import extension
extension.load(shell)
shell.run_cell("x = 1", store_history=False)
print(json.dumps(sorted(set(sys.modules) - before)))
"""


def test_loading_imports_nothing_heavy():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    imported = json.loads(done.stdout.splitlines()[-1])
    assert [name for name in imported if name in HEAVY] == []
    foreign = [name for name in imported if name.split(".")[0] != "mlnb"]
    assert len(foreign) < 90, foreign  # most are the standard library's
