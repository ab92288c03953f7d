"""Outputs of two runs: what is noise is called noise, what is data is never."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.order.rules.compare import compare_outputs
from mlnb.order.types import SavedOutput

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def text(value, kind="text/plain"):
    return [SavedOutput("execute_result", {kind: value})]


def verdict(old, new, kind="text/plain"):
    return compare_outputs(text(old, kind), text(new, kind), NOW)[0]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<A at 0x7f0011223344>", "<A at 0x7fffffffffff>"),
        ("2026-03-01 10:00:00", "2026-03-04 12:00:01"),
        ("2026-03-01T10:00:00.123456+00:00 done", "2026-03-04T12:00:01.654321+00:00 done"),
        ("datetime.datetime(2025, 1, 2, 3, 4, 5)", "datetime.datetime(2026, 3, 4, 12, 0, 1)"),
        ("Sun Mar  1 10:00:00 2026", "Wed Mar  4 12:00:00 2026"),
        ("took 1.23 s", "took 45 ms"),
        ("1.5 µs ± 20 ns per loop", "1.7 µs ± 30 ns per loop"),
        ("CPU times: user 3 ms, sys: 1 ms", "CPU times: user 2.1 ms, sys: 0 ns"),
        ("0:00:01.234", "0:00:02.345"),
        ("f47ac10b-58cc-4372-a567-0e02b2c3d479", "00000000-58cc-4372-a567-0e02b2c3d479"),
        ("{'a', 'b', 'c'}", "{'c', 'a', 'b'}"),
        ("frozenset({'x, y', \"it's\"})", "frozenset({\"it's\", 'x, y'})"),
        ("100%|████| 10/10 [00:00<00:00, 12.3it/s]", "100%|████| 10/10 [00:01<00:00, 9.1it/s]"),
        (" 10%|█   | 1/10\r100%|████| 10/10 [00:00]", "100%|████| 10/10 [00:01]"),
        ("5/5 ━━━━━━━━ 3s 2ms/step - loss: 0.5", "5/5 ━━━━━━━━ 1s 9ms/step - loss: 0.5"),
        ("/tmp/tmpabc123/x.csv", "/tmp/tmpzzz999/x.csv"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("pid 123", "pid 456"),
        ("a  \nb", "a\nb\n"),
    ],
)
def test_noise(old, new):
    assert verdict(old, new) == "noise"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("3", "4"),
        ("loss 0.12", "loss 0.13"),
        ("2020-01-01 10:00:00", "2020-01-02 10:00:00"),  # a time of the data, not of the run
        ("2026-03-01 10:00:00", "2020-01-01 10:00:00"),
        ("datetime.date(2020, 1, 1)", "datetime.date(2020, 1, 2)"),
        ("0 days 00:10:00", "0 days 00:20:00"),
        ("['b', 'a']", "['a', 'b']"),
        ("{'a': 1, 'b': 2}", "{'a': 2, 'b': 1}"),
        ("{'a', 'b'}", "{'a', 'c'}"),
        ("True", "False"),
        ("nan", "1.0"),
        ("a", "b"),
        ("1e-3", "1e-4"),
        ("x1", "x2"),
    ],
)
def test_data(old, new):
    assert verdict(old, new) == "different"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("loss 0.123456789", "loss 0.123456788"),
        ("[1.0000000001, 2.0]", "[1.0, 2.0]"),
        ("   a    b\n0  0.1  0.30000000000000004", "   a  b\n0  0.1  0.3"),
        ("(1.0+2.0000000001j)", "(1.0+2.0j)"),
        ("-0.0000000001", "0.0"),
    ],
)
def test_rounding(old, new):
    assert verdict(old, new) == "tolerance"


TABLE = '<style scoped>#T_{id} td {{}}</style><table id="T_{id}"><tr><td id="T_{id}_row0">{value}</td></tr></table>'


def test_tables_in_html():
    old = TABLE.format(id="ab12c", value="0.5")
    assert verdict(old, TABLE.format(id="99ffe", value="0.5"), "text/html") == "noise"
    assert verdict(old, TABLE.format(id="99ffe", value="0.50000000001"), "text/html") == "tolerance"
    assert verdict(old, TABLE.format(id="99ffe", value="0.6"), "text/html") == "different"
    assert verdict('<a href="p1">x</a>', '<a href="p2">x</a>', "text/html") == "different"
    scikit = '<div id="sk-container-id-{n}" class="sk"><style>#sk-container-id-{n} {{color: red}}</style>model</div>'
    assert verdict(scikit.format(n=1), scikit.format(n=2), "text/html") == "noise"
    svg = '<svg><dc:date>{t}</dc:date><path id="m{i}" d="M 0 1"/><use xlink:href="#m{i}"/></svg>'
    assert (
        verdict(
            svg.format(t="2026-01-01T10:00:00", i="a1b2"),
            svg.format(t="2026-01-01T10:00:01", i="c3d4"),
            "image/svg+xml",
        )
        == "noise"
    )


def test_json():
    kind = "application/vnd.plotly.v1+json"
    old = {"data": [{"y": [1.0, 2.0], "name": "a"}], "layout": {"id": "0x7f0011223344"}}
    assert verdict(json.dumps(old), json.dumps(old, indent=3), kind) == "noise"
    near = {"data": [{"y": [1.0000000001, 2], "name": "a"}], "layout": {"id": "0x7f0011223399"}}
    assert verdict(json.dumps(old), json.dumps(near), kind) == "tolerance"
    far = {"data": [{"y": [1.5, 2], "name": "a"}], "layout": old["layout"]}
    found = compare_outputs(text(json.dumps(old), kind), text(json.dumps(far), kind))
    assert found == ("different", "data[0].y[0]: 1.5 instead of 1.0")
    assert verdict("{}", '{"a": true}', kind) == "different"
    assert verdict('{"model_id": "1"}', '{"model_id": "2"}', "application/vnd.jupyter.widget-view+json") == "noise"


def png(rows, *, notes=b"", level=6, filters=0):
    """An RGB picture of these rows of pixels."""
    width, height = len(rows[0]), len(rows)
    raw = b""
    above = bytes(width * 3)
    for row in rows:
        line = bytes(value for pixel in row for value in pixel)
        left = bytes(3) + line[:-3]
        corner = bytes(3) + above[:-3]
        filtered = {
            0: line,
            1: bytes((a - b) & 255 for a, b in zip(line, left, strict=True)),
            2: bytes((a - b) & 255 for a, b in zip(line, above, strict=True)),
            3: bytes((a - (b + c) // 2) & 255 for a, b, c in zip(line, left, above, strict=True)),
            4: bytes((a - paeth(b, c, d)) & 255 for a, b, c, d in zip(line, left, above, corner, strict=True)),
        }[filters]
        raw += bytes([filters]) + filtered
        above = line

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    extra = chunk(b"tEXt", notes) if notes else b""
    data = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", head)
        + extra
        + chunk(b"IDAT", zlib.compress(raw, level))
        + chunk(b"IEND", b"")
    )
    return base64.b64encode(data).decode()


def paeth(a, b, c):
    p = a + b - c
    return min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]


def picture(change=0, at=None, size=40):
    rows = [[(x * 5 % 256, y * 7 % 256, (x * y) % 256) for x in range(size)] for y in range(size)]
    for x, y in at or []:
        rows[y][x] = tuple((value + change) % 256 for value in rows[y][x])
    return rows


@pytest.mark.parametrize("filters", range(5))
@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (picture(), "noise"),
        (picture(3, [(x, 3) for x in range(40)]), "tolerance"),
        (picture(100, [(5, 5)]), "tolerance"),
        (picture(100, [(x, 5) for x in range(40)]), "different"),
        (picture(size=41), "different"),
    ],
)
def test_pictures(rows, expected, filters):
    assert verdict(png(picture()), png(rows, notes=b"Software\0x", filters=filters), "image/png") == expected


def test_what_is_no_picture_is_compared_by_its_bytes():
    assert verdict("AAAA", "AAAB", "image/png") == "different"
    assert verdict(png(picture()), png(picture())[:80], "image/png") == "different"
    assert verdict("AAAA", "AAAB", "image/gif") == "different"
    pdf = b"%PDF /CreationDate (D:2026%d) text"
    one, other = (base64.b64encode(pdf.replace(b"%d", n)).decode() for n in (b"01", b"02"))
    assert verdict(one, other, "application/pdf") == "noise"
    jpeg = b"\xff\xd8\xff\xe1\x00\x04%s\xff\xda\x00\x02pixels"
    one, other = (base64.b64encode(jpeg.replace(b"%s", n)).decode() for n in (b"ab", b"cd"))
    assert verdict(one, other, "image/jpeg") == "noise"


def test_the_worst_output_decides_and_is_named():
    old = [*text("a"), *text("1"), SavedOutput("stream", {"stderr": "x"})]
    new = [*text("a"), *text("2"), SavedOutput("stream", {"stderr": "y"})]
    assert compare_outputs(old, new) == ("different", "output 2: '2' instead of '1'")
    assert compare_outputs(old[:2], old) == ("noise", "only standard error differs")


KINDS = ["text/plain", "text/html", "application/json", "image/png", "image/jpeg", "image/svg+xml", "application/pdf"]


@given(st.text(), st.text(), st.sampled_from(KINDS))
def test_no_two_texts_make_it_raise(old, new, kind):
    found = verdict(old, new, kind)
    assert (found == "identical") >= (old == new)


@given(st.lists(st.integers(-1000, 1000), min_size=1), st.data())
def test_a_changed_number_is_never_noise(numbers, data):
    at = data.draw(st.integers(0, len(numbers) - 1))
    other = [*numbers]
    other[at] += data.draw(st.integers(1, 100))
    assert verdict(str(numbers), str(other)) == "different"
    assert verdict(f"<td>{numbers}</td>", f"<td>{other}</td>", "text/html") == "different"
