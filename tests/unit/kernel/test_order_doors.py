"""Stand-ins of built-in functions: what goes through them is noted, and nobody can tell them from the functions."""

from __future__ import annotations

import builtins
import copy
import importlib.util
import inspect
import io
import os
import pickle
import sys
import time
import traceback
import types
from pathlib import Path

import pytest

from mlnb.kernel import extension, order_content, order_files

_spec = importlib.util.spec_from_file_location("order_shell", Path(__file__).with_name("order_shell.py"))
order_shell = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(order_shell)
Session, new_shell = order_shell.Session, order_shell.new_shell


class Real:
    """The functions, where no stand-in is put in their place."""

    open, listdir = staticmethod(open), staticmethod(os.listdir)


@pytest.fixture
def watched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(order_content, "is_scratch", lambda _: False)
    watch, shell = order_files.Watch(), new_shell()
    order_files.start(watch, shell)
    yield watch, shell
    order_files.leave()
    assert builtins.open is Real.open


def test_files_read_and_written_are_noted(watched, tmp_path):
    watch, _ = watched
    open("new.txt", "w").close()
    with io.open("new.txt", encoding="utf-8") as file:  # noqa: UP020 - another place
        file.read()
    (tmp_path / "other").mkdir()
    os.listdir("other")
    assert watch.before[str(tmp_path / "new.txt")] == order_files.ABSENT
    assert str(tmp_path / "new.txt") in watch.written & watch.read
    assert str(tmp_path / "other") in watch.written & watch.read
    assert watch.relative


def test_what_was_only_read_is_noted_again_when_it_is_written(watched, tmp_path):
    watch, _ = watched
    (tmp_path / "a.txt").write_text("1")
    watch.written.clear()
    for mode in ("r", "r", "a"):
        open("a.txt", mode).close()
    assert str(tmp_path / "a.txt") in watch.written


def test_a_name_means_another_file_in_another_folder(watched, tmp_path):
    watch, _ = watched
    (tmp_path / "sub").mkdir()
    for folder in (".", "sub"):
        (tmp_path / folder / "a.txt").write_text("1")
    open("a.txt").close()
    os.chdir("sub")
    watch.read.clear()
    open("a.txt").close()
    assert watch.read == {str(tmp_path / "sub" / "a.txt")}


def test_a_program_that_is_started_is_noted(watched):
    watch, _ = watched
    assert not watch.programs
    os.system("true")
    assert watch.programs


@pytest.mark.usefixtures("watched")
def test_a_stand_in_answers_as_the_function():
    assert open is not Real.open
    assert open is io.open
    assert open == Real.open
    assert hash(open) == hash(Real.open)
    assert repr(open) == repr(Real.open)
    assert dir(open) == dir(Real.open)
    assert isinstance(open, types.BuiltinFunctionType)
    assert inspect.isbuiltin(open)
    assert inspect.signature(open) == inspect.signature(Real.open)
    assert (open.__name__, open.__qualname__, open.__doc__) == (
        Real.open.__name__,
        Real.open.__qualname__,
        Real.open.__doc__,
    )
    assert os.listdir in os.supports_fd
    assert type(open).__name__ == "builtin_function_or_method"
    assert copy.deepcopy(open) is open


def test_a_stand_in_in_a_class_takes_no_self(watched, tmp_path):
    (tmp_path / "a.txt").write_text("text")

    class Reader:
        opener = open

    with Reader().opener("a.txt") as file:
        assert file.read() == "text"


def test_a_stand_in_can_be_pickled_and_read_anywhere(watched):
    functions = [open, os.listdir]
    data = pickle.dumps(functions)
    assert pickle.loads(data) == functions
    order_files.stop()
    assert data == pickle.dumps([Real.open, Real.listdir])
    for given in (data, pickle.dumps(functions)):
        assert b"mlnb" not in given
        assert [type(function) for function in pickle.loads(given)] == [type(len)] * 2


@pytest.mark.usefixtures("watched")
def test_wrong_arguments_are_refused_in_the_words_of_the_function():
    for arguments in ((), ("a", []), (3.5,), ("a", "no mode")):
        messages = []
        for function in (open, Real.open):
            with pytest.raises((TypeError, ValueError)) as found:
                function(*arguments)
            messages.append(str(found.value))
        assert messages[0] == messages[1]


def test_a_traceback_as_ipython_shows_it_has_no_frame_of_ours(watched):
    _, shell = watched
    with pytest.raises(OSError, match="missing") as found:
        Real.listdir.__self__.open("missing.txt", os.O_RDONLY)  # posix.open: another place of the same stand-in
    shell._get_exc_info((OSError, found.value, found.value.__traceback__))
    assert "mlnb/kernel/order_doors" not in "".join(traceback.format_exception(found.value))
    assert found.value.__context__ is None


def test_code_of_the_paths_own_class_is_not_asked_for_its_hash(watched, tmp_path):
    (tmp_path / "a.txt").write_text("text")

    class Named:
        def __fspath__(self):
            return "a.txt"

        def __hash__(self):
            raise AssertionError

    open(Named()).close()
    assert str(tmp_path / "a.txt") in watched[0].read


