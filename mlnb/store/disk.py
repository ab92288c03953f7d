"""What kind of disk a path lies on: SQLite's locks cannot be trusted on network file systems."""

from __future__ import annotations

from pathlib import Path

from mlnb.core.errors import StoreUnavailable

_NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb3",
        "smbfs",
        "fuse.sshfs",
        "9p",
        "afs",
        "ceph",
        "lustre",
        "glusterfs",
        "fuse.glusterfs",
        "beegfs",
        "gpfs",
    }
)


def file_system_of(path: Path, mounts: str) -> str:
    """The type of the file system that `path` lies on, by `mounts` (the text of ``/proc/mounts``); empty when unknown."""
    best, kind = "", ""
    for line in mounts.splitlines():
        fields = line.split()
        if len(fields) < 3:
            continue
        point = fields[1].replace("\\040", " ")
        inside = point == "/" or str(path) == point or str(path).startswith(point + "/")
        if inside and len(point) >= len(best):
            best, kind = point, fields[2]
    return kind


def check_local_disk(path: Path) -> None:
    """Accept `path` for an SQLite file.

    Raises:
        StoreUnavailable: it lies on a network disk.
    """
    try:
        mounts = Path("/proc/mounts").read_text()
    except OSError:
        return  # not Linux: nothing to ask
    kind = file_system_of(path.absolute(), mounts)
    if kind in _NETWORK:
        raise StoreUnavailable(
            f"{path} lies on a network disk ({kind}), where SQLite's locks cannot be trusted",
            "Point MLNB_HOME at a local folder, or MLNB_STORE_DATABASE_URL at a PostgreSQL database.",
        )
