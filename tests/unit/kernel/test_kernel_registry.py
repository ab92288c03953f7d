"""The list of live kernels."""

from __future__ import annotations

import json
import os
import types

from mlnb.core.clock import utc_now
from mlnb.core.wire import to_wire
from mlnb.kernel import registry
from mlnb.kernel.registry import LiveKernel


def _write(pid, connection_file):
    kernel = LiveKernel(pid, str(connection_file), None, utc_now(), "python", "0")
    registry.folder().mkdir(parents=True, exist_ok=True)
    (registry.folder() / f"{pid}.json").write_text(json.dumps(to_wire(kernel)))


def test_dead_kernels_are_dropped(tmp_path):
    connection_file = tmp_path / "kernel.json"
    connection_file.write_text("{}")
    _write(os.getpid(), connection_file)
    _write(2**22 + 1, connection_file)  # beyond the largest process id
    assert [kernel.pid for kernel in registry.live_kernels()] == [os.getpid()]
    assert len(list(registry.folder().iterdir())) == 1


def test_a_fork_does_not_remove_the_entry_of_its_parent():
    _write(os.getpid(), "/nowhere")
    registry.leave(registry.folder() / f"{os.getpid()}.json", os.getpid() + 1)
    assert list(registry.folder().iterdir())
    registry.leave(registry.folder() / f"{os.getpid()}.json", os.getpid())
    assert not list(registry.folder().iterdir())


def test_a_shell_without_a_kernel_is_not_listed():
    assert registry.enter(types.SimpleNamespace(config={})) is None


def test_a_renamed_notebook_finds_its_kernel_by_the_new_path(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_moved_to", None)
    old, new = tmp_path / "Untitled.ipynb", tmp_path / "train.ipynb"
    new.write_text("{}")
    monkeypatch.setenv("JPY_SESSION_NAME", str(old))
    _write(os.getpid(), tmp_path)
    assert registry.own_notebook() == old
    assert registry.moved(str(tmp_path), "train.ipynb") == {"notebook": str(new)}
    assert registry.own_notebook() == new
    assert [kernel.notebook for kernel in registry.live_kernels()] == [str(new)]


def test_a_path_of_another_machine_is_not_believed(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_moved_to", None)
    monkeypatch.setenv("JPY_SESSION_NAME", str(tmp_path / "a.ipynb"))
    assert registry.moved("/elsewhere", "b.ipynb") == {"notebook": str(tmp_path / "a.ipynb")}
    assert registry.moved("", "b.ipynb") == {"notebook": str(tmp_path / "a.ipynb")}


def test_the_runner_has_the_last_word_on_which_notebook_it_is(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "_moved_to", None)
    monkeypatch.setenv("JPY_SESSION_NAME", "not a path")
    assert registry.own_notebook() is None
    monkeypatch.setenv("MLNB_NOTEBOOK", str(tmp_path / "job.ipynb"))
    assert registry.own_notebook() == tmp_path / "job.ipynb"