def test_after_the_run_every_place_has_its_function_back(watched):
    _, shell = watched
    shell.user_ns["reader"] = open
    order_files.stop()
    assert builtins.open is io.open is Real.open
    assert sys.modules["posix"].listdir is os.listdir is Real.listdir
    assert shell.user_ns["reader"] is Real.open
    assert "_get_exc_info" not in vars(shell)


def test_a_name_of_the_users_is_watched_in_later_runs(watched):
    _, shell = watched
    shell.user_ns["reader"] = open
    order_files.stop()
    order_files.start(order_files.Watch(), shell)
    assert shell.user_ns["reader"] is open is not Real.open


def test_who_replaced_a_function_has_the_last_word(watched):
    _, shell = watched
    order_files.stop()
    mine = builtins.open = lambda *given: Real.open(*given)
    try:
        order_files.start(order_files.Watch(), shell)
        assert builtins.open is mine
        order_files.stop()
        assert builtins.open is mine
    finally:
        builtins.open = Real.open


def test_modules_that_a_cell_imported_are_left_as_they_would_be(monkeypatch, tmp_path):
    (tmp_path / "keeps_open.py").write_text("from builtins import open as kept\n")
    monkeypatch.syspath_prepend(tmp_path)
    session = Session("import keeps_open")
    session.run()
    kept = sys.modules["keeps_open"].kept
    assert kept == Real.open
    session.close()
    assert sys.modules["keeps_open"].kept is Real.open


def test_no_audit_hook_is_installed():
    session = Session("import io", "numbers = [id(n) for n in range(3)]")
    session.run()
    heard = []
    real = sys.addaudithook
    sys.addaudithook = heard.append
    try:
        session.run()
    finally:
        sys.addaudithook = real
        session.close()
    assert heard == []


def test_loading_in_the_middle_of_a_run_does_no_harm():
    shell = new_shell()
    extension.load(shell)
    shell.run_cell("import io; before = io.open")
    extension.unload(shell)
    assert shell.user_ns["before"] is Real.open


def test_a_settled_file_is_read_once(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("1")
    first = order_content.content(str(path))
    reads = []
    real = order_content._bytes_of
    monkeypatch.setattr(order_content, "_bytes_of", lambda *given: reads.append(1) or real(*given))
    assert order_content.content(str(path)) == first
    assert reads == [1]  # it may change again within the same tick of the clock
    later = time.time_ns() + 10_000_000_000
    monkeypatch.setattr(order_content.time, "time_ns", lambda: later)
    for _ in range(3):
        assert order_content.content(str(path)) == first
    assert len(reads) == 2
    path.write_text("2")
    assert order_content.content(str(path)) != first


def test_a_file_that_is_open_for_changes_in_place_is_read_each_time(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    path.write_text("1")
    later = time.time_ns() + 10_000_000_000
    monkeypatch.setattr(order_content.time, "time_ns", lambda: later)
    order_content.never_settled(str(path))
    order_content.content(str(path))
    assert str(path) not in order_content._contents


def test_the_open_of_notebooks_is_watched_without_a_call_more(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    session = notebook(
        "open('there.txt', 'w').write('1');", "seen = open.__code__.co_consts", "open('there.txt').read()"
    )
    before = session.shell.user_ns["open"].__code__
    session.run()
    assert session.shell.user_ns["open"].__code__ is before
    assert before.co_consts != session.shell.user_ns["seen"], "IPython's code is another one than is known here"
    session.run("c1")
    assert session.states()["c3"] == "fresh"
    session.edit("c1", "open('there.txt', 'w').write('2');")
    session.run("c1")
    assert session.states()["c3"] == "stale"


def test_a_traceback_through_the_open_of_notebooks_is_as_ever(notebook):
    def lines(shell):
        error = shell.run_cell("open('nowhere.txt')", store_history=True, cell_id="c1").error_in_exec
        place, found = error.__traceback__, []
        while place is not None:
            found.append((place.tb_frame.f_code.co_filename, place.tb_frame.f_code.co_name, place.tb_lineno))
            found.append(list(place.tb_frame.f_code.co_positions())[place.tb_lasti // 2])
            place = place.tb_next
        return found[-2:]

    session = notebook("open('nowhere.txt')")
    watched = lines(session.shell)
    session.order.set_mode("off")
    assert watched == lines(session.shell)


def test_files_opened_by_turns_in_several_modes_are_all_seen(notebook, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    opening = "        open(n, 'w').close()\n        open(n).close()\n        open(n, mode='a').close()"
    session = notebook(f"for n in 'ab':\n    for _ in '12':\n{opening}")
    session.run()
    outputs = session.order._runs.tracker.runs[-1].trace.outputs
    assert {key.rpartition("/")[2] for key in outputs if key.startswith("@file:")} >= {"a", "b"}
