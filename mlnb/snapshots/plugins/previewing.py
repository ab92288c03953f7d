"""What has to be read for a preview: streams (as data, without loading them), the document, the sources of the cells."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlnb.core.content import digest_of
from mlnb.core.errors import Damaged, MlnbError
from mlnb.snapshots.plugins import cautious, documents
from mlnb.snapshots.plugins.codecs import codec_named
from mlnb.snapshots.plugins.files import SnapshotFiles
from mlnb.snapshots.plugins.packs import PackReader
from mlnb.snapshots.plugins.process import CODEC
from mlnb.snapshots.previews import Preview
from mlnb.snapshots.rules import preview, recompute
from mlnb.snapshots.types import Manifest


def preview_of(
    files: SnapshotFiles,
    snapshot_id: str,
    live: preview.Live | None = None,
    *,
    notebook: Path | None = None,
    sources: Mapping[str, str] | None = None,
) -> Preview:
    """What restoring the snapshot would do. Nothing of it is loaded.

    Args:
        files: where it lies.
        snapshot_id: which.
        live: the kernel that it would go to; None: there is none.
        notebook: the notebook as it is saved now; None: where the snapshot says.
        sources: of cells, by digest, besides those in the snapshot's document.

    Raises:
        SnapshotNotFound: there is none of that id.
        Damaged: something of it was changed.
    """
    manifest, standing = files.read_standing(snapshot_id)
    consent = {} if standing.is_trusted else _without_consent(files, manifest)
    held = {name for component in manifest.components for name in component.names}
    runs = runs_of(files, manifest, sources or {})
    recipes = {name: recompute.recipe(name, runs) for name in manifest.variables if name not in held}
    variables = preview.variables(manifest, live, consent, recipes)
    saved_now = set(live.digests) if live is not None else set()
    return Preview(
        id=snapshot_id,
        notebook=manifest.notebook,
        created_at=manifest.created_at,
        reason=manifest.reason,
        trust=standing.level,
        needs_consent=manifest.has_kernel and not standing.is_trusted,
        origin=preview.origin_text(standing.origin, standing.who),
        has_kernel=live is not None,
        variables=variables,
        removed=tuple(sorted(saved_now - set(manifest.variables))) if manifest.has_kernel else (),
        cells=_cells(files, manifest, notebook),
        environment=preview.drift(manifest, live.env_id if live else "", live.python if live else ""),
        process=preview.process(_process(files, manifest), live.process if live else None),
        load_bytes=sum(variable.size_bytes for variable in variables if variable.action in ("load", "consent")),
    )


def runs_of(files: SnapshotFiles, manifest: Manifest, sources: Mapping[str, str]) -> list[recompute.RanCell]:
    """The cell runs of `manifest`, each with its source where `sources` or the snapshot's document has exactly that."""
    known = dict(sources)
    for cell in document_cells(files, manifest.id) or ():
        text = cell.get("source", "")
        whole = "".join(str(line) for line in text) if isinstance(text, list) else str(text)
        known.setdefault(digest_of(whole.encode(errors="surrogatepass")), whole)
    return [
        recompute.RanCell(run.order, run.cell_id, known.get(run.source_digest), run.succeeded)
        for run in manifest.cell_runs
    ]


def document_cells(files: SnapshotFiles, snapshot_id: str) -> list[dict[str, Any]] | None:
    """The cells of the snapshot's document, as in the notebook's JSON; None: it has none, or none that can be read."""
    if not files.has_document(snapshot_id):
        return None
    try:
        with PackReader(files.blobs) as reader:
            return _cells_in(documents.read(reader, files.document(snapshot_id)))
    except MlnbError:
        return None


def _cells_in(data: bytes) -> list[dict[str, Any]] | None:
    try:
        cells = json.loads(data)["cells"]
        return [cell for cell in cells if isinstance(cell, dict)]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _cells(files: SnapshotFiles, manifest: Manifest, notebook: Path | None) -> Any:  # noqa: ANN401 - as Preview.cells
    path = notebook or (Path(manifest.notebook) if manifest.notebook else None)
    then = document_cells(files, manifest.id)
    try:
        now = _cells_in(path.read_bytes()) if path is not None else None
    except OSError:
        now = None
    return None if then is None or now is None else preview.cells(then, now)


def _process(files: SnapshotFiles, manifest: Manifest) -> Mapping[str, Any]:
    """The state of the process that the snapshot holds, by part; it is data.

    Raises:
        Damaged: it is not as mlnb writes it.
    """
    component = next((one for one in manifest.components if one.codec == CODEC), None)
    if component is None:
        return {}
    with PackReader(files.blobs) as reader:
        text = b"".join(reader.read(manifest.chunks[number]) for number in component.stream)
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Damaged(
            f"{manifest.id}: the state of the process is not as it was written", "See `mlnb snapshot verify`."
        ) from error
    return found if isinstance(found, dict) else {}


def _without_consent(files: SnapshotFiles, manifest: Manifest) -> dict[str, str]:
    """The variables that are not loaded without consent, with the reason. Streams are read, buffers are not."""
    found: dict[str, str] = {}
    with PackReader(files.blobs) as reader:
        for component in manifest.components:
            if component.codec == CODEC or not component.names:
                continue
            try:
                codec = codec_named(component.codec)
                stream = b"".join(reader.read(manifest.chunks[number]) for number in component.stream)
                why = cautious.why_not(codec, stream, len(component.buffers))
            except MlnbError as error:
                why = error.message
            if why:
                found.update(dict.fromkeys(component.names, why))
    return found
