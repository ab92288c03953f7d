"""Small installed environments on disk, made file by file as an installer would."""

import base64
import hashlib
from pathlib import Path

from hypothesis import strategies as st


def digest(data: bytes) -> str:
    return "sha256=" + base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def install(site: Path, name: str, version: str, *, files=None, requires=(), direct_url=None, installer="pip"):
    """Put a distribution into `site`; returns its metadata folder."""
    files = {f"{name}/__init__.py": f"__version__ = '{version}'\n"} if files is None else files
    info = site / f"{name}-{version}.dist-info"
    info.mkdir(parents=True)
    header = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {one}" for one in requires)]
    files = {
        **files,
        f"{info.name}/METADATA": "\n".join(["Metadata-Version: 2.1", *header, "", "Requires-Dist: not-this"]),
    }
    rows = []
    for path, text in files.items():
        target = site / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        quoted = f'"{path}"' if "," in path else path
        rows.append(f"{quoted},{digest(text.encode())},{len(text.encode())}")
    (info / "INSTALLER").write_text(installer)
    rows += [f"{info.name}/INSTALLER,{digest(installer.encode())},{len(installer)}", f"{info.name}/RECORD,,"]
    if installer == "pip":
        rows += [f"../../../bin/{name},sha256=prefixdependent,10", f"{name}/__pycache__/__init__.cpython-311.pyc,,"]
    else:
        rows.reverse()
    if direct_url is not None:
        (info / "direct_url.json").write_text(direct_url)
        rows.append(f"{info.name}/direct_url.json,{digest(direct_url.encode())},{len(direct_url)}")
    (info / "RECORD").write_text("\n".join(rows) + "\n")
    return info


NAMES = st.sampled_from(["numpy", "Pandas", "scikit_learn", "ruamel.yaml", "attrs", "six", "zope-interface"])
VERSIONS = st.sampled_from(["1.0", "2.3.1", "0.1rc1", "10.2.post1"])
