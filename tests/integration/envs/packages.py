"""Small packages, and a package index of them, made file by file: nothing of these tests comes from a real index."""

from __future__ import annotations

import contextlib
import functools
import http.server
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

from mlnb.envs import wheels

BACKEND = """
import base64, hashlib, zipfile
from pathlib import Path

NAME, VERSION = {name!r}, {version!r}


def _build(folder, files):
    info = f"{{NAME}}-{{VERSION}}.dist-info"
    files[f"{{info}}/METADATA"] = f"Metadata-Version: 2.1\\nName: {{NAME}}\\nVersion: {{VERSION}}\\n".encode()
    files[f"{{info}}/WHEEL"] = b"Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    wheel = f"{{NAME}}-{{VERSION}}-py3-none-any.whl"
    with zipfile.ZipFile(Path(folder, wheel), "w") as archive:
        lines = []
        for name, data in files.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")
            lines.append(f"{{name}},sha256={{digest}},{{len(data)}}")
            archive.writestr(name, data)
        archive.writestr(f"{{info}}/RECORD", "\\n".join([*lines, f"{{info}}/RECORD,,", ""]))
    return wheel


def build_wheel(folder, config_settings=None, metadata_directory=None):
    return _build(folder, {{str(path): path.read_bytes() for path in sorted(Path(NAME).rglob("*.py"))}})


def build_editable(folder, config_settings=None, metadata_directory=None):
    return _build(folder, {{f"{{NAME}}.pth": str(Path.cwd()).encode()}})
"""
"""A build backend that stands in the tree itself, so that building needs no index."""

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "{name}"
version = "{version}"
"""


def wheel(
    folder: Path, name: str, version: str, *, requires=(), source="X = 1\n", tag="py3-none-any", python="", more=()
) -> Path:
    """A wheel with one module, a program of its entry points, one of its own and a data file."""
    info, data = f"{name}-{version}.dist-info", f"{name}-{version}.data"
    head = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {one}" for one in requires)]
    head += [f"Requires-Python: {python}"] if python else []
    files = wheels.Files()
    files.data = {
        f"{name}/__init__.py": source.encode(),
        f"{info}/METADATA": "\n".join(["Metadata-Version: 2.1", *head, ""]).encode(),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: {tag}\n".encode(),
        f"{info}/entry_points.txt": f"[console_scripts]\n{name}-made = {name}:main\n".encode(),
        f"{data}/scripts/{name}-own": b"#!python\nprint('own')\n",
        f"{data}/data/share/{name}/notes.txt": b"notes",
        **dict(more),
    }
    files.programs.add(f"{data}/scripts/{name}-own")
    folder.mkdir(parents=True, exist_ok=True)
    return wheels.pack(files, f"{name}-{version}", [tag], folder)


def tree(folder: Path, name: str, version: str = "1.0") -> Path:
    """A package as a git work tree with one commit, which builds itself."""
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text("X = 1\n")
    (folder / "backend.py").write_text(BACKEND.format(name=name, version=version))
    (folder / "pyproject.toml").write_text(PYPROJECT.format(name=name, version=version))
    (folder / ".gitignore").write_text("__pycache__/\n")
    git(folder, "init", "--quiet")
    git(folder, "add", "-A")
    git(folder, "commit", "--quiet", "-m", "first")
    return folder


def git(folder: Path, *arguments: str) -> str:
    """Run git as somebody."""
    who = ["-c", "user.name=ana", "-c", "user.email=ana@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


class Index:
    """A package index of wheels in a folder.

    Args:
        folder: the wheels.
        url: where it answers.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.withdrawn: dict[str, str] = {}  # file name -> reason

    def page(self, name: str) -> str | None:
        """The page of a package, as PEP 503 has it; None without one."""
        rows = []
        for file in sorted(self.folder.glob("*.whl")):
            if file.name.split("-")[0].replace("_", "-") == name:
                yanked = f' data-yanked="{self.withdrawn[file.name]}"' if file.name in self.withdrawn else ""
                rows.append(f'<a href="/files/{file.name}"{yanked}>{file.name}</a>')
        return "<html><body>" + "\n".join(rows) + "</body></html>" if rows else None


@contextlib.contextmanager
def index(folder: Path) -> Iterator[Index]:
    """An index of `folder` on a port of this machine, while the block runs."""
    folder.mkdir(parents=True, exist_ok=True)
    found = Index(folder, "")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = self.path.split("?")[0].strip("/").split("/")
            page = found.page(parts[1]) if parts[0] == "simple" and len(parts) == 2 else None
            if parts[0] == "files" and (folder / parts[1]).is_file():
                self._answer((folder / parts[1]).read_bytes(), "application/octet-stream")
            elif page is not None:
                self._answer(page.encode(), "text/html")
            else:
                self.send_error(404)

        def _answer(self, data: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=str(folder))) as server:
        found.url = f"http://127.0.0.1:{server.server_port}/simple"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield found
        finally:
            server.shutdown()
            thread.join()
