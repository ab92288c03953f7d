"""Whose word counts, and what becomes of bundles that somebody made to do harm: nothing runs, nothing is half-written."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import pickle
import shutil
import stat
import zipfile
from datetime import UTC, datetime

import pytest
import zstandard
from blake3 import blake3
from click.testing import CliRunner

from mlnb.cli.main import root
from mlnb.core import signing
from mlnb.core.errors import BadInput, Conflict, Damaged, MlnbError, NotFound, NotTrusted
from mlnb.core.wire import dumps
from mlnb.snapshots.plugins import bundles, cautious, packs, signed
from mlnb.snapshots.plugins.files import MANIFEST, SnapshotFiles
from mlnb.snapshots.plugins.pickled import PickleCodec
from mlnb.snapshots.rules.trust import Origin
from mlnb.snapshots.types import Chunk, Component

HERE = Origin("", "", "bundle", "state.zip", datetime(2026, 1, 1, tzinfo=UTC))


class Machines:
    """Homes and keys of several users, one of them in use."""

    def __init__(self, monkeypatch, folder):
        self._monkeypatch = monkeypatch
        self._folder = folder

    def use(self, name):
        self._monkeypatch.setenv("MLNB_HOME", str(self._folder / name / "home"))
        self._monkeypatch.setenv("MLNB_KEYS", str(self._folder / name / "keys"))
        signing.key()
        return SnapshotFiles()


@pytest.fixture
def machines(monkeypatch, tmp_path):
    return Machines(monkeypatch, tmp_path)


def cli(*arguments):
    done = CliRunner().invoke(root, [*map(str, arguments)], standalone_mode=False)
    if done.exception is not None:
        raise done.exception
    return done.return_value or 0, done.output


def everything_below(folder):
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and ".lock" not in path.name
    )


@pytest.fixture
def bundle(machines, notebook, tmp_path):
    """A bundle from ana's machine, with plain data and an object whose loading leaves a file behind."""
    files = machines.use("ana")
    ran = str(tmp_path / "ran")
    notebook.run(
        "import numpy as np\n"
        "numbers = np.arange(6.0).reshape(2, 3); row = numbers[1]; words = {'a': [1, (2, None)], 'b': {3}}\n"
        "when = np.array(['2026-01-01'], 'M8[s]')\n"
        "class Trap:\n"
        "    def __init__(self): self.n = 1\n"
        f"    def __setstate__(self, state): open({ran!r}, 'w').close(); self.__dict__.update(state)\n"
        "trap = Trap()"
    )
    taken = notebook.snapshots.take("from ana")
    notebook.snapshots.flush()
    (tmp_path / "ran").unlink(missing_ok=True)  # it was tried at capture, where its maker ran it anyway
    path = bundles.export(files, taken.id, tmp_path / "state.zip")
    return taken.id, path


def test_a_foreign_snapshot_gives_its_plain_data_and_runs_nothing_before_consent(
    bundle, machines, new_notebook, tmp_path
):
    snapshot, path = bundle
    files = machines.use("ben")
    assert bundles.unpack(files, path, HERE) == snapshot
    ben = new_notebook()
    with pytest.raises(NotTrusted, match=r"came from the file state\.zip") as refused:
        ben.snapshots.restore(snapshot)
    assert "--trust" in refused.value.hint
    seen = {one.name: one.action for one in ben.snapshots.preview(snapshot).variables}
    assert seen == dict(
        numbers="load", row="load", words="load", when="load", np="consent", Trap="consent", trap="consent"
    )
    done = ben.snapshots.restore(snapshot, ["numbers", "row", "words", "when", "trap"])
    assert done.restored == ("numbers", "row", "when", "words")
    assert "consent" in done.not_restored["trap"]
    ben["numbers"][1, 0] = 99
    assert ben["row"][0] == 99
    assert ben["words"] == {"a": [1, (2, None)], "b": {3}}
    assert str(ben["when"][0]) == "2026-01-01T00:00:00"
    with pytest.raises(NotTrusted):
        ben.snapshots.restore(snapshot, ["trap"])
    assert not (tmp_path / "ran").exists()
    ben.snapshots.restore(snapshot, ["trap"], trust=True)
    assert (tmp_path / "ran").exists()
    assert ben["trap"].n == 1
    assert ben.snapshots.preview(snapshot).trust == "consented"
    ben.snapshots.restore(snapshot)  # it was said once


