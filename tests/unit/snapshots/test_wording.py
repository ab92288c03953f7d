"""What mlnb notes by itself reads as a person would write it."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from mlnb.cli.main import root
from mlnb.snapshots.rules.wording import a, words_from_error, words_from_reason


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("end of job-06gz", "Last state of a job (job-06gz)"),
        ("end of run-06gz", "Last state of a run (run-06gz)"),
        ("before restore of snap-1", "Before going back to snap-1"),
        ("after cell run 3", "After cell run 3"),
        ("cell run 4 failed", "Cell run 4 failed"),
        ("autosave", "Text as typed"),
        ("end of the day", "end of the day"),
        ("", ""),
    ],
)
def test_reasons_of_snapshots(reason, words):
    assert words_from_reason(reason) == words


def test_articles():
    nouns = ("socket", "iterator", "SSLContext", "SQLAlchemy", "Cursor", "re.Scanner", "UUIDs")
    assert [a(one) for one in nouns] == [
        "a socket", "an iterator", "an SSLContext", "an SQLAlchemy", "a Cursor", "a re.Scanner", "an UUIDs",
    ]  # fmt: skip


def test_errors_of_python_are_said_to_be_that():
    assert words_from_error("KeyError", "'x'") == "Python gave up: KeyError: 'x'"
    assert words_from_error("AssertionError", "") == "Python gave up: AssertionError"


def test_what_cannot_be_kept_says_why_in_words_and_a_class_is_called_one(notebook):
    notebook.run(
        "import abc, ctypes, ssl, sqlite3\n"
        "class Shape(abc.ABC): pass\n"
        "from collections.abc import Mapping\n"
        "context = ssl.create_default_context()\n"
        "pointer = ctypes.pointer(ctypes.c_int(3))\n"
        "cursor = sqlite3.connect(':memory:').cursor()"
    )
    taken = notebook.snapshots.take("mine")
    found = taken.variables
    assert found["Shape"].type == found["Mapping"].type == "class"
    assert found["context"].reason == "it holds an SSLContext, which lives in this kernel only"
    assert found["pointer"].reason == "it holds a pointer into memory, which lives in this kernel only"
    assert found["cursor"].reason == "it holds a sqlite3.Cursor, which lives in this kernel only"
    notebook.snapshots.flush()
    notebook.snapshots.restore(taken.id)
    notebook.snapshots.flush()
    listed = CliRunner().invoke(root, ["snapshot", "list"], standalone_mode=False).output
    assert f"Before going back to {taken.id}" in listed
