"""What the documentation shows is so: commands with their options, files, pictures, JSON, YAML and Python examples."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import subprocess
from pathlib import Path

import click
import pytest
import yaml

import mlnb
from mlnb.cli.main import VERBS

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / ".github").rglob("*.md"))]
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


# ---- commands --------------------------------------------------------------------------------------------------------
def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page that are in one of these languages ("" for those that name none)."""
    found = re.findall(r"^ *```(\w*)\n(.*?)^ *```", page.read_text(), re.DOTALL | re.MULTILINE)
    return [text for language, text in found if language in languages]


def shown_commands(page: Path) -> list[str]:
    """The `mlnb ...` lines of the page's blocks and the `mlnb ...` in its running text."""
    lines = [line.split(" #")[0].strip() for text in blocks(page, "", "bash", "sh") for line in text.splitlines()]
    prose = re.sub(r"^ *```.*?^ *```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    lines += [code.replace("\n", " ") for code in re.findall(r"`([^`]+)`", prose)]
    return [line for line in lines if re.match(r"mlnb( |$)", line)]


def wrong_in(command: str) -> str:
    """What is wrong with a shown command; empty when a user could type it (words in capitals stand for something)."""
    words = shlex.split(command.replace("...", "").replace("[", "").replace("]", ""))[1:]
    if not words or words[0].startswith("-"):
        return "" if not words or words[0] in ("--help", "--version", "-h") else f"no option {words[0]}"
    if words[0] not in VERBS:
        return f"no verb {words[0]}"
    found: click.Command = getattr(importlib.import_module(f"mlnb.cli.{VERBS[words[0]][0]}"), words[0])
    words = words[1:]
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        if words[0] not in found.commands:
            return f"no verb {words[0]}"
        found, words = found.commands[words[0]], words[1:]
    known = {option for parameter in found.params for option in parameter.opts} | {"--help"}
    unknown = [word for word in words if word.startswith("-") and word not in known]
    if unknown:
        return f"no option {unknown[0]}"
    if isinstance(found, click.Group) or not any(
        word.startswith("-") or word.islower() or "." in word for word in words
    ):
        return ""
    try:
        found.make_context("mlnb", list(words), resilient_parsing="--help" in words)
    except click.ClickException as error:
        return error.format_message()
    except click.exceptions.Exit:
        return ""
    return ""


@each_page
def test_every_command_shown_can_be_typed(page):
    assert {command: wrong_in(command) for command in shown_commands(page) if wrong_in(command)} == {}


def test_the_test_sees_commands():
    assert len([command for page in PAGES for command in shown_commands(page)]) > 60
    assert wrong_in("mlnb nosuch") == "no verb nosuch"
    assert wrong_in("mlnb runs list --nosuch") == "no option --nosuch"
    assert wrong_in("mlnb runs list --limit many")


@each_page
def test_every_make_target_shown_exists(page):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z]+)", page.read_text(), re.MULTILINE)) <= targets


def test_every_option_of_a_verb_that_the_page_of_commands_lists_is_there():
    rows = re.findall(r"^\| `(mlnb [^`]+)`", (ROOT / "docs" / "command-line.md").read_text(), re.MULTILINE)
    assert {row: wrong_in(row) for row in rows if wrong_in(row)} == {}


# ---- Python ----------------------------------------------------------------------------------------------------------
@each_page
def test_python_shown_is_python_and_what_it_names_of_mlnb_exists(page):
    for text in blocks(page, "python"):
        for node in ast.walk(ast.parse(text)):
            is_call = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute)
            if is_call and isinstance(node.value.value, ast.Name) and node.value.value.id == "mlnb":
                assert hasattr(getattr(mlnb, node.value.attr), node.attr), f"mlnb.{node.value.attr}.{node.attr}"
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "mlnb":
                assert hasattr(mlnb, node.attr), f"mlnb.{node.attr}"


# ---- files and pictures ----------------------------------------------------------------------------------------------
@each_page
def test_files_named_are_there(page):
    """Every path in code spans that begins in a folder of this repository; `<area>` stands for each area that has one."""
    paths = re.findall(r"`((?:mlnb|src|docs|tests|examples|binder|jupyter-config)/[\w<>./*-]+)`", page.read_text())
    missing = [path for path in paths if not any(ROOT.glob(re.sub(r"<\w+>", "*", path.rstrip("/"))))]
    assert missing == []


def test_the_table_of_tasks_leads_to_files():
    for page in (ROOT / "README.md", ROOT / "docs" / "architecture.md"):
        rows = re.findall(
            r"^\| (?!to change|I want|---)[^|]+ \| (`(?:mlnb|src)/.*) \|$", page.read_text(), re.MULTILINE
        )
        assert len(rows) >= 10, page


def test_every_picture_is_shown_in_the_theme_of_the_reader():
    pictures = {path.name for path in (ROOT / "docs" / "images").iterdir()}
    text = "".join(page.read_text() for page in PAGES)
    assert [name for name in sorted(pictures) if name not in text] == []
    themed = re.findall(r'srcset="docs/images/([\w-]+)-dark\.png"><img src="docs/images/([\w-]+)\.png"', text)
    assert len(themed) >= 7
    assert [pair for pair in themed if pair[0] != pair[1]] == []


# ---- files for services ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "file", [*(ROOT / ".github").rglob("*.y*ml"), ROOT / "binder" / "environment.yml"], ids=lambda f: f.name
)
def test_yaml_can_be_read(file):
    assert isinstance(yaml.safe_load(file.read_text()), dict)


def test_every_supported_python_is_tested_and_installs_here():
    job = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())["jobs"]["everything"]
    assert job["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert any(step.get("run", "").strip() == ".ci/run" for step in job["steps"])


@pytest.mark.parametrize(
    "script", ["binder/postBuild", "binder/start", *(f".ci/{p.name}" for p in sorted((ROOT / ".ci").iterdir()))]
)
def test_scripts_are_sound_and_can_be_run(script):
    file = ROOT / script
    assert file.stat().st_mode & 0o100
    done = subprocess.run(["bash", "-n", str(file)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stderr


def test_notebooks_of_the_examples_name_their_kernel():
    for file in (ROOT / "examples").glob("*.ipynb"):
        assert json.loads(file.read_text())["metadata"]["kernelspec"]["name"] == "python3", file
