"""The picture of the demo in the README: runs it and draws what it says. `make screenshots`."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from html import escape
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "images" / "demo.svg"
WIDTH_CHARACTERS, LINE_PX, CHARACTER_PX = 112, 18, 7.8


def transcript(folder: Path, image: str) -> list[str]:
    """What the demo prints, with its places shortened to those of a checkout."""
    env = {**os.environ, "MLNB_HOME": str(folder / "home"), "MLNB_KEYS": str(folder / "home" / "keys")}
    command = [sys.executable, str(ROOT / "examples" / "demo.py"), "--folder", str(folder / "demo")]
    command += ["--image", image] if image else []
    done = subprocess.run(command, env=env, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    text = done.stdout.replace(str(folder / "demo"), "examples/demo").replace(str(folder / "home"), ".state/demo")
    return ["$ make demo", *text.rstrip().splitlines()]


def drawn(lines: list[str]) -> str:
    """The lines as an SVG that looks like a terminal."""
    height = LINE_PX * (len(lines) + 2)
    rows = []
    for number, line in enumerate(lines, start=1):
        kind = "head" if line[:1].isdigit() or line.startswith("$") else "good" if "✓" in line else "plain"
        shown = line if len(line) <= WIDTH_CHARACTERS else line[: WIDTH_CHARACTERS - 1] + "…"
        rows.append(f'<text x="18" y="{LINE_PX * (number + 0.7):.0f}" class="{kind}">{escape(shown)}</text>')
    style = (
        "text{font:13px ui-monospace,'DejaVu Sans Mono',Menlo,monospace;white-space:pre}"
        ".plain{fill:#c9d1d9}.good{fill:#7ee787}.head{fill:#79c0ff;font-weight:600}"
    )
    width = int(WIDTH_CHARACTERS * CHARACTER_PX) + 36
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img" '
        f'aria-label="What make demo prints"><style>{style}</style><rect width="100%" height="100%" rx="8" fill="#0d1117"/>\n'
        + "\n".join(rows)
        + "\n</svg>\n"
    )


def main() -> None:
    """Run, draw, write."""
    builder = [sys.executable, str(ROOT / "tests" / "images" / "build.py"), "--present"]
    image = subprocess.run(builder, capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.strip()
    with tempfile.TemporaryDirectory() as folder:
        lines = transcript(Path(folder), image)
    PICTURE.parent.mkdir(parents=True, exist_ok=True)
    PICTURE.write_text(drawn(lines))
    print(PICTURE)


if __name__ == "__main__":
    main()
