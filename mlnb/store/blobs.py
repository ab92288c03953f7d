"""Content-addressed bytes on any fsspec file system; a local folder by default."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from mlnb.core.content import blob_path, check, digest_of, is_digest
from mlnb.core.errors import BadInput, MlnbError, NotFound, NotInstalled, StoreUnavailable
from mlnb.core.files import store_error, write_atomically
from mlnb.core.secrets import mask

_HINT = "Look at its address, at the network and at the credentials; `mlnb doctor` says which store is set."


class BlobStore(Protocol):
    """Bytes named by their digest. Equal bytes are stored once; what is read is verified."""

    def put(self, data: bytes) -> str:
        """Store `data` and return its digest."""

    def get(self, digest: str) -> bytes:
        """The bytes of `digest`, verified.

        Raises:
            NotFound: there are none.
            Damaged: what is stored does not match.
        """

    def has(self, digest: str) -> bool:
        """Whether the bytes are there."""

    def delete(self, digest: str) -> None:
        """Remove the bytes; nothing happens when there are none."""


class FsspecBlobStore:
    """A `BlobStore` in a folder of any fsspec file system (``file:///...``, ``s3://bucket/prefix``, ``memory://``).

    Args:
        url: fsspec URL or a plain path of the folder.

    Raises:
        NotInstalled: the file system's package is missing.
    """

    def __init__(self, url: str) -> None:
        with self._translated(f"the blob store {mask(url)} does not answer"):
            self._fs, root = _open(url)
        self._root = str(root).rstrip("/")
        self._is_local = "file" in _protocols(self._fs)

    def put(self, data: bytes) -> str:
        """Store `data` and return its digest.

        Raises:
            StoreUnavailable: the store cannot be written; nothing was half-written.
        """
        digest = digest_of(data)
        path = self._path(digest)
        if self._is_local:
            try:
                if not (self._fs.exists(path) and self._fs.size(path) == len(data)):
                    write_atomically(Path(path), data)
            except OSError as error:
                raise store_error(mask(path), error) from error
            return digest
        with self._translated(f"cannot write blob {digest[:12]}"):
            if not (self._fs.exists(path) and self._fs.size(path) == len(data)):
                self._fs.makedirs(path.rsplit("/", 1)[0], exist_ok=True)
                self._fs.pipe_file(path, data)  # object stores show an object whole or not at all
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes of `digest`, verified.

        Raises:
            NotFound: there are none.
            Damaged: what is stored does not match.
            StoreUnavailable: the store does not answer.
        """
        path = self._path(digest)
        try:
            with self._translated(f"cannot read blob {digest[:12]}"):
                data: bytes = self._fs.cat_file(path)
        except FileNotFoundError as error:
            raise NotFound(f"the blob {digest[:12]} is not in the store", "See `mlnb snapshot verify`.") from error
        return check(data, digest, f"blob {digest[:12]}")

    def has(self, digest: str) -> bool:
        """Whether the bytes are there.

        Raises:
            StoreUnavailable: the store does not answer.
        """
        path = self._path(digest)
        with self._translated(f"cannot look for blob {digest[:12]}"):
            return bool(self._fs.exists(path))

    def delete(self, digest: str) -> None:
        """Remove the bytes; nothing happens when there are none.

        Raises:
            StoreUnavailable: the store does not answer, or does not let us.
        """
        path = self._path(digest)
        with self._translated(f"cannot remove blob {digest[:12]}"):
            if self._fs.exists(path):
                self._fs.rm_file(path)

    @contextlib.contextmanager
    def _translated(self, what: str) -> Iterator[None]:
        try:
            yield
        except (MlnbError, FileNotFoundError):
            raise
        except Exception as error:  # each store's library raises errors of its own, which are no OSErrors
            raise StoreUnavailable(f"{what}: {_words(error)}", _HINT) from error

    def _path(self, digest: str) -> str:
        if not is_digest(digest):
            raise BadInput(f"{digest!r} is not a digest")
        return f"{self._root}/{blob_path(digest)}"


def _open(url: str) -> tuple[Any, str]:
    import fsspec  # noqa: PLC0415 - 0.1 s, on first use of a store only

    try:
        if url.startswith(("sftp://", "ssh://")):
            from mlnb.store.sftp import KnownHostSftp  # noqa: PLC0415 - needs an extra

            return KnownHostSftp(**KnownHostSftp._get_kwargs_from_urls(url)), KnownHostSftp._strip_protocol(url)
        fs, root = fsspec.core.url_to_fs(url, skip_instance_cache=True)  # credentials may have changed since
    except ImportError as error:
        raise NotInstalled(
            f"the blob store {mask(url)} needs another package: {error}",
            "Install the extra: pip install 'mlnb[s3]' (or gcs, azure, sftp).",
        ) from error
    except ValueError as error:
        raise BadInput(
            f"{mask(url)} is not a blob store URL: {error}", "Set MLNB_STORE_BLOBS_URL to a folder or an fsspec URL."
        ) from error
    return fs, str(root)


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = mask(str(error)).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _protocols(fs: Any) -> tuple[str, ...]:  # noqa: ANN401 - fsspec is untyped
    return (fs.protocol,) if isinstance(fs.protocol, str) else tuple(fs.protocol)
