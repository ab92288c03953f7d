"""Wheels made on the spot, with the standard library alone: build backends of packages under test use this too."""

from __future__ import annotations

import base64
import hashlib
import zipfile
from pathlib import Path


def write_wheel(folder: Path, name: str, version: str, files: dict[str, str], requires: tuple[str, ...] = ()) -> Path:
    """A wheel for every platform with these files."""
    info = f"{name}-{version}.dist-info"
    head = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {one}" for one in requires)]
    contents = {
        **files,
        f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", *head, "", ""]),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-tool = {name}:main\n",
    }
    rows = []
    for path, text in contents.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        rows.append(f'"{path}",sha256={digest},{len(text.encode())}')
    contents[f"{info}/RECORD"] = "\n".join([*rows, f"{info}/RECORD,,", ""])
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in contents.items():
            archive.writestr(path, text)
    return wheel


def write_package(folder: Path, name: str, version: str, marker: str = "one", requires: tuple[str, ...] = ()) -> Path:
    """The wheel of a package whose files hold `marker`."""
    files = {
        f"{name}/__init__.py": f"__version__ = '{version}'\nMARKER = '{marker}'\n\ndef main():\n    pass\n",
        f"{name}/part.py": f"PART = '{marker}'\n",
        f"{name}/a,b.py": "X = 1\n",
    }
    return write_wheel(folder, name, version, files, requires)
