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
