"""Capturing and comparing by name: files, interpreters, virtual environments, notebooks."""

import json
import sys
from pathlib import Path

import pytest

from mlnb.core.errors import BadInput
from mlnb.envs.capture import capture, to_json
from mlnb.envs.errors import InterpreterFailed, KernelSilent, NoEnvironment, NoKernel, NotACapture
from mlnb.envs.service import EnvsService
from mlnb.envs.types import RunningKernel


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
    asked = []

    def in_kernel(connection_file, level, folder, timeout_s):
        asked.append((connection_file, level, folder))
        return to_json(capture(level, str(folder)))

    service = EnvsService(lambda: [RunningKernel("k.json", sys.executable, str(notebook))], in_kernel)
    with_kernel, without = service.of_notebook(notebook), service.of_notebook(tmp_path / "b.ipynb")
    assert (with_kernel.kernel, with_kernel.is_live) == (True, True)
    assert (without.kernel, without.is_live) == (False, False)
    assert with_kernel.environment.env_id == without.environment.env_id
    assert Path(with_kernel.python) == Path(sys.executable)
    assert asked == [(Path("k.json"), "fast", tmp_path)]


@pytest.mark.parametrize("error", [KernelSilent("it runs a cell"), NoKernel("it has ended")])
def test_the_interpreter_of_a_kernel_that_does_not_answer_is_captured_instead(tmp_path, error):
    def in_kernel(*_):
        raise error

    kernels = [RunningKernel("k.json", sys.executable, str(tmp_path / "a.ipynb"))]
    found = EnvsService(lambda: kernels, in_kernel).of_notebook(tmp_path / "a.ipynb")
    assert (found.kernel, found.is_live) == (True, False)
    assert all(one.loaded is None for one in found.environment.distributions)


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
