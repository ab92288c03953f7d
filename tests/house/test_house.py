"""The house keeps its shape: sizes, names, entry points, documented settings, verbs and errors."""

from __future__ import annotations

import ast
import importlib
import importlib.metadata
import inspect
import pkgutil
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import mlnb
from mlnb.cli.main import VERBS
from mlnb.config import Settings
from mlnb.core.errors import MlnbError

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "mlnb"
FILES = sorted(p for p in PACKAGE.rglob("*.py") if "labextension" not in p.parts)
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL
).stdout.split("\n")

MOST_LINES, MOST_LINES_OF_A_FUNCTION = 320, 55
LONGER_FILES: dict[str, str] = {
    "mlnb/envs/capture.py": "one file by design: it is sent to foreign interpreters as it is"
}  # path -> why it may be longer
LONGER_FUNCTIONS: dict[str, str] = {}  # path:name -> why it may be longer

each_file = pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


# ---- sizes and names -------------------------------------------------------------------------------------------------
def test_files_stay_short():
    long = {name_of(f): len(f.read_text().splitlines()) for f in FILES}
    assert {n: lines for n, lines in long.items() if lines > MOST_LINES and n not in LONGER_FILES} == {}


def test_functions_stay_short():
    long = {}
    for file in FILES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                name, lines = f"{name_of(file)}:{node.name}", node.end_lineno - node.lineno + 1
                if isinstance(node.body[0], ast.Expr) and ast.get_docstring(node) is not None:
                    lines -= node.body[0].end_lineno - node.body[0].lineno + 1  # explaining is never too long
                if lines > MOST_LINES_OF_A_FUNCTION and name not in LONGER_FUNCTIONS and "migrations" not in name:
                    long[name] = lines
    assert long == {}


def test_no_file_is_called_after_what_is_left_over():
    forbidden = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc", "base_utils", "lib"}
    sources = [p for p in TRACKED if p.startswith(("mlnb/", "src/")) and Path(p).suffix in (".py", ".ts", ".tsx")]
    assert [p for p in sources if {part.partition(".")[0] for part in Path(p).parts} & forbidden] == []


def test_the_top_level_is_the_one_that_is_drawn():
    allowed = {
        "pyproject.toml", "package.json", "README.md", "mlnb", "src", "jupyter-config", "binder", "tests", "examples", "docs", "LICENSE",
        "CHANGELOG.md", "Makefile", "uv.lock", "package-lock.json",
    }  # fmt: skip
    top = {p.partition("/")[0] for p in TRACKED if p}
    assert {name for name in top if not name.startswith(".")} <= allowed


def test_every_area_has_the_one_inner_shape():
    known = {"__init__", "types", "errors", "rules", "ports", "repo", "service"}
    for area in ("order", "snapshots", "models", "features", "jobs", "envs"):
        names = {p.stem for p in (PACKAGE / area).iterdir() if not p.name.startswith("__pycache__")}
        assert {"__init__", "types"} <= names, area
        assert known & names, area


def test_nothing_tracked_names_a_machine():
    """No path of somebody's computer, no address inside somebody's network."""
    people = r"/(?:home|Users)/(?!(?:ana|bob|jovyan|you|user|x)\b)[a-z]\w+/"
    network = r"\b(?:10(?:\.\d{1,3})|192\.168|172\.(?:1[6-9]|2\d|3[01]))(?:\.\d{1,3}){2}\b"
    telling = re.compile(rf"{people}|{network}")
    found = {}
    for path in TRACKED:
        file = ROOT / path
        skipped = path in ("uv.lock", "package-lock.json", name_of(Path(__file__))) or not file.is_file()
        if skipped or file.suffix in (".png", ".svg", ".jpg", ".ico", ".woff2"):
            continue
        if hits := telling.findall(file.read_text(errors="replace")):
            found[path] = hits[:3]
    assert found == {}


@pytest.mark.parametrize("lock", ["uv.lock", "package-lock.json"])
def test_locks_name_public_registries_only(lock):
    links = re.findall(r'(?:"resolved": |\burl = |registry = )"https?://([^/"]+)', (ROOT / lock).read_text())
    assert set(links) <= {"pypi.org", "files.pythonhosted.org", "registry.npmjs.org"}


# ---- entry points ----------------------------------------------------------------------------------------------------
GROUPS = (
    "mlnb.services", "mlnb.executors", "mlnb.blob_stores", "mlnb.feature_sources", "mlnb.codecs", "mlnb.analyzers", "mlnb.triggers",
    "mlnb.notifiers",
)  # fmt: skip
STATED = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]


@pytest.mark.parametrize("group", GROUPS)
def test_every_extension_point_is_stated(group):
    assert group in STATED


@pytest.mark.parametrize(
    ("group", "name"), [(group, name) for group, points in STATED.items() for name in points], ids=lambda value: value
)
def test_every_built_in_comes_through_the_same_door(group, name):
    installed = {point.name: point.value for point in importlib.metadata.entry_points(group=group)}
    assert installed.get(name) == STATED[group][name], "run `make setup`: the installed entry points are old"
    module, _, attribute = STATED[group][name].partition(":")
    assert hasattr(importlib.import_module(module), attribute)


@pytest.mark.parametrize(("verb", "module"), [(verb, module) for verb, (module, _, _) in VERBS.items()])
def test_every_verb_is_there(verb, module):
    assert hasattr(importlib.import_module(f"mlnb.cli.{module}"), verb)