def test_a_foreign_snapshot_cannot_put_its_bytes_in_place_of_a_value_of_ones_own(
    bundle, machines, new_notebook, tmp_path
):
    snapshot, path = bundle
    machines.use("ben")
    ben = new_notebook()
    ben.run("mine = ['ben']")
    own = ben.snapshots.take()
    ben.snapshots.flush()
    digest = {part.names: part.digest for part in SnapshotFiles().read(own.id).components}[("mine",)]
    shutil.rmtree(tmp_path / "ben" / "home")

    def claim(content):  # the bytes of `words`, under the digest and the name of the other value
        part = next(part for part in content["components"] if part["names"] == ["words"])
        content["variables"]["mine"] = content["variables"].pop("words")
        part.update(names=["mine"], digest=digest)

    bad = rewritten(path, tmp_path / "bad.zip", lambda entries: forged_manifest(path, entries, snapshot, claim))
    files = machines.use("ben")
    bundles.unpack(files, bad, HERE)
    victim = new_notebook()
    victim.run("mine = 1")
    victim.snapshots.restore(snapshot, ["mine", "numbers"])
    victim.run("mine = ['ben']")
    later = victim.snapshots.take()
    victim.snapshots.flush()
    victim.run("mine = None")
    victim.snapshots.restore(later.id)
    assert victim["mine"] == ["ben"]


def test_consent_and_origin_hold_for_exactly_one_manifest(bundle, machines, new_notebook):
    snapshot, path = bundle
    files = machines.use("ben")
    bundles.unpack(files, path, HERE)
    files.consent(snapshot, HERE.at)
    assert files.read_standing(snapshot)[1].level == "consented"
    place = files.folder / snapshot
    content = json.loads((place / "manifest.json").read_bytes())
    content["content"]["reason"] = "another"
    content["digest"] = blake3(dumps(content["content"]).encode()).hexdigest()
    (place / "manifest.json").write_text(dumps(content))
    assert files.read_standing(snapshot)[1].level == "foreign"
    with pytest.raises(NotTrusted):
        files.read(snapshot)


def test_a_consent_that_somebody_else_wrote_does_not_count(bundle, machines):
    snapshot, path = bundle
    files = machines.use("eve")
    bundles.unpack(files, path, HERE)
    files.consent(snapshot, HERE.at)
    consent = (files.folder / snapshot / "consent.json").read_bytes()
    files = machines.use("ben")
    bundles.unpack(files, path, HERE)
    (files.folder / snapshot / "consent.json").write_bytes(consent)
    assert files.read_standing(snapshot)[1].level == "foreign"


def test_a_paired_machine_is_trusted_until_it_is_removed(bundle, machines, tmp_path):
    snapshot, path = bundle
    machines.use("ana")
    shown = json.loads(cli("trust", "export", tmp_path / "ana.key", "--name", "laptop", "--json")[1])
    assert stat.S_IMODE((tmp_path / "ana.key").stat().st_mode) == 0o600
    signing_key = (tmp_path / "ana" / "keys" / "signing.key").read_bytes()
    assert signing_key.hex() not in (tmp_path / "ana.key").read_text()
    with pytest.raises(BadInput, match="own key"):
        cli("trust", "add", tmp_path / "ana.key")
    files = machines.use("ben")
    bundles.unpack(files, path, HERE)
    assert files.read_standing(snapshot)[1].level == "foreign"
    added = json.loads(cli("trust", "add", tmp_path / "ana.key", "--json")[1])
    assert (added["key_id"], added["name"]) == (shown["key_id"], "laptop")
    standing = files.read_standing(snapshot)[1]
    assert (standing.level, standing.who) == ("paired", "laptop")
    listed = json.loads(cli("trust", "list", "--json")[1])["keys"]
    assert [(key["name"], key["is_own"]) for key in listed] == [("this machine", True), ("laptop", False)]
    assert "secret" not in cli("trust", "list", "--json")[1]
    cli("trust", "remove", "laptop")
    assert files.read_standing(snapshot)[1].level == "foreign"
    with pytest.raises(NotFound):
        cli("trust", "remove", "laptop")


