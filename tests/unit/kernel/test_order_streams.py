"""What a cell shows is told from the stream itself, whatever kind it is and however often it is flushed."""

from __future__ import annotations

import io
import os
import sys
from types import SimpleNamespace

import pytest
import zmq
from ipykernel.iostream import IOPubThread, OutStream
from jupyter_client.session import Session

from mlnb.kernel.order_display import DisplayWatch

TEXT = "one\ntwo <object at 0x7f00aa11bb22>\nthree"


@pytest.fixture
def kernel_stream():
    context = zmq.Context()
    socket = context.socket(zmq.PUB)
    thread = IOPubThread(socket)
    yield OutStream(Session(), thread, "stdout", watchfd=False)
    thread.close()
    context.destroy(linger=0)


@pytest.fixture
def file_stream(tmp_path):
    with (tmp_path / "shown.txt").open("w", encoding="utf-8") as stream:
        yield stream


@pytest.fixture(params=["kernel_stream", "file_stream", "any"])
def stream(request, monkeypatch):
    found = io.StringIO() if request.param == "any" else request.getfixturevalue(request.param)
    monkeypatch.setattr(sys, "stdout", found)
    return found


class Publisher:
    def publish(self, **given):
        """Where rich output goes is of no interest here."""


@pytest.fixture
def watch():
    return DisplayWatch(SimpleNamespace(display_pub=Publisher()))


def digest(watch, *pieces, flush=False):
    watch.start()
    for piece in pieces:
        print(piece, end="")
        if flush:
            sys.stdout.flush()
    return watch.stop()


def test_the_same_text_is_the_same_in_whatever_pieces_it_comes(stream, watch):
    whole = digest(watch, TEXT)
    assert whole == digest(watch, *TEXT) == digest(watch, *TEXT, flush=True)
    assert whole == digest(watch, TEXT.replace("0x7f00aa11bb22", "0x7f00aa11cc33"))
    assert whole != digest(watch, TEXT.replace("three", "four"))


def test_nothing_shown_is_nothing_and_what_was_written_before_does_not_count(stream, watch):
    alone = digest(watch, "b\n")
    print("before", end="")
    assert digest(watch) == ""
    print("before", end="")
    assert digest(watch, "b\n") == alone != ""


def test_the_order_of_text_and_rich_output_counts(stream, watch):
    def shown(*steps):
        watch.start()
        for step in steps:
            print("text") if step == "text" else watch._shell.display_pub.publish(data={"text/plain": "rich"})
        return watch.stop()

    assert shown("text", "rich") == shown("text", "rich")
    assert len({shown("text", "rich"), shown("rich", "text"), shown("text"), shown("rich")}) == 4


def test_what_is_written_arrives_and_nothing_is_left_behind(stream, watch):
    kept = dict(vars(stream)), dict(vars(getattr(stream, "buffer", stream)))
    digest(watch, TEXT)
    assert {"write", "_rotate_buffers"}.isdisjoint(vars(stream).keys() | vars(getattr(stream, "buffer", stream)).keys())
    assert kept[0].keys() == vars(stream).keys()


def test_a_file_holds_what_was_written(file_stream, monkeypatch, watch):
    monkeypatch.setattr(sys, "stdout", file_stream)
    digest(watch, *["line\n"] * 30_000)
    with open(file_stream.name, encoding="utf-8") as written:
        assert written.read() == "line\n" * 30_000


def test_a_million_letters_are_digested_by_and_by(stream, watch):
    many = ["word " * 40 + "\n"] * 15_000
    assert digest(watch, *many) == digest(watch, "".join(many)) != digest(watch, "".join(many[:-1]))


def test_a_stream_that_is_closed_or_missing_hurts_nobody(monkeypatch, watch):
    with open(os.devnull, "w") as closed:
        pass
    for stdout in (closed, None):
        monkeypatch.setattr(sys, "stdout", stdout)
        watch.start()
        assert watch.stop() == ""
