"""Lock files of the standard form (PEP 751, ``pylock.toml``), as uv writes them, and requirements with hashes beside them.

They are kept as text, block by block: what uv wrote stays as it wrote it, also what a later version of the standard adds.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from mlnb.envs.capture import normalised
from mlnb.envs.uv import without_credentials

WHEELS = "wheels"
_BLOCK = re.compile(r"^\[\[packages\]\]\n", re.MULTILINE)
_FILE_URL = re.compile(r'url = "(file://[^"]+)"')


@dataclass(frozen=True)
class Block:
    """One package of a lock file.

    Attributes:
        name: normalised.
        version: exact; empty for a folder or a commit that uv did not build.
        text: the block as it stands in the file.
        value: the same, parsed.
        base: the folder that relative paths in it start from.
    """

    name: str
    version: str
    text: str
    value: dict[str, Any]
    base: Path = Path()

    @property
    def is_source(self) -> bool:
        """Whether it is a work tree, a commit or an archive, and so has no wheel that another machine could take."""
        return any(kind in self.value for kind in ("vcs", "directory", "archive"))

    @property
    def hashes(self) -> list[str]:
        """The SHA-256 of every file it may come from."""
        files = [*self.value.get("wheels", []), *([self.value["sdist"]] if "sdist" in self.value else [])]
        return sorted({file["hashes"]["sha256"] for file in files})

    @property
    def local_wheels(self) -> list[Path]:
        """Its wheels that lie on this machine."""
        urls = (str(file.get("url", "")) for file in self.value.get("wheels", []))
        return [Path(unquote(urlsplit(url).path)) for url in urls if url.startswith("file://")]


def read(text: str, base: Path) -> list[Block]:
    """The packages of a lock file that lies in the folder `base`.

    Raises:
        ValueError: it is not one.
    """
    found = []
    for part in _BLOCK.split(text)[1:]:
        try:
            value = tomllib.loads(part)
            found.append(Block(normalised(value["name"]), value.get("version", ""), part.rstrip() + "\n", value, base))
        except (KeyError, tomllib.TOMLDecodeError) as error:
            raise ValueError(f"not a lock file: {error}") from error
    return found


def packed(name: str, version: str, wheel: str, sha256: str) -> Block:
    """The block of a wheel that lies beside the lock file."""
    text = (
        f'name = "{name}"\nversion = "{version}"\n'
        f'wheels = [{{ path = "{WHEELS}/{wheel}", hashes = {{ sha256 = "{sha256}" }} }}]\n'
    )
    return Block(name, version, text, tomllib.loads(text))


def beside(block: Block) -> Block:
    """`block` with its local wheels named relative to the lock file, where they have been copied."""
    text = _FILE_URL.sub(lambda m: f'path = "{WHEELS}/{Path(unquote(urlsplit(m[1]).path)).name}"', block.text)
    return Block(block.name, block.version, text, tomllib.loads(text))


def compose(blocks: list[Block], python: str) -> str:
    """The text of ``pylock.toml``, sorted by name."""
    head = f'lock-version = "1.0"\ncreated-by = "mlnb"\nrequires-python = "=={python}.*"\n'
    head += "" if blocks else "packages = []\n"
    return without_credentials(
        "\n[[packages]]\n".join([head, *(one.text for one in sorted(blocks, key=lambda b: b.name))])
    )


def requirements(blocks: list[Block]) -> str:
    """The same as requirements with hashes, which pip and uv install with ``--require-hashes`` in the lock's folder.

    Packed wheels are named by their path: by name and version pip would take an index's file of that version, and refuse its hash.
    """
    head = (
        "# Written by mlnb with pylock.toml. In this folder: pip install --require-hashes --no-deps -r requirements.txt"
    )
    lines = [
        " \\\n    ".join([_named(one), *(f"--hash=sha256:{sha}" for sha in one.hashes)])
        for one in sorted(blocks, key=lambda b: b.name)
    ]
    return "\n".join([head, *lines]) + "\n"


def _named(block: Block) -> str:
    path = next((file["path"] for file in block.value.get("wheels", []) if "path" in file), None)
    return f"./{path}" if path else f"{block.name}=={block.version}"
