"""Which parts of a notebook show certain bytes."""

from __future__ import annotations

import json
from collections.abc import Collection


def parts_with(data: bytes, forms: Collection[bytes]) -> list[str]:
    """The sources and outputs of the notebook `data` that hold one of `forms`: ``the output of cell 3``; cells count from 1."""
    try:
        cells = json.loads(data)["cells"]
        found = []
        for number, cell in enumerate(cells, 1):
            for key, word in (
                ("source", "source"),
                ("outputs", "output"),
                ("metadata", "metadata"),
                ("attachments", "attachment"),
            ):
                shown = json.dumps(cell.get(key, ""), ensure_ascii=False).encode(errors="surrogatepass")
                joined = (
                    "".join(cell[key]).encode(errors="surrogatepass")
                    if isinstance(cell.get(key), list) and key == "source"
                    else b""
                )
                if any(form in shown or form in joined for form in forms):
                    found.append(f"the {word} of cell {number}")
        return found
    except (ValueError, KeyError, TypeError, AttributeError):
        return []