def test_the_pairing_file_cannot_make_what_its_own_machine_accepts(bundle, machines, tmp_path):
    snapshot, path = bundle
    machines.use("ana")
    cli("trust", "export", tmp_path / "ana.key")
    secret = json.loads((tmp_path / "ana.key").read_text())["secret"]
    files = machines.use("eve")
    bundles.unpack(files, path, HERE)
    (tmp_path / "eve" / "keys" / "signing.key").write_bytes(bytes.fromhex(secret))
    place = files.folder / snapshot
    signed.write(place / "manifest.json", signed.examine(place / "manifest.json", MANIFEST).content, MANIFEST)
    forged = bundles.export(files, snapshot, tmp_path / "forged.zip")
    files = machines.use("ana")
    shutil.rmtree(files.folder / snapshot)
    bundles.unpack(files, forged, HERE)
    assert files.read_standing(snapshot)[1].level == "foreign"


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"kind": "mlnb pairing"}', "not json", '{"kind": 1, "format": 1}'])
def test_what_is_no_pairing_file_is_refused(machines, tmp_path, text):
    machines.use("ben")
    (tmp_path / "x.key").write_text(text)
    with pytest.raises(BadInput, match="not a pairing file"):
        cli("trust", "add", tmp_path / "x.key")
    with pytest.raises(NotFound):
        cli("trust", "add", tmp_path / "missing.key")
    assert len(json.loads(cli("trust", "list", "--json")[1])["keys"]) == 1


def test_a_list_of_keys_that_was_changed_trusts_nobody(bundle, machines, tmp_path):
    snapshot, path = bundle
    machines.use("ana")
    cli("trust", "export", tmp_path / "ana.key")
    files = machines.use("ben")
    cli("trust", "add", tmp_path / "ana.key")
    bundles.unpack(files, path, HERE)
    keys = tmp_path / "ben" / "keys" / "trusted.json"
    keys.write_text(keys.read_text().replace("added_at", "added_At"))
    assert files.read_standing(snapshot)[1].level == "foreign"
    with pytest.raises(Damaged):
        cli("trust", "list")


def test_the_same_snapshot_gives_the_same_bytes_and_without_values_none_of_them(bundle, machines, tmp_path):
    snapshot, path = bundle
    files = machines.use("ana")
    assert bundles.export(files, snapshot, tmp_path / "again.zip").read_bytes() == path.read_bytes()
    with pytest.raises(Conflict):
        bundles.export(files, snapshot, tmp_path / "again.zip")
    bare = bundles.export(files, snapshot, tmp_path / "bare.zip", with_variables=False)
    assert not [name for name in zipfile.ZipFile(bare).namelist() if name.startswith("blobs/")]
    files = machines.use("ben")
    bundles.unpack(files, bare, HERE)
    manifest, _ = files.read_standing(snapshot)
    assert {variable.state for variable in manifest.variables.values()} == {"not_restorable"}
    assert "left out" in manifest.variables["words"].reason
    with pytest.raises(Conflict, match="another snapshot"):
        bundles.unpack(files, path, HERE)  # the whole one is another manifest of that id
    assert files.read_standing(snapshot)[0] == manifest


def rewritten(path, target, change):
    """The bundle `path` as `target`, after `change(entries)` (a dict of bytes by name, or with a ZipInfo for the name)."""
    with zipfile.ZipFile(path) as source:
        entries = {name: source.read(name) for name in source.namelist()}
    change(entries)
    with zipfile.ZipFile(target, "w") as bundle:
        for name, data in entries.items():
            bundle.writestr(name, data)
    return target


def forged_manifest(path, entries, snapshot, change):
    """Put a manifest that `change` made, whole but signed by nobody."""
    name = f"snapshots/{snapshot}/manifest.json"
    record = json.loads(entries[name])
    change(record["content"])
    record["digest"] = blake3(dumps(record["content"]).encode()).hexdigest()
    entries[name] = dumps(record).encode()


def linked(entries):
    entry = zipfile.ZipInfo("blobs/aa/" + "a" * 64)
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    entries[entry] = b"/etc/passwd"


