"""A NaN equals nothing: whoever looks for one finds it by its identity, after a restore as before."""

from __future__ import annotations

import pytest

from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.plugins import cautious, nans
from mlnb.snapshots.plugins.pickled import PickleCodec
from mlnb.snapshots.ports import Saving


def restored(notebook, new_notebook, source):
    notebook.run(source)
    taken = notebook.snapshots.take()
    notebook.snapshots.flush()
    other = new_notebook()
    assert other.snapshots.restore(taken.id).not_restored == {}
    return other


@pytest.mark.parametrize(
    "look",
    [
        "x[0] is x[1]", "x[0] is y['a'][0]", "x[2] is not x[0]", "x[0] in x", "x.count(x[0]) == 2", "counts[x[0]] == 3",
        "x[3] is math.nan", "math.nan in x", "x[4] == math.inf", "str(x[5]) == 'nan' and math.copysign(1, x[5]) == -1",
    ],
)  # fmt: skip
def test_one_nan_is_one_nan_after_a_restore(notebook, new_notebook, look):
    source = (
        "import math\nq = float('nan')\nx = [q, q, float('nan'), math.nan, math.inf, -float('nan')]\n"
        "y = {'a': [q], 'x': x}\ncounts = {q: 3, 'x': x}\ndel q"
    )
    assert restored(notebook, new_notebook, source).ask(look)


def test_numpys_nan_is_numpys_in_lists_keys_and_objects(notebook, new_notebook):
    pytest.importorskip("numpy")
    source = "import numpy as np\nx = [np.nan, 1.0]\nd = {np.nan: 'missing'}\no = np.array(['a', np.nan], object)"
    other = restored(notebook, new_notebook, source)
    assert other.ask("(x[0] is np.nan, np.nan in x, d[np.nan], o[1] is np.nan)") == (True, True, "missing", True)


def test_plain_values_with_a_nan_are_read_as_data(notebook):
    codec, nan = PickleCodec(), float("nan")
    encoded = codec.save({"x": [nan, nan, 1.5]}, Saving(notebook.shell.user_ns, set(), str))
    assert cautious.why_not(codec, encoded.stream, 0) == ""
    x = cautious.load(codec, encoded.stream, [])["x"]
    assert x[0] is x[1]
    assert x[0] != x[0]
    assert x[2] == 1.5


@pytest.mark.parametrize(
    "what", [None, "nan", ("nan", 0), ("nan", "0", b"x" * 8), ("nan", 0, b"short"), ("inf", 0, b"x" * 8)]
)
def test_what_stands_for_no_nan_is_refused(what):
    with pytest.raises(nans.Damaged, match="did not write"):
        nans.Numbered().of(what)


def test_what_cannot_be_saved_beside_a_nan_is_named(notebook):
    with pytest.raises(CannotSave):
        PickleCodec().save({"x": [float("nan"), (i for i in [])]}, Saving(notebook.shell.user_ns, set(), str))
