"""A store that somebody else made to do harm: whatever it holds, wherever, nothing of it runs before consent."""

from __future__ import annotations

import dataclasses
import os
import pickle
import shutil

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlnb.cli.main import root
from mlnb.core import signing
from mlnb.core.content import digest_of
from mlnb.core.errors import MlnbError
from mlnb.core.wire import to_wire
from mlnb.snapshots.plugins import cautious, checking, packs, signed
from mlnb.snapshots.plugins.files import MANIFEST, SnapshotFiles
from mlnb.snapshots.plugins.pickled import PickleCodec


class Call:
    """What a pickle makes by calling."""

    def __init__(self, function, *arguments):
        self._call = function, arguments

    def __reduce__(self):
        return self._call


def payloads(canary):
    """Pickles that leave the folder `canary` behind when anybody loads them, each in another way."""
    made = Call(os.mkdir, canary)
    code = f"__import__('os').mkdir({canary!r})"
    return {
        "a call": pickle.dumps({"x": made}),
        "protocol 0": pickle.dumps({"x": made}, protocol=0),
        "exec": pickle.dumps({"x": Call(exec, code)}),
        "deep inside": pickle.dumps({"x": [1, {"y": (2, made)}]}),
        "as a key": pickle.dumps({"x": {Call(eval, code): 1}}),
        "before the dict": pickle.dumps([made, {"x": 1}]),
        "our own function": b"cmlnb.snapshots.plugins.rebuild_standard\ncalled\n(S'os'\nS'mkdir'\nS" + repr(canary).encode() + b"\ntR.",
        "inst": b"(S" + repr(canary).encode() + b"\nios\nmkdir\n.",
        "object": b"(cos\nmkdir\nS" + repr(canary).encode() + b"\no.",
        "through getattr": b"cbuiltins\ngetattr\n(cos\npath\nS'os'\ntR.",
        "by state": b"cmlnb.snapshots.plugins.rebuild\narray\n}S'__class__'\ncos\nmkdir\nsb.",
    }  # fmt: skip


PLACES = ("value", "process", "surroundings", "codec", "type", "manifest", "document", "pack", "index")


@pytest.fixture
def ana(monkeypatch, tmp_path, notebook):
    """Ana's home with one snapshot; then this process is Ben's, with keys of his own."""
    home = tmp_path / "ana"
    monkeypatch.setenv("MLNB_HOME", str(home))
    monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "anas-keys"))
    signing.key()
    notebook.run("x = [1, 2]; y = 'text'")
    notebook.snapshots._files = files = SnapshotFiles(home)
    files_of_writer = type(notebook.snapshots)(notebook.shell, link=lambda _: None, notebook=lambda: None, files=files)
    taken = files_of_writer.take("from ana")
    files_of_writer.flush()
    files_of_writer.close()
    return home, taken.id


def poison(home, snapshot, place, payload, tmp_path):
    """Put `payload` into one place of the store, with digests and a signature of its maker that fit."""
    files = SnapshotFiles(home)
    path = files.folder / snapshot / "manifest.json"
    if place == "manifest":
        path.write_bytes(payload)
        return
    if place == "document":
        (path.parent / "document.json").write_bytes(payload)
        return
    if place == "pack":
        for pack in files.blobs.glob("??/*"):
            pack.write_bytes(payload)
        return
    if place == "index":
        (home / "mlnb.db").write_bytes(payload)
        return
    manifest = files.read(snapshot)
    chunk = packs.write_packs(files.blobs, {digest_of(payload): payload})[digest_of(payload)]
    number = len(manifest.chunks)
    components = []
    for one in manifest.components:
        is_process = one.codec == "process"
        if (place == "process" and is_process) or (place in ("value", "codec", "type") and not is_process):
            codec = {"codec": "os"}.get(place, one.codec)
            components.append(dataclasses.replace(one, codec=codec, stream=(number,), buffers=()))
        elif place == "surroundings":
            components.append(dataclasses.replace(one, codec="surroundings", stream=(number,), buffers=(), names=()))
        else:
            components.append(one)
    variables = manifest.variables
    if place == "type":  # an import of what the manifest names would run it
        (tmp_path / "working" / "harmful.py").write_text(f"import os; os.mkdir({str(tmp_path / 'canary')!r})")
        variables = {name: dataclasses.replace(one, type="harmful.Thing") for name, one in variables.items()}
    whole = dataclasses.replace(
        manifest, chunks=(*manifest.chunks, chunk), components=tuple(components), variables=variables
    )
    signed.write(path, to_wire(whole), MANIFEST)


