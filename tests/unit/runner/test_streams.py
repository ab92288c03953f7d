"""What a cell prints reaches the log as whole lines, however the kernel cut it."""

from hypothesis import given
from hypothesis import strategies as st

from mlnb.runner.streams import WholeLines

PIECES = st.lists(st.text(alphabet="ab \n\r", max_size=6), max_size=12)


class Told:
    def __init__(self) -> None:
        self.now = 0.0
        self.seen: list[tuple[str, str]] = []
        self.lines = WholeLines(lambda stream, text: self.seen.append((stream, text)), lambda: self.now)

    def text(self, stream: str = "stdout") -> str:
        return "".join(text for of, text in self.seen if of == stream)


def test_a_line_that_was_sent_in_two_parts_is_one():
    told = Told()
    for part in ("at 1", "2\nat", " 13\n"):
        told.lines.take("stdout", part)
    assert told.seen == [("stdout", "at 12\n"), ("stdout", "at 13\n")]


@given(PIECES)
def test_nothing_is_lost_and_no_line_is_cut(pieces):
    told = Told()
    for piece in pieces:
        told.lines.take("stdout", piece)
    told.lines.end()
    assert told.text() == "".join(pieces)
    lines = [line for _, text in told.seen for line in text.splitlines()]
    assert lines == "".join(pieces).splitlines()


def test_streams_do_not_mix():
    told = Told()
    told.lines.take("stdout", "half")
    told.lines.take("stderr", "a warning\n")
    told.lines.take("stdout", " a line\n")
    assert told.seen == [("stderr", "a warning\n"), ("stdout", "half a line\n")]


def test_a_growing_row_of_dots_is_seen_while_it_grows():
    told = Told()
    for _ in range(20):
        told.lines.take("stdout", ".")
        told.now += 1.0
    assert 0 < len(told.text()) < 20
    told.lines.take("stderr", "x" * 10_000)
    assert len(told.text("stderr")) == 10_000
