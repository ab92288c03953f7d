"""Arrays and tensors on one memory come back on one memory, whichever was made of the other.

torch is too large to be installed for every test: `tests/integration/test_tensors.py` brings it along and runs these."""

from __future__ import annotations

import pytest

SHARED = {
    "a tensor of a slice": ("n = np.arange(8.); t = torch.from_numpy(n[2:])", "n[3] = 99", "t[1].item()"),
    "a tensor of the beginning": ("n = np.arange(8.); t = torch.from_numpy(n[:3])", "n[1] = 99", "t[1].item()"),
    "a tensor of columns": ("n = np.zeros((3, 4)); t = torch.from_numpy(n[:, 1:])", "n[1, 2] = 99", "t[1, 1].item()"),
    "a tensor of every other": ("n = np.arange(8.); t = torch.from_numpy(n[1::2])", "n[3] = 99", "t[1].item()"),
    "an array of a tensor": ("t = torch.arange(6.); n = t.numpy()", "t[2] = 99", "n[2]"),
    "an array of a part of a tensor": ("t = torch.arange(6.); n = t[1:].numpy()", "t[2] = 99", "n[1]"),
    "a view of such an array": ("t = torch.arange(6.); n = t[1:].numpy(); m = n[2:]", "t[3] = 99", "m[0]"),
    "an array alone, whose tensor is gone": ("n = torch.arange(6.)[1:].numpy(); m = n[1:]", "n[1] = 99", "m[0]"),
    "an array of a tensor of a slice": ("n = np.arange(8.); w = torch.from_numpy(n[2:]).numpy()", "n[3] = 99", "w[1]"),
    "an array met after the tensor": (
        "z = {'n': np.arange(8.)}; a = torch.from_numpy(z['n'][2:])", "z['n'][3] = 99", "a[1].item()",
    ),
    "both in one list": ("n = np.arange(8.); z = [torch.from_numpy(n[2:]), n[4:]]; del n", "z[0][2] = 99", "z[1][0]"),
}  # fmt: skip


@pytest.mark.parametrize("what", SHARED)
def test_they_share_their_memory_after_a_restore(notebook, new_notebook, what):
    make, change, look = SHARED[what]
    notebook.run(f"import numpy as np, torch\n{make}")
    taken = notebook.snapshots.take()
    assert {one.state for one in taken.variables.values()} == {"saved"}
    notebook.snapshots.flush()
    other = new_notebook()
    assert other.snapshots.restore(taken.id).not_restored == {}
    again = other.snapshots.take()
    assert {name: one.digest for name, one in again.variables.items()} == {
        name: one.digest for name, one in taken.variables.items()
    }
    assert other.ask(look) != 99
    other.run(change)
    assert other.ask(look) == 99


def test_what_only_looks_alike_shares_nothing_after_a_restore(notebook, new_notebook):
    notebook.run("import numpy as np, torch\nn = np.arange(8.); t = torch.tensor(n[2:])")
    taken = notebook.snapshots.take()
    notebook.snapshots.flush()
    other = new_notebook()
    other.snapshots.restore(taken.id)
    other.run("n[3] = 99")
    assert other.ask("t[1].item()") == 3
