"""What a notebook says it needs (PEP 723) is read, and written without touching anything else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.envs import pep723
from mlnb.envs.errors import CannotLock
from mlnb.envs.pep723 import Needs

BLOCK = '# /// script\n# requires-python = ">=3.11"\n# dependencies = [\n#   "pandas>=2",\n# ]\n# ///'
REQUIREMENTS = st.lists(
    st.from_regex(
        r"[a-z][a-z0-9-]{0,8}[a-z0-9](\[[a-z]{1,4}\])?(==[0-9]\.[0-9])?( ; sys_platform == 'linux')?", fullmatch=True
    ),
    max_size=5,
)


def notebook(path, *sources, **metadata):
    cells = [
        {"cell_type": "code", "id": f"c{i}", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
        for i, source in enumerate(sources)
    ]
    document = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    return path


@pytest.mark.parametrize("source", [BLOCK, BLOCK.splitlines(keepends=True), f"import os\n{BLOCK}\nx = 1"])
def test_a_block_is_read_wherever_it_stands(tmp_path, source):
    assert pep723.read(notebook(tmp_path / "n.ipynb", "x = 1", source)) == Needs(("pandas>=2",), ">=3.11")


@given(dependencies=REQUIREMENTS, python=st.sampled_from(["", ">=3.11", "==3.11.*"]))
def test_what_is_written_is_read(tmp_path_factory, dependencies, python):
    path = notebook(tmp_path_factory.mktemp("n") / "n.ipynb", "x = 'ä'")
    pep723.write(path, Needs(tuple(dependencies), python))
    assert pep723.read(path) == Needs(tuple(dependencies), python)
    once = path.read_bytes()
    pep723.write(path, Needs(tuple(dependencies), python))
    assert path.read_bytes() == once


def test_writing_touches_nothing_but_the_block(tmp_path):
    table = '# [tool.uv]\n# exclude-newer = "2026-01-01"\n'
    before = BLOCK.replace("# ///", table + "# ///").replace(table + "# /// script", "# /// script")
    path = notebook(tmp_path / "n.ipynb", "a = 'ä'", f"import os\n{before}\nx = 1", title="mine")
    document = json.loads(path.read_text())
    pep723.write(path, Needs(("numpy==2.0",)))
    after = json.loads(path.read_text())
    source = after["cells"][1]["source"]
    assert source.startswith("import os\n# /// script\n")
    assert source.endswith("\n# ///\nx = 1")
    assert table in source
    assert '#   "numpy==2.0",' in source
    assert "pandas" not in source
    document["cells"][1]["source"] = source
    assert after == document
    assert "ä" in path.read_text()


def test_a_notebook_without_a_block_gets_a_hidden_cell(tmp_path):
    path = notebook(tmp_path / "n.ipynb", "x = 1")
    pep723.write(path, Needs(("numpy",)))
    first, second = json.loads(path.read_text())["cells"]
    assert first["metadata"]["jupyter"]["source_hidden"]
    assert second["source"] == "x = 1"


@pytest.mark.parametrize(
    ("sources", "said"),
    [
        (["x = 1"], "does not say what it needs"),
        ([BLOCK, BLOCK], "2 blocks"),
        (["# /// script\n# dependencies = [\n# ///"], "not valid TOML"),
        (["# /// script\n# dependencies = 3\n# ///"], "no list"),
    ],
)
def test_what_is_no_block_is_named(tmp_path, sources, said):
    with pytest.raises(CannotLock, match=said) as refused:
        pep723.read(notebook(tmp_path / "n.ipynb", *sources))
    assert "n.ipynb" in refused.value.message
    assert refused.value.hint