def packed(entries):
    entry = zipfile.ZipInfo("blobs/aa/" + "a" * 64)
    entry.compress_type = zipfile.ZIP_DEFLATED
    entries[entry] = bytes(50_000_000)


def swapped(entries):
    blobs = sorted(name for name in entries if name.startswith("blobs/"))
    data = bytearray(entries[blobs[0]])
    data[-1] ^= 1
    entries[blobs[0]] = bytes(data)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda entries: entries.update({"../outside": b"x"}), "does not belong"),
        (lambda entries: entries.update({"/etc/outside": b"x"}), "does not belong"),
        (lambda entries: entries.update({"snapshots/../manifest.json": b"x"}), "does not belong"),
        (lambda entries: entries.update({"snapshots/snap-1/../x/manifest.json": b"x"}), "does not belong"),
        (lambda entries: entries.update({"blobs/aa/" + "/" * 64: b"x"}), "does not belong"),
        (lambda entries: entries.update({"snapshots/snap-other/manifest.json": b"{}"}), "2 snapshots"),
        (linked, "linked"),
        (packed, "packed"),
        (swapped, "damaged"),
        (
            lambda entries: entries.pop(next(name for name in entries if name.startswith("blobs/"))),
            "missing|cannot be read",
        ),
        (lambda entries: entries.pop(next(name for name in entries if "manifest" in name)), "0 snapshots"),
        (lambda entries: entries.update({"bundle.json": b'{"kind": "mlnb snapshot", "format": 99}'}), "newer"),
        (lambda entries: entries.update({"bundle.json": b"[]"}), "not a snapshot file"),
    ],
)
def test_a_bundle_made_to_do_harm_leaves_nothing(bundle, machines, tmp_path, change, word):
    _, path = bundle
    bad = rewritten(path, tmp_path / "bad.zip", change)
    files = machines.use("ben")
    before = everything_below(tmp_path)
    with pytest.raises(MlnbError, match=word) as refused:
        bundles.unpack(files, bad, HERE)
    assert refused.value.hint
    assert everything_below(tmp_path) == before
    assert files.ids() == []


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content["chunks"][0].update(size_bytes=1 << 40),
        lambda content: content["chunks"][0].update(size_bytes=-1),
        lambda content: content["chunks"][0].update(offset=-5),
        lambda content: content["chunks"][0].update(pack="../../../../etc/passwd"),
        lambda content: content["chunks"][0].update(digest="0" * 64),
        lambda content: content["components"][0].update(stream=[10_000]),
        lambda content: content["components"][0].update(stream=[-1]),
        lambda content: content["components"][0].update(names=["not_there"]),
        lambda content: content["components"].extend(part for part in content["components"][:] if part["names"]),
        lambda content: content["components"][0].update(
            buffers=[{"size_bytes": 1 << 40, "is_readonly": False, "chunks": [0]}]
        ),
        lambda content: content.update(id="snap-other"),
        lambda content: content.update(format=99),
        lambda content: content.update(chunks="x"),
    ],
)
def test_a_forged_manifest_leaves_nothing(bundle, machines, tmp_path, change):
    snapshot, path = bundle
    bad = rewritten(path, tmp_path / "bad.zip", lambda entries: forged_manifest(path, entries, snapshot, change))
    files = machines.use("ben")
    before = everything_below(tmp_path)
    with pytest.raises(MlnbError):
        bundles.unpack(files, bad, HERE)
    assert everything_below(tmp_path) == before


