"""``python -m mlnb.runner FOLDER``: execute the attempt that the folder describes."""

from __future__ import annotations

import sys
from pathlib import Path

from mlnb.runner.attempt import main

if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
