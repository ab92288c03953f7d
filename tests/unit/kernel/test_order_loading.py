"""Libraries draw random numbers while they are imported: that makes no cell vary; what the cell itself draws does."""

from __future__ import annotations

import builtins
import importlib.util
import sys
from pathlib import Path

import pytest

from mlnb.kernel.order_doors import without_stand_ins

_spec = importlib.util.spec_from_file_location("order_shell", Path(__file__).with_name("order_shell.py"))
order_shell = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(order_shell)


@pytest.fixture
def library(tmp_path, monkeypatch):
    """`drawing`, installed as a library: it draws while it is imported."""
    place = tmp_path / "site-packages"
    place.mkdir()
    (place / "drawing.py").write_text("import random\nDRAWN = random.random()\ndef draw(): return random.random()\n")
    monkeypatch.syspath_prepend(place)
    yield place
    sys.modules.pop("drawing", None)


@pytest.fixture
def begin():
    sessions = []

    def start(*sources):
        sessions.append(order_shell.Session(*sources))
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()


def test_an_import_that_draws_beside_other_code_does_not_vary(begin, library):
    session = begin("import drawing\nx = 1", "print(x)")
    session.run()
    assert session.states() == {"c1": "fresh", "c2": "fresh"}


def test_a_draw_beside_an_import_that_draws_does(begin, library):
    session = begin("import drawing\nx = drawing.draw()", "print(x)")
    session.run()
    assert session.states() == {"c1": "unknown", "c2": "unknown"}


def test_the_import_function_is_the_real_one_after_a_cell(begin, library):
    real = builtins.__import__
    session = begin("import drawing, random", "import nothing_of_that_name", "import failing_too\nf = __import__")
    session.run()
    assert builtins.__import__ is real
    assert session.shell.user_ns.get("f", real) is real


def test_nothing_of_ours_stands_in_the_traceback_of_an_import(begin, library):
    (library / "failing.py").write_text("raise KeyError('k')\n")
    session = begin("import failing")
    result = session.run()
    without_stand_ins(result.error_in_exec)  # as before a traceback is shown
    frames = []
    place = result.error_in_exec.__traceback__
    while place is not None:
        frames.append(place.tb_frame.f_code.co_filename)
        place = place.tb_next
    assert not [name for name in frames if name.endswith("order_loading.py")]


def test_a_fitted_forest_is_known_by_its_content(begin):
    pytest.importorskip("sklearn")
    session = begin(
        "from sklearn.ensemble import RandomForestClassifier\nimport numpy as np\nX = np.arange(40.0).reshape(20, 2)\n"
        "m = RandomForestClassifier(n_estimators=2, random_state=0).fit(X, np.arange(20) % 2)",
        "print(m.predict(X).sum())",
    )
    session.run()
    assert session.states() == {"c1": "fresh", "c2": "fresh"}
    session.run("c1")
    assert session.states() == {"c1": "fresh", "c2": "fresh"}
