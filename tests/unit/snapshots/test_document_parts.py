"""Documents are stored in parts: what the states of a notebook have in common is there once, and each comes back byte for byte."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlnb.config import Settings
from mlnb.core.errors import Damaged
from mlnb.snapshots.plugins import documents
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.notebook_json import bytes_from_document
from mlnb.snapshots.plugins.packs import PackReader
from mlnb.wiring import Wiring

GOLDEN = Path(__file__).parents[2] / "golden" / "snapshots"
PICTURES, PICTURE_BYTES = 40, 90_000


@pytest.fixture
def services():
    found = Wiring(Settings())
    yield found
    found.database.close()


def picture(seed):
    data = base64.b64encode(random.Random(seed).randbytes(PICTURE_BYTES)).decode()
    return {"output_type": "display_data", "metadata": {}, "data": {"image/png": data, "text/plain": "<Figure>"}}


def notebook():
    cells = [
        {"cell_type": "code", "id": f"c{n}", "execution_count": n, "metadata": {}, "outputs": [picture(n)],
         "source": f"x = {n}\nplot(x)  # {'word ' * 40}"}
        for n in range(PICTURES)
    ]  # fmt: skip
    return {"cells": cells, "metadata": {"mlnb": {"id": "the-id"}}, "nbformat": 4, "nbformat_minor": 5}


def size_of(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def run(content, number):
    """Cell `number` has run again: its counter and what it printed are others."""
    cell = content["cells"][number]
    cell["execution_count"] += 100
    cell["outputs"] = [{"output_type": "stream", "name": "stdout", "text": f"run {number}\n"}, *cell["outputs"][-1:]]


def test_a_run_of_a_cell_does_not_store_the_pictures_of_all_others_again(services, mlnb_home, tmp_path):
    path, content = tmp_path / "pictures.ipynb", notebook()
    path.write_bytes(bytes_from_document(content))
    history = services.snapshots.history
    first = history.keep_document(path, content)
    stored, states = size_of(mlnb_home / "blobs"), {first.id: json.loads(json.dumps(content))}
    assert path.stat().st_size > PICTURES * PICTURE_BYTES
    for number in range(10):
        run(content, number)
        states[history.keep_document(path, content).id] = json.loads(json.dumps(content))
    assert size_of(mlnb_home / "blobs") - stored < 10 * 100_000  # a picture is 120 kB of text, all of them 4.8 MB
    for snapshot_id, wanted in states.items():
        assert history.document(snapshot_id) == wanted
    assert services.snapshot_upkeep.verify().is_ok
    services.snapshots.history.delete(first.id)
    services.snapshot_upkeep.clean()
    for snapshot_id in set(states) - {first.id}:
        assert history.document(snapshot_id) == states[snapshot_id]


def test_a_document_in_parts_is_handed_on_and_written_as_it_was(services, tmp_path, monkeypatch):
    path, content = tmp_path / "pictures.ipynb", notebook()
    path.write_bytes(bytes_from_document(content))
    services.snapshots.take(path)
    run(content, 3)
    path.write_bytes(bytes_from_document(content))
    taken = services.snapshots.take(path).snapshot.id
    bundle = services.snapshots.export(taken, tmp_path / "one.mlnbsnap")
    monkeypatch.setenv("MLNB_HOME", str(tmp_path / "other-home"))
    monkeypatch.setenv("MLNB_KEYS", str(tmp_path / "other-keys"))
    other = Wiring(Settings())
    try:
        other.snapshots.import_bundle(bundle)
        written = other.snapshots.write_document(taken, tmp_path / "again.ipynb")
        assert written.read_bytes() == path.read_bytes()
        assert len(SnapshotFiles().document(taken).parts) > PICTURES
        assert [one.kind for one in other.snapshots.preview(taken).cells] == []
    finally:
        other.database.close()


def test_parts_that_were_swapped_are_seen(services, mlnb_home, tmp_path):
    from dataclasses import replace

    from mlnb.snapshots.plugins import signed
    from mlnb.snapshots.plugins.files import DOCUMENT

    path, content = tmp_path / "pictures.ipynb", notebook()
    path.write_bytes(bytes_from_document(content))
    taken = services.snapshots.take(path).snapshot.id
    document = SnapshotFiles().document(taken)
    swapped = replace(document, parts=tuple(reversed(document.parts)))
    signed.write(mlnb_home / "snapshots" / taken / "document.json", swapped, DOCUMENT)
    with pytest.raises(Damaged, match="does not match its digest"):
        services.snapshots.history.document(taken)


def test_a_pack_that_is_gone_is_written_again(services, mlnb_home, tmp_path):
    path, content = tmp_path / "pictures.ipynb", notebook()
    path.write_bytes(bytes_from_document(content))
    history = services.snapshots.history
    history.keep_document(path, content)
    shutil.rmtree(mlnb_home / "blobs")
    run(content, 1)
    again = history.keep_document(path, content)
    assert history.document(again.id) == content


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.integers(0, 300), st.sampled_from([b"\n", b'"', b"", b'",\n']))
def test_parts_together_are_the_whole(seed, times, between):
    data = between.join([seed] * times)
    parts = list(documents.cut(data))
    assert b"".join(parts) == data
    assert all(parts) or not data


def test_one_more_line_changes_the_parts_around_it_alone():
    numbers = random.Random(7)
    lines = [b"%d,%d\n" % (n, numbers.randrange(10**30)) for n in range(30_000)]
    before = set(documents.cut(b"".join(lines)))
    after = set(documents.cut(b"".join([*lines[:15_000], b"a new line\n", *lines[15_000:]])))
    assert len(after - before) <= 2
    one_line = json.dumps({"cells": [line.decode() for line in lines]}).encode()
    assert len(list(documents.cut(one_line))) > 10  # a file without lines is cut between its texts


def test_a_document_of_format_1_is_read_for_ever(mlnb_home, monkeypatch):
    monkeypatch.setenv("MLNB_KEYS", str(GOLDEN / "test-keys"))
    for name, count in (("document-1", 1), ("document-2", None)):
        shutil.copytree(GOLDEN / name, mlnb_home, dirs_exist_ok=True)
        files = SnapshotFiles()
        (snapshot_id,) = [path.name for path in (GOLDEN / name / "snapshots").iterdir()]
        document = files.document(snapshot_id)
        assert len(document.chunks) == count or (count is None and len(document.chunks) > 1)
        with PackReader(files.blobs) as reader:
            cells = json.loads(documents.read(reader, document))["cells"]
        assert cells[0]["source"] == ["1 + 1"]


def make_golden():
    """Wrote the golden documents (``python -c``, with MLNB_HOME and MLNB_KEYS set); they are never written again."""
    files = SnapshotFiles()
    source = {"cell_type": "code", "id": "a", "execution_count": 1, "metadata": {}, "outputs": [], "source": ["1 + 1"]}
    long = {"cell_type": "raw", "id": "b", "metadata": {}, "source": [f"{n} {n * n}\n" for n in range(6000)]}
    for cells in ([source], [source, long]):
        content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
        manifest = documents.manifest_of_document(Path("/golden.ipynb"), "golden", "", datetime(2026, 1, 2, tzinfo=UTC))
        files.write(manifest, {}, {}, ())
        whose = documents.Whose(manifest.id, "/golden.ipynb", None, datetime(2026, 1, 2, tzinfo=UTC))
        documents.attach(files, whose, bytes_from_document(content))
    return os.environ["MLNB_HOME"]