# ---- documentation ---------------------------------------------------------------------------------------------------
def test_every_setting_is_documented():
    text = (ROOT / "docs" / "settings.md").read_text()
    settings = Settings().all()
    assert [s.name for s in settings if f"`{s.name}`" not in text] == []
    assert [s.name for s in settings if f"`MLNB_{s.name.replace('.', '_').upper()}`" not in text] == []
    documented = set(re.findall(r"^\| `([a-z]+\.\w+)`", text, re.MULTILINE))
    assert documented == {s.name for s in settings}, "a setting that is gone is still documented"


def test_every_setting_has_help():
    assert [s.name for s in Settings().all() if len(s.help) < 15] == []


def test_every_verb_is_documented():
    text = (ROOT / "docs" / "command-line.md").read_text()
    assert [verb for verb in VERBS if f"`mlnb {verb}" not in text] == []
    documented = set(re.findall(r"`mlnb ([a-z]+)", text))
    assert documented <= set(VERBS), "a verb that is not built is documented"
    for verb, (module, _, _) in VERBS.items():
        command = getattr(importlib.import_module(f"mlnb.cli.{module}"), verb)
        subs = [name for name, sub in getattr(command, "commands", {}).items() if not sub.hidden]
        assert [name for name in subs if f"`mlnb {verb} {name}" not in text] == [], verb


def test_links_in_the_documentation_lead_somewhere():
    broken = []
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / ".github").rglob("*.md"))]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)|<img[^>]+src=\"([^\"]+)\"", file.read_text()):
            link = target[0] or target[1]
            if "://" not in link and not link.startswith("mailto:") and not (file.parent / link).exists():
                broken.append(f"{file.relative_to(ROOT)}: {link}")
    assert broken == []


# ---- errors and what functions say about them ------------------------------------------------------------------------
def modules() -> Iterator[str]:
    """Every module of the package but those that run when imported."""
    for found in pkgutil.walk_packages([str(PACKAGE)], "mlnb."):
        if (
            ".labextension" not in found.name
            and ".versions" not in found.name
            and not found.name.endswith(("__main__", ".env"))
        ):
            yield found.name


def kinds_of_errors() -> list[type[MlnbError]]:
    """Every subclass of MlnbError that mlnb declares."""
    for name in modules():
        importlib.import_module(name)

    def below(kind: type[MlnbError]) -> Iterator[type[MlnbError]]:
        for sub in kind.__subclasses__():
            yield sub
            yield from below(sub)

    return sorted({k for k in below(MlnbError) if k.__module__.startswith("mlnb.")}, key=lambda k: k.__qualname__)


def test_every_error_has_a_code_a_status_and_an_exit_code():
    for kind in kinds_of_errors():
        assert re.fullmatch(r"[a-z]+(_[a-z]+)*", kind.code), kind
        assert kind.code != MlnbError.code, f"{kind.__name__} has no code of its own kind"
        assert 400 <= kind.status < 500, kind
        assert kind.exit_code in (1, 2, 3, 4), kind
        assert kind.__doc__, kind


def test_errors_stand_where_people_look_for_them():
    assert [f"{k.__module__}.{k.__name__}" for k in kinds_of_errors() if not k.__module__.endswith("errors")] == [], (
        "an area's errors live in its errors.py"
    )


def raising_without_saying(file: Path) -> list[str]:
    """Public functions with a `raise` of their own that gets out, and a docstring without ``Raises:``."""
    unsaid = []
    tree = ast.parse(file.read_text())
    of_a_port = {
        method  # what a method of a port or of another library's class raises is said there
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and (node.bases or "plugins" in file.parts)
        for method in node.body
    }
    for node in ast.walk(tree):
        if (
            not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
            or node.name.startswith("_")
            or node in of_a_port
        ):
            continue
        doc = ast.get_docstring(node)
        if doc is not None and "Raises:" not in doc and any(raises(child) for child in own_nodes(node)):
            unsaid.append(f"{name_of(file)}:{node.lineno} {node.name}")
    return unsaid


def raises(node: ast.AST) -> bool:
    """Whether it raises something new (a bare `raise` passes on what another raised)."""
    return isinstance(node, ast.Raise) and node.exc is not None


def own_nodes(function: ast.AST) -> Iterator[ast.AST]:
    """The nodes of `function` without those of functions inside it and of `try` blocks that catch."""
    for child in ast.iter_child_nodes(function):
        if isinstance(child, ast.Try) and child.handlers:
            for handler in child.handlers:
                yield from own_nodes(handler)
        elif not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            yield child
            yield from own_nodes(child)


def test_what_a_public_function_raises_is_in_its_docstring():
    files = [f for f in FILES if f.parts[-2] not in ("versions", "cli", "server", "testing")]
    assert [found for file in files for found in raising_without_saying(file)] == []


def test_every_public_name_is_documented():
    for name in mlnb.__all__:
        thing = getattr(mlnb, name)
        assert name == "__version__" or inspect.getdoc(thing), name


# ---- the promise of the kernel half ----------------------------------------------------------------------------------
def test_the_kernel_half_imports_only_small_wheels():
    """What `import-linter` states, seen from the other side: the modules that are really there afterwards."""
    code = (
        "import sys, importlib\n"
        "for name in ('mlnb.kernel.extension', 'mlnb.order.rules', 'mlnb.snapshots.rules', 'mlnb.envs.capture'):\n"
        "    importlib.import_module(name)\n"
        "print(' '.join(sorted({m.partition('.')[0] for m in sys.modules})))"
    )
    python = str(ROOT / ".venv" / "bin" / "python")
    said = subprocess.run([python, "-c", code], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert said.returncode == 0, said.stderr
    heavy = "pandas numpy sqlalchemy alembic mlflow papermill nbformat nbclient docker dbos duckdb pydantic"
    heavy += " jupyter_server jupyterlab tornado fsspec pyarrow"
    assert not set(said.stdout.split()) & set(heavy.split())
