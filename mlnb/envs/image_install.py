"""Makes the virtual environment of a lock inside an image: standard library only, it stands alone there.

    python3 install.py [--compile]

It is made in ``venv`` beside this file. Where `mlnb env build` has put the packages there already, only what names the image's own
Python is added. Else the packages are fetched here, by uv or pip, as the lock beside this file says.
"""

import compileall
import json
import os
import shutil
import subprocess
import sys
import venv

HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120


def main(is_compiled: bool) -> None:
    """Make the environment."""
    place = os.path.join(HERE, "venv")  # noqa: PTH118
    with open(os.path.join(HERE, "lock.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123
        lock = json.load(file)
    here = f"{sys.version_info[0]}.{sys.version_info[1]}"
    if here != lock["python"]:
        sys.exit(
            f"the base image has Python {here}, and the lock is for Python {lock['python']}: choose another BASE_IMAGE"
        )
    machine = os.uname().machine
    if (lock["system"], lock["machine"]) != ("linux", machine):
        sys.exit(
            f"the image is for linux {machine}, and the lock is for {lock['system']} {lock['machine']}: lock for this platform"
        )
    is_filled = os.path.isdir(os.path.join(place, "lib"))  # noqa: PTH112, PTH118
    venv.EnvBuilder(symlinks=True, with_pip=False).create(place)
    if not is_filled:
        fetch(os.path.join(place, "bin", "python"))  # noqa: PTH118
    if is_compiled:
        compileall.compile_dir(os.path.join(place, "lib"), quiet=2, workers=0)  # noqa: PTH118


def fetch(python: str) -> None:
    """Install what the lock names for the interpreter `python`."""
    wanted = ["--require-hashes", "--no-deps", "-r", "requirements.txt"]
    uv = shutil.which("uv")
    if uv:
        command = [uv, "pip", "install", "--no-cache", "--python", python, *wanted]
    elif subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode == 0:
        command = [sys.executable, "-m", "pip", "--python", python, "install", "--no-cache-dir", *wanted]
    else:
        sys.exit("the base image has neither uv nor pip: choose another BASE_IMAGE, or build with `mlnb env build`")
    failed = subprocess.run(command, cwd=HERE, check=False).returncode
    if failed:
        sys.exit(failed)


if __name__ == "__main__":
    main("--compile" in sys.argv)
