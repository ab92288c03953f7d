"""Libraries draw random numbers while they are imported: that makes no cell vary; what the cell itself draws does."""

from __future__ import annotations

import builtins
import sys

import pytest

from mlnb.kernel.order_doors import without_stand_ins


@pytest.fixture
def library(tmp_path, monkeypatch):
    """`drawing`, installed as a library: it draws while it is imported."""
    place = tmp_path / "site-packages"
    place.mkdir()
    (place / "drawing.py").write_text("import random\nDRAWN = random.random()\ndef draw(): return random.random()\n")
    monkeypatch.syspath_prepend(place)
    yield place
    sys.modules.pop("drawing", None)


def test_an_import_that_draws_beside_other_code_does_not_vary(notebook, library):
    session = notebook("import drawing\nx = 1", "print(x)")
    session.run()
    assert session.states() == {"c1": "fresh", "c2": "fresh"}


def test_a_draw_beside_an_import_that_draws_does(notebook, library):
    session = notebook("import drawing\nx = drawing.draw()", "print(x)")
    session.run()
    assert session.states() == {"c1": "unknown", "c2": "unknown"}


def test_the_import_function_is_the_real_one_after_a_cell(notebook, library):
    real = builtins.__import__
    session = notebook("import drawing, random", "import nothing_of_that_name", "import failing_too\nf = __import__")
    session.run()
    assert builtins.__import__ is real
    assert session.shell.user_ns.get("f", real) is real


def test_nothing_of_ours_stands_in_the_traceback_of_an_import(notebook, library):
    (library / "failing.py").write_text("raise KeyError('k')\n")
    session = notebook("import failing")
    result = session.run()
    without_stand_ins(result.error_in_exec)  # as before a traceback is shown
    frames = []
    place = result.error_in_exec.__traceback__
    while place is not None:
        frames.append(place.tb_frame.f_code.co_filename)
        place = place.tb_next
    assert not [name for name in frames if name.endswith("order_loading.py")]


def test_a_fitted_forest_is_known_by_its_content(notebook):
    pytest.importorskip("sklearn")
    session = notebook(
        "from sklearn.ensemble import RandomForestClassifier\nimport numpy as np\nX = np.arange(40.0).reshape(20, 2)\n"
        "m = RandomForestClassifier(n_estimators=2, random_state=0).fit(X, np.arange(20) % 2)",
        "print(m.predict(X).sum())",
    )
    session.run()
    assert session.states() == {"c1": "fresh", "c2": "fresh"}
    session.run("c1")
    assert session.states() == {"c1": "fresh", "c2": "fresh"}