def everything_but_consent(notebook, snapshot):
    """All that somebody does with a snapshot that he found, short of saying that he trusts it."""
    refused = 0
    snapshots = notebook.snapshots
    for act in (
        snapshots.list,
        lambda: snapshots.preview(snapshot),
        lambda: snapshots.restore(snapshot),
        lambda: snapshots.restore(snapshot, ["x"]),
        lambda: snapshots.restore(snapshot, ["x", "y"], recompute=True),
        lambda: snapshots.diff(snapshot, snapshot),
        lambda: checking.verify(SnapshotFiles(), [snapshot]),
    ):
        try:
            act()
        except MlnbError:
            refused += 1
    for words in (["list"], ["show", snapshot], ["data", snapshot], ["verify"], ["diff", snapshot, snapshot], ["du"]):
        CliRunner().invoke(root, ["snapshot", *words], standalone_mode=False)
    return refused


@pytest.mark.parametrize("place", PLACES)
def test_nothing_of_a_foreign_store_runs(ana, new_notebook, monkeypatch, tmp_path, place):
    home, snapshot = ana
    canary = tmp_path / "canary"
    for number, (way, payload) in enumerate(payloads(str(canary)).items()):
        here = tmp_path / f"ben-{number}"
        shutil.copytree(home, here)
        monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "anas-keys"))
        poison(here, snapshot, place, payload, tmp_path)
        monkeypatch.setenv("MLNB_HOME", str(here))
        monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "bens-keys"))
        monkeypatch.syspath_prepend(str(tmp_path / "working"))
        ben = new_notebook()
        ben.run("x = 'mine'")
        assert everything_but_consent(ben, snapshot) >= 1, way
        assert not canary.exists(), way
        if place in ("value", "codec", "manifest", "pack"):
            assert ben["x"] == "mine"


def test_the_payloads_do_harm_when_they_are_loaded(tmp_path):
    for way, payload in payloads(str(tmp_path / "canary")).items():
        if way not in ("through getattr", "by state"):
            pickle.loads(payload)
            assert (tmp_path / "canary").exists(), way
            (tmp_path / "canary").rmdir()


OPCODES = (
    b"().]}0123GIKMNSVXabcdefghijlopqrstu\x80\x81\x82\x85\x86\x87\x88\x89\x8c\x8e\x8f\x90\x91\x92\x93\x94\x96\x97\x98"
)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_stream_of_any_bytes_is_data_or_is_refused(tmp_path, data):
    """Pickles with pieces exchanged, repeated and cut, read as data: what comes out is plain, or nothing does."""
    canary = tmp_path / "canary"
    good = pickle.dumps({"x": [1, (2, None)], "y": {"k": b"v", "s": {3}}})
    pool = [good, *payloads(str(canary)).values(), OPCODES, b"cos\nmkdir\n", b"\x8c\x02os\x8c\x05mkdir\x93"]
    pieces = data.draw(st.lists(st.tuples(st.sampled_from(pool), st.integers(0, 80), st.integers(0, 80)), max_size=6))
    stream = b"".join(piece[min(a, b) : max(a, b)] for piece, a, b in pieces) + data.draw(
        st.sampled_from([b".", b"R.", b""])
    )
    try:
        found = cautious.load(PickleCodec(), stream, [])
    except Exception:
        found = {}
    assert not canary.exists()
    _assert_plain(found, set())


def _assert_plain(value, seen):
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, dict):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple | set | frozenset):
        for part in value:
            _assert_plain(part, seen)
        return
    kinds = (str, bytes, bytearray, int, float, complex, bool, type(None))
    assert isinstance(value, kinds) or type(value).__module__ == cautious.__name__, type(value)
