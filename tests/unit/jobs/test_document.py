"""What a notebook says about itself, read without executing it."""

import json

import pytest

from mlnb.core.errors import NotANotebook, NotFound
from mlnb.core.notebook_file import read_document
from mlnb.jobs.document import check_parameters, files_needed, kernel_of, parameters_of
from mlnb.jobs.errors import NoKernelspec, UnknownParameter
from mlnb.testing.executor_suite import write_notebook


def document(tmp_path, *sources, **more):
    return read_document(write_notebook(tmp_path / "n.ipynb", *sources, **more))[1]


def test_parameters_have_type_default_and_help(tmp_path):
    found = parameters_of(
        document(
            tmp_path,
            parameters="alpha = 0.5  # learning rate\nname: str = 'x'\nn = m = 3\n"
            "flags: list[int] = [1]\nwhen = today()\non = True\nnone = None",
        )
    )
    assert [(p.name, p.type, p.default, p.help, p.is_annotated) for p in found] == [
        ("alpha", "float", 0.5, "learning rate", False),
        ("name", "str", "x", "", True),
        ("n", "int", 3, "", False),
        ("m", "int", 3, "", False),
        ("flags", "list", [1], "", True),
        ("when", "any", None, "", False),
        ("on", "bool", True, "", False),
        ("none", "any", None, "", False),
    ]


def test_a_notebook_without_a_parameters_cell_declares_none(tmp_path):
    assert parameters_of(document(tmp_path, "x = 1")) == []


def test_an_undeclared_parameter_is_refused_and_the_declared_ones_are_named(tmp_path):
    with pytest.raises(UnknownParameter, match="'gamma'") as raised:
        check_parameters({"gamma": 1}, document(tmp_path, parameters="alpha = 1\nbeta = 2"), tmp_path / "n.ipynb")
    assert "alpha, beta" in raised.value.hint
    with pytest.raises(UnknownParameter, match="declares no parameters") as raised:
        check_parameters({"gamma": 1}, document(tmp_path, "1"), tmp_path / "n.ipynb")
    assert "parameters" in raised.value.hint


@pytest.mark.parametrize(
    ("cell", "value", "is_fine"),
    [
        ("p: int = 1", 2, True), ("p: int = 1", True, False), ("p: int = 1", 1.5, False), ("p: float = 1", 2, True),
        ("p: str = ''", 3, False), ("p: str = ''", None, True), ("p: dict = {}", {"a": 1}, True), ("p = 1", 0.5, True),
        ("p: Path = 1", "x", True),
    ],
)  # fmt: skip
def test_a_written_type_is_held_to_a_guessed_one_is_not(tmp_path, cell, value, is_fine):
    found = document(tmp_path, parameters=cell)
    if is_fine:
        check_parameters({"p": value}, found, tmp_path / "n.ipynb")
    else:
        with pytest.raises(UnknownParameter, match="'p'"):
            check_parameters({"p": value}, found, tmp_path / "n.ipynb")


def test_the_parameters_of_another_language_are_not_judged(tmp_path):
    found = document(tmp_path, parameters="alpha <- 1", metadata={"kernelspec": {"name": "ir", "language": "R"}})
    check_parameters({"anything": 1}, found, tmp_path / "n.ipynb")


def test_a_notebook_without_kernelspec_needs_a_kernel_by_name(tmp_path):
    found = document(tmp_path, "1", metadata={})
    with pytest.raises(NoKernelspec) as raised:
        kernel_of(found, None, tmp_path / "n.ipynb")
    assert "--kernel" in raised.value.hint
    assert kernel_of(found, "python3", tmp_path / "n.ipynb") == "python3"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("{", "invalid JSON"),
        ("[]", "no cells"),
        ("{}", "no cells"),
        (json.dumps({"cells": [], "nbformat": 3}), "format 3"),
    ],
)
def test_what_is_not_a_notebook_is_named(tmp_path, content, says):
    path = tmp_path / "n.ipynb"
    path.write_text(content)
    with pytest.raises(NotANotebook, match=says) as raised:
        read_document(path)
    assert raised.value.hint


def test_a_missing_notebook_and_a_folder_are_named(tmp_path):
    with pytest.raises(NotFound, match=r"none\.ipynb"):
        read_document(tmp_path / "none.ipynb")
    with pytest.raises(NotANotebook, match=str(tmp_path)):
        read_document(tmp_path)


def test_own_modules_and_declared_inputs_travel_and_nothing_from_outside(tmp_path):
    folder = tmp_path / "project"
    (folder / "pack").mkdir(parents=True)
    (folder / "helper.py").write_text("import second\nfrom pack import part\n")
    (folder / "second.py").write_text("import os")
    (folder / "unused.py").write_text("")
    (folder / "pack" / "__init__.py").write_text("")
    (folder / "pack" / "part.py").write_text("")
    (folder / "data.csv").write_text("1")
    (tmp_path / "secret.txt").write_text("s")
    found = document(
        folder,
        "%matplotlib inline\nimport os, helper",
        metadata={"mlnb": {"inputs": ["data.csv", "../secret.txt", "gone.csv"]}},
    )
    assert [str(path) for path in files_needed(found, folder)] == [
        "data.csv", "helper.py", "pack/__init__.py", "pack/part.py", "second.py",
    ]  # fmt: skip
