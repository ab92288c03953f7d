"""Certificates: what a fresh run showed, bound to the code, the parameters and the environment, and whether that still holds."""

from __future__ import annotations

import dataclasses
import shlex
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlnb.core import signing
from mlnb.core.content import digest_of
from mlnb.core.errors import BadInput, NotFound
from mlnb.core.wire import dumps
from mlnb.order.plugins.notebook_file import read_notebook
from mlnb.order.ports import Analyzer
from mlnb.order.repo import CertificateRepo
from mlnb.order.rules.static import read_cells
from mlnb.order.saved import GOOD, CertificateList, CertificateStatus, Certification
from mlnb.order.types import Certificate, SavedCell, SavedNotebook

PURPOSE = "mlnb.order.certificate"
PARAMETERS = "mlnb.order.certificate.parameters"
_TAGS = ("skip", "frozen", "raises-exception", "parameters")


@dataclasses.dataclass(frozen=True)
class Source:
    """What a certificate is bound to in a notebook: of each code cell that has code, in order, its number and its digest."""

    digest: str
    numbers: list[int]
    cells: list[str]


class Certificates:
    """Reads, signs and judges certificates.

    Args:
        repo: where they are kept.
        analyzer: the analyser of a kernel language; raises `NotFound` where there is none.
        env_id: names the environment that a notebook's kernel runs in.
    """

    def __init__(
        self, repo: CertificateRepo, analyzer: Callable[[str], Analyzer], env_id: Callable[[str | None], str]
    ) -> None:
        self._repo = repo
        self._analyzer = analyzer
        self._env_id = env_id

    def source(self, notebook: SavedNotebook) -> Source:
        """What certificates are bound to in `notebook`: its code without comments and spacing, in order, and the tags that change
        what runs. Outputs, text cells and other metadata do not count.
        """
        read = read_cells(notebook, self._analyzer)
        digests = {one.cell.index: one.names.digest for one in read or []}
        code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
        cells = [_cell_digest(cell, digests.get(cell.index)) for cell in code]
        whole = dumps({"kernel": notebook.kernel, "language": notebook.language, "cells": cells})
        return Source(digest_of(whole.encode()), [cell.index + 1 for cell in code], cells)

    def sign(self, certificate: Certificate) -> Certificate:
        """`certificate` with this user's signature, kept."""
        named = dataclasses.replace(certificate, key_id=signing.key_id())
        signed = dataclasses.replace(named, signature=signing.sign(_signed_part(named), PURPOSE))
        self._repo.add(signed)
        return signed

    def get(self, certificate_id: str) -> Certificate:
        """The certificate of that id.

        Raises:
            NotFound: there is none.
        """
        found = self._repo.get(certificate_id)
        if found is None:
            raise NotFound(f"there is no certificate {certificate_id}", "Make one: mlnb verify NOTEBOOK.")
        return found

    def status(self, certificate: Certificate, path: Path | None = None) -> CertificateStatus:
        """What `certificate` is worth now for the notebook at `path`; at the path that it names when None."""
        try:
            notebook = read_notebook(path or Path(certificate.notebook))
        except BadInput as error:
            is_signed = signing.is_signed(_signed_part(certificate), certificate.signature, PURPOSE)
            return CertificateStatus(certificate, is_signed, False, [error.message])
        return self._status(certificate, self.source(notebook), self._env_id(notebook.kernel))

    def of(self, path: Path) -> CertificateList:
        """The certificates of the notebook at `path`, also from before it was renamed, the latest first.

        Raises:
            NotFound, NotANotebook: there is no notebook.
        """
        notebook = read_notebook(path)
        source, env_id = self.source(notebook), self._env_id(notebook.kernel)
        found = [
            self._status(one, source, env_id) for one in self._repo.of(str(path), source.digest, notebook.notebook_id)
        ]
        return CertificateList(str(path), found)

    def certification(self, path: Path, parameters: Mapping[str, Any]) -> Certification:
        """Whether the notebook at `path` with `parameters` is certified as it is now, in the environment of its kernel.

        Raises:
            NotFound, NotANotebook: there is no notebook.
        """
        wanted = parameters_digest(parameters)
        latest = ""
        reason = f"{path.name} has no certificate"
        for one in self.of(path).certificates:
            why = list(one.reasons)
            if one.certificate.parameters_digest != wanted:
                why.append("it was verified with other parameters")
            if not why:
                return Certification(str(path), True, one.certificate.id)
            if not latest:
                latest, reason = one.certificate.id, f"the certificate of {path.name} does not hold: {'; '.join(why)}"
        return Certification(str(path), False, latest or None, reason, way_out(path, parameters))

    def _status(self, certificate: Certificate, source: Source, env_id: str) -> CertificateStatus:
        is_signed = signing.is_signed(_signed_part(certificate), certificate.signature, PURPOSE)
        reasons = []
        if not is_signed:
            reasons.append("it was not signed by you as it is")
        if certificate.verdict not in GOOD:
            reasons.append(f"its verdict is {certificate.verdict.replace('_', ' ')}")
        if certificate.notebook_digest != source.digest:
            reasons.append(_what_changed(certificate.cell_digests, source))
        if certificate.env_id != env_id:
            reasons.append("the environment has changed since")
        return CertificateStatus(certificate, is_signed, not reasons, reasons)


def parameters_digest(parameters: Mapping[str, Any]) -> str:
    """Tells equal parameters, credentials included; nobody without the user's key can guess them from it."""
    return signing.sign(dumps(dict(parameters)).encode(), PARAMETERS)


def way_out(path: Path, parameters: Mapping[str, Any]) -> str:
    """The command that certifies the notebook with these parameters; values that may be credentials are not in it."""
    from mlnb.core.secrets import mask_tree  # noqa: PLC0415 - beside its only use

    pairs = [f"-p {shlex.quote(f'{name}={value}')}" for name, value in mask_tree(dict(parameters)).items()]
    return " ".join(["mlnb verify", shlex.quote(str(path)), *pairs])


def _cell_digest(cell: SavedCell, digest: str | None) -> str:
    tags = [tag for tag in _TAGS if tag in cell.tags]
    text = digest if digest is not None else "\n".join(line.rstrip() for line in cell.source.strip().splitlines())
    return digest_of(dumps({"code": text, "tags": tags}).encode())[:16]


def _what_changed(before: Sequence[str], now: Source) -> str:
    for number, one, other in zip(now.numbers, before, now.cells, strict=False):
        if one != other:
            return f"cell {number} has changed since"
    if len(before) != len(now.cells):
        return "there are cells that were not there, or were taken away, since"
    return "the kernel of the notebook is another one"


def _signed_part(certificate: Certificate) -> bytes:
    return dumps(dataclasses.replace(certificate, signature="")).encode()
