"""Capturing and comparing by name: files, interpreters, virtual environments, notebooks."""

import json
import sys
from pathlib import Path

import pytest

from mlnb.core.errors import BadInput
from mlnb.envs.capture import to_json
from mlnb.envs.errors import InterpreterFailed, NoEnvironment, NotACapture
from mlnb.envs.service import EnvsService


def test_a_capture_file_reads_back_as_what_was_captured(tmp_path):
    service = EnvsService()
    captured = service.capture()
    (tmp_path / "env.json").write_text(to_json(captured))
    assert service.read(str(tmp_path / "env.json")) == captured
    assert service.diff(str(tmp_path / "env.json"), ".").same


def test_an_interpreter_and_its_folder_are_captured_by_themselves(tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    there = EnvsService().capture(tmp_path)
    assert there.python == sys.version.split()[0]
    assert all(one.loaded is None for one in there.distributions)
    assert EnvsService().capture(sys.executable).env_id == EnvsService().capture().env_id


def test_a_notebook_is_answered_from_its_live_kernel_or_from_here(tmp_path):
    notebook = tmp_path / "a.ipynb"
    service = EnvsService(lambda path: sys.executable if path == notebook else None)
    with_kernel, without = service.of_notebook(notebook), service.of_notebook(tmp_path / "b.ipynb")
    assert (with_kernel.kernel, without.kernel) == (True, False)
    assert with_kernel.environment.env_id == without.environment.env_id
    assert Path(with_kernel.python) == Path(sys.executable)


def test_bad_names_say_what_is_wrong(tmp_path):
    service = EnvsService()
    (tmp_path / "text.json").write_text("{}")
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "newer.json").write_text(json.dumps({"format": 99}))
    (tmp_path / "not-python").write_text("#!/bin/sh\nexit 7\n")
    (tmp_path / "not-python").chmod(0o755)
    (tmp_path / "silent").write_text("#!/bin/sh\ncat >/dev/null\n")
    (tmp_path / "silent").chmod(0o755)
    for name, error in (
        ("absent", NoEnvironment), (".", NoEnvironment), ("text.json", NotACapture), ("bytes.json", NotACapture),
        ("newer.json", NotACapture), ("not-python", InterpreterFailed), ("silent", InterpreterFailed),
    ):  # fmt: skip
        with pytest.raises(error) as raised:
            service.read(str(tmp_path / name) if name != "." else str(tmp_path))
        assert raised.value.hint
    with pytest.raises(BadInput, match="no level"):
        service.capture(level="deep")