def test_a_bundle_cut_anywhere_leaves_nothing(bundle, machines, tmp_path):
    _, path = bundle
    whole = path.read_bytes()
    files = machines.use("ben")
    cut = tmp_path / "cut.zip"
    for end in [0, 1, 30, *range(100, len(whole), max(1, len(whole) // 40)), len(whole) - 1]:
        cut.write_bytes(whole[:end])
        with pytest.raises(MlnbError):
            bundles.unpack(files, cut, HERE)
    assert everything_below(tmp_path / "ben") == ["keys/signing.key"]


def test_changed_bytes_are_seen_or_change_nothing(bundle, machines, tmp_path):
    snapshot, path = bundle
    whole = path.read_bytes()
    bad = tmp_path / "bad.zip"
    files = machines.use("ben")
    bundles.unpack(files, path, HERE)
    right = (files.folder / snapshot / "manifest.json").read_bytes()
    for place in range(0, len(whole), max(1, len(whole) // 150)):
        shutil.rmtree(tmp_path / "ben" / "home", ignore_errors=True)
        bad.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        try:
            bundles.unpack(files, bad, HERE)
        except MlnbError:
            assert everything_below(tmp_path / "ben" / "home") == []
        else:  # a byte that nothing depends on, such as a date in the zip
            assert (files.folder / snapshot / "manifest.json").read_bytes() == right


def test_a_snapshot_of_ones_own_is_not_replaced_by_a_bundle(bundle, machines, tmp_path):
    snapshot, path = bundle
    files = machines.use("ana")
    bad = rewritten(
        path,
        tmp_path / "bad.zip",
        lambda entries: forged_manifest(path, entries, snapshot, lambda content: content.update(reason="mine now")),
    )
    with pytest.raises(Conflict, match="another snapshot"):
        bundles.unpack(files, bad, HERE)
    assert files.read(snapshot).reason == "from ana"
    assert bundles.unpack(files, path, HERE) == snapshot  # the same one again changes nothing


def test_a_chunk_that_unpacks_to_more_than_it_says_is_refused_without_unpacking(machines, tmp_path):
    files = machines.use("eve")
    bomb = zstandard.ZstdCompressor().compress(bytes(300 << 20))
    data = packs.MAGIC + bomb
    pack = blake3(data).hexdigest()
    (files.blobs / pack[:2]).mkdir(parents=True)
    (files.blobs / pack[:2] / pack).write_bytes(data)
    files.folder.mkdir(parents=True)
    from mlnb.snapshots.types import Manifest

    manifest = Manifest("snap-bomb", HERE.at, "", None, "eve", "s", True, "", None, "3", "1")
    chunk = Chunk("0" * 64, pack, len(packs.MAGIC), len(bomb), 1000, "zstd")
    whole = dataclasses.replace(manifest, chunks=(chunk,), components=(Component((), "process", "d", (0,), ()),))
    signed.write(files.folder / "snap-bomb" / "manifest.json", whole, MANIFEST)
    path = bundles.export(files, "snap-bomb", tmp_path / "bomb.zip")
    files = machines.use("ben")
    with pytest.raises(Damaged, match="larger than it says"):
        bundles.unpack(files, path, HERE)
    assert files.ids() == []


class Calls:
    def __init__(self, function, *arguments):
        self._call = function, arguments

    def __reduce__(self):
        return self._call


@pytest.mark.parametrize(
    "stream",
    [
        pickle.dumps({"x": Calls(os.system, "true")}),
        pickle.dumps({"x": Calls(eval, "1")}),
        pickle.dumps({"x": Calls(__import__, "os")}),
        pickle.dumps({"x": os.path.join}),
        b"cmlnb.snapshots.plugins.rebuild\nmodule\n(S'os'\ntR.",
        b"cmlnb.snapshots.plugins.rebuild\nsqlite_memory\n(tR.",
        b"cmlnb.snapshots.plugins.rebuild\narray\n}S'__class__'\nI1\nsb.",
        b"cmlnb.snapshots.plugins.rebuild\narray.__call__.__globals__\n.",
        b"\x80\x04\x8c\x1fmlnb.snapshots.plugins.rebuild\x8c\x12array.__globals__\x93.",
        b"cnumpy\ndtype\n(S'O'\ntR.",
        b"cnumpy\ndtype\n(S'f8,O8'\ntR.",
        b"\x80\x04\x95not a stream",
        b"",
    ],
)
def test_reading_as_data_never_looks_up_what_the_stream_names(stream):
    codec = PickleCodec()
    assert cautious.why_not(codec, stream, 0)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever a stream provokes
        cautious.load(codec, stream, [])


def test_a_codec_that_says_it_loads_data_only_needs_no_consent():
    class Json:
        name, is_data = "json", True

        def load(self, stream, buffers):
            return json.load(io.BytesIO(stream))

    class Other:
        name = "other"

    assert cautious.why_not(Json(), b'{"x": 1}', 0) == ""
    assert cautious.load(Json(), b'{"x": 1}', []) == {"x": 1}
    assert "other" in cautious.why_not(Other(), b"", 0)
