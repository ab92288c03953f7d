"""What a Python environment consists of, captured by its own interpreter: one file, standard library only.

It is imported by mlnb's kernel half and also sent as it is to foreign interpreters (``python capture.py --level fast`` prints
JSON), so it imports nothing of mlnb and keeps to what Python 3.8 offers. Two digests name the result:

``env_request_id``  what was asked for: normalised names and versions. The same on another platform: packages that only a
                    platform marker brings (appnope, nvidia-*), local version labels (``+cpu``) and what mlnb or an installer
                    added for itself are left out.
``env_id``          what was resolved here: the content of every package as its RECORD lists it, Python x.y and platform.
                    The same after a reinstall by another installer, under another prefix, for another user.
"""

# Thousands of small calls on text paths: pathlib would double the time of a capture.
# ruff: noqa: PTH110, PTH112, PTH113, PTH116, PTH118, PTH120, PTH123, PTH208
from __future__ import annotations

import sys

if __name__ == "__main__" and sys.path and sys.path[0] == __file__.rpartition("/")[0]:
    del sys.path[0]  # this file's folder has a types.py, which would hide the standard library's

import argparse
import base64
import csv
import dataclasses
import hashlib
import json
import os
import platform as _platform
import re
import subprocess
import sysconfig
import time
from datetime import datetime, timezone

LEVELS = ("fast", "stat", "hash")
FORMAT = 1

VARIABLES = (
    "PYTHONPATH", "PYTHONHASHSEED", "PYTHONNOUSERSITE", "PYTHONOPTIMIZE", "TZ", "LANG", "LC_ALL", "CONDA_DEFAULT_ENV",
    "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "CUDA_VISIBLE_DEVICES",
    "CUBLAS_WORKSPACE_CONFIG", "TF_DETERMINISTIC_OPS",
)  # fmt: skip
"""The only environment variables whose values are read: they change results and hold no credentials."""

OWN_WHEELS = frozenset({"cloudpickle", "xxhash", "blake3", "zstandard"})
INSTALLERS = frozenset({"pip", "uv", "setuptools", "wheel"})

_ORIGIN_FILE = "mlnb_origin.json"  # in wheels that a lock packed: where the package came from before
_ADDED_FILE = "mlnb_added.json"  # in the kernel half: names of what a lock added for mlnb's sake
_NOT_CONTENT = (
    "/INSTALLER", "/REQUESTED", "/direct_url.json", "/RECORD", "/uv_cache.json", "/uv_build.json", f"/{_ORIGIN_FILE}",
)  # fmt: skip
_PLATFORM_MARKER = re.compile(r"sys_platform|platform_system|os_name|platform_machine|platform_release")
_CREDENTIALS = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/@\s]*@", re.IGNORECASE)
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a distribution came from, by its ``direct_url.json``.

    Attributes:
        kind: ``index``, ``vcs``, ``archive``, ``local`` (a folder or a wheel on this machine) or ``editable``.
        url: without credentials; empty for ``index``.
        commit: of a VCS origin, or of the git work tree an editable one stands in; None when not known.
        dirty: whether that work tree has uncommitted changes; None below level ``stat``.
    """

    kind: str
    url: str = ""
    commit: str | None = None
    dirty: bool | None = None


@dataclasses.dataclass(frozen=True)
class Distribution:
    """One installed distribution.

    Attributes:
        name: normalised (PEP 503).
        version: by its metadata.
        fingerprint: SHA-256 over its sorted content as RECORD lists it; empty when it has no RECORD.
        origin: where it came from.
        role: ``package``; ``installer`` or ``mlnb``: there for their own sake and left out of both digests.
        loaded: whether this process has imported it; None when a fresh interpreter captured.
        loaded_version: the version in memory where it is not the one on disk (it was upgraded under a running kernel).
        problems: files that are missing or differ from RECORD (levels ``stat`` and ``hash``), at most 20 of them.
    """

    name: str
    version: str
    fingerprint: str
    origin: Origin
    role: str = "package"
    loaded: bool | None = None
    loaded_version: str | None = None
    problems: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Environment:
    """A captured environment.

    Attributes:
        env_id: digest of what was resolved here.
        env_request_id: digest of what was asked for.
        level: how closely files were looked at: ``fast`` (RECORD only), ``stat`` (sizes), ``hash`` (contents).
        python: full version, such as ``3.11.7``.
        implementation: such as ``cpython``.
        executable: the interpreter's path.
        system: such as ``linux``.
        machine: such as ``x86_64``.
        libc: such as ``glibc 2.36``; empty where there is none to name.
        distributions: sorted by name.
        variables: those of `VARIABLES` that are set.
        captured_at: UTC.
        format: version of this form.
    """

    env_id: str
    env_request_id: str
    level: str
    python: str
    implementation: str
    executable: str
    system: str
    machine: str
    libc: str
    distributions: tuple[Distribution, ...]
    variables: dict[str, str]
    captured_at: datetime
    format: int = FORMAT


@dataclasses.dataclass(frozen=True)
class _Found:
    """A distribution as its metadata folder tells it, before roles are known."""

    distribution: Distribution
    requires: tuple[tuple[str, str], ...]  # (normalised name, marker)
    modules: tuple[str, ...]  # top-level packages
    changed_at: float  # when its metadata was put on disk, seconds since the epoch
    editable_at: str  # the folder of an editable install, else ""
    added: tuple[str, ...] = ()  # what a lock added for mlnb's sake


_on_disk: dict[str, tuple[int, list[_Found]]] = {}  # by folder, with the time of its last change


def capture(level: str = "fast") -> Environment:
    """The environment of the interpreter that runs this. What is on disk is read once, until a package folder changes.

    Args:
        level: ``fast`` reads metadata only, ``stat`` also compares the sizes of all recorded files, ``hash`` their contents.

    Raises:
        ValueError: there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"there is no level {level!r}: use one of {', '.join(LEVELS)}")
    return _environment(_with_roles([_as_running(found, level) for found in _installed(level)]), level)


def to_json(environment: Environment) -> str:
    """`environment` as the text of a capture file."""
    value = dataclasses.asdict(environment)
    value["captured_at"] = environment.captured_at.isoformat(timespec="microseconds").replace("+00:00", "Z")
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def normalised(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


# ---- the two digests ----------------------------------------------------------------------------------------------------


def request_digest(distributions: list[tuple[str, str]]) -> str:
    """The digest of (name, version) pairs: their order, spelling and local version labels do not matter."""
    lines = sorted({f"{normalised(name)}=={version.partition('+')[0].lower()}" for name, version in distributions})
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _resolved_digest(distributions: tuple[Distribution, ...], base: tuple[str, ...]) -> str:
    lines = [*base]
    for found in distributions:
        if found.role == "package":
            origin = found.origin
            dirty = "dirty" if origin.dirty else ""
            lines.append(
                "\0".join((found.name, found.version, found.fingerprint, origin.commit or "", dirty, *found.problems))
            )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _environment(found: list[tuple[Distribution, bool]], level: str) -> Environment:
    distributions = tuple(sorted((one for one, _ in found), key=lambda one: one.name))
    asked = [(one.name, one.version) for one, everywhere in found if everywhere and one.role == "package"]
    system, _, machine = sysconfig.get_platform().partition("-")
    machine = _platform.machine() or machine
    libc = " ".join(_platform.libc_ver()).strip()
    implementation = sys.implementation.name
    short = f"{sys.version_info[0]}.{sys.version_info[1]}"
    base = (implementation, short, system, machine, libc.partition(" ")[0])
    return Environment(
        env_id=_resolved_digest(distributions, base),
        env_request_id=request_digest(asked),
        level=level,
        python=_platform.python_version(),
        implementation=implementation,
        executable=sys.executable or "",
        system=system,
        machine=machine,
        libc=libc,
        distributions=distributions,
        variables={name: os.environ[name] for name in VARIABLES if os.environ.get(name)},
        captured_at=datetime.now(timezone.utc),  # noqa: UP017 - datetime.UTC came with Python 3.11
    )


def _with_roles(found: list[_Found]) -> list[tuple[Distribution, bool]]:
    """Each distribution with its role, and whether it is asked for on every platform."""
    there = {one.distribution.name for one in found}
    edges = [
        (one.distribution.name, needed, bool(_PLATFORM_MARKER.search(marker)))
        for one in found
        for needed, marker in one.requires
        if needed in there and needed != one.distribution.name and "extra" not in marker
    ]
    needed_by: dict[str, set[str]] = {}
    for name, needed, _ in edges:
        needed_by.setdefault(needed, set()).add(name)
    ours = {name for name in there if name == "mlnb" or name.startswith("mlnb-kernel")}
    own = ours | {name for name in OWN_WHEELS if name in there and needed_by.get(name, set()) <= ours and ours}
    own |= {name for one in found for name in one.added if one.distribution.name in ours}
    tools = {name for name in INSTALLERS if name in there and not needed_by.get(name)}
    everywhere = _everywhere(there, edges)
    answer = []
    for one in found:
        name = one.distribution.name
        role = "mlnb" if name in own else "installer" if name in tools else "package"
        answer.append((dataclasses.replace(one.distribution, role=role), name in everywhere))
    return answer


def _everywhere(names: set[str], edges: list[tuple[str, str, bool]]) -> set[str]:
    """Those of `names` that are there on every platform: reached from the top without a platform marker on the way."""
    unmarked: dict[str, list[str]] = {}
    marked: dict[str, list[str]] = {}
    for name, needed, is_marked in edges:
        (marked if is_marked else unmarked).setdefault(name, []).append(needed)
    reached = _reach({*names} - {needed for _, needed, _ in edges}, unmarked)
    both = {name: unmarked.get(name, []) + marked.get(name, []) for name in names}
    # Circles that nothing above needs have no top to start from: they are asked for by themselves.
    rest = sorted(names - _reach(reached, both))
    while rest:
        reached |= _reach({rest[0]}, unmarked)
        rest = sorted(names - _reach(reached, both))
    return reached


def _reach(start: set[str], edges: dict[str, list[str]]) -> set[str]:
    reached, todo = set(start), list(start)
    while todo:
        for needed in edges.get(todo.pop(), ()):
            if needed not in reached:
                reached.add(needed)
                todo.append(needed)
    return reached


# ---- what is on disk ------------------------------------------------------------------------------------------------------


def _installed(level: str) -> tuple[_Found, ...]:
    found: dict[str, _Found] = {}
    for folder in dict.fromkeys(sys.path):
        if not folder:
            continue  # the current folder is not part of the environment
        for one in _of_folder(folder, level):
            found.setdefault(one.distribution.name, one)  # the first on sys.path is the one that imports
    return tuple(found.values())


def _of_folder(folder: str, level: str) -> list[_Found]:
    try:
        changed = os.stat(folder).st_mtime_ns
    except OSError:
        return []
    if level != "fast":  # contents of files change without their folder noticing: only what metadata says may be kept
        return _in_folder(folder, level)
    known = _on_disk.get(folder)
    if known is None or known[0] != changed:
        known = _on_disk[folder] = (changed, _in_folder(folder, level))
    return known[1]


def _in_folder(folder: str, level: str) -> list[_Found]:
    try:
        names = sorted(os.listdir(folder))
    except OSError:  # a zip file, or not ours to read
        return []
    found = []
    for name in names:
        if name.endswith((".dist-info", ".egg-info")):
            one = _read_distribution(folder, name, level)
            if one is not None:
                found.append(one)
    return found


def _read_distribution(folder: str, name: str, level: str) -> _Found | None:
    info = os.path.join(folder, name)
    is_folder = os.path.isdir(info)
    text = _read(os.path.join(info, "METADATA")) or _read(os.path.join(info, "PKG-INFO")) if is_folder else _read(info)
    head = _head(text)
    if not head.get("name") or not head.get("version"):
        return None  # a half-removed distribution
    record_text = _read(os.path.join(info, "RECORD")) if is_folder else ""
    record = _content_lines(record_text)
    if f"/{_ORIGIN_FILE}," in record_text:
        origin, editable_at = _origin_before(_read(os.path.join(info, _ORIGIN_FILE)), level), ""
    else:
        origin, editable_at = _origin(_read(os.path.join(info, "direct_url.json")) if is_folder else "")
    if origin.kind == "editable":  # what lies beside the metadata only points to this machine's folder
        record = [line for line in record if ".dist-info/" in line]
    distribution = Distribution(
        name=normalised(head["name"][0]),
        version=head["version"][0],
        fingerprint=_fingerprint(record),
        origin=origin,
        problems=tuple(_problems(folder, record, level)) if level != "fast" and record else (),
    )
    requires = tuple(_requirement(line) for line in head.get("requires-dist", []))
    added = _added(_read(os.path.join(info, _ADDED_FILE))) if f"/{_ADDED_FILE}," in record_text else ()
    return _Found(distribution, requires, _modules(record), os.stat(info).st_ctime, editable_at, added)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _head(text: str) -> dict[str, list[str]]:
    """The header of METADATA: the three fields we need. ``email.parser`` would take ten times as long."""
    found: dict[str, list[str]] = {}
    for line in text.partition("\n\n")[0].split("\n"):
        name, colon, value = line.partition(":")
        if colon and name.lower() in ("name", "version", "requires-dist"):
            found.setdefault(name.lower(), []).append(value.strip())
    return found


def _requirement(line: str) -> tuple[str, str]:
    match = _REQUIREMENT.match(line)
    return (normalised(match[0]) if match else "", line.partition(";")[2])


def _rows(lines: list[str]) -> list[list[str]]:
    return [row for row in csv.reader(lines) if len(row) == 3]


def _content_lines(record: str) -> list[str]:
    """RECORD's lines about content of the wheel: not what an installer writes, what lies outside or what running makes.

    String methods only, on whole lines: this is where the time of a capture goes.
    """
    return [
        line
        for line in record.splitlines()
        if line[:3] != "../"
        and line[:1] != "/"
        and "__pycache__/" not in line
        and ".pyc," not in line
        and not (".dist-info/" in line and line.partition(",")[0].endswith(_NOT_CONTENT))
    ]


def _fingerprint(lines: list[str]) -> str:
    pairs = sorted([line[: line.rfind(",")] for line in lines])  # path and digest, without the size
    return hashlib.sha256("\n".join(pairs).encode()).hexdigest() if pairs else ""


def _modules(lines: list[str]) -> tuple[str, ...]:
    """The names under which a distribution is imported: its top-level packages and modules."""
    heads = {line.partition("/")[0] for line in lines}
    found = {head.partition(".")[0] for head in heads if "," in head and (".py," in head or ".so," in head)}
    return tuple(found | {head for head in heads if "." not in head and "," not in head})


def _problems(folder: str, record: list[str], level: str) -> list[str]:
    found: list[str] = []
    for path, digest, size in _rows(record):
        if len(found) == 20:
            break
        try:
            is_same = _is_as_recorded(os.path.join(folder, path), digest, size, level)
        except OSError:
            found.append(f"missing: {path}")
            continue
        if not is_same:
            found.append(f"changed: {path}")
    return sorted(found)


def _is_as_recorded(path: str, digest: str, size: str, level: str) -> bool:
    if size and os.stat(path).st_size != int(size):
        return False
    algorithm, _, expected = digest.partition("=")
    if level != "hash" or not expected or algorithm not in hashlib.algorithms_available:
        os.stat(path)
        return True
    with open(path, "rb") as file:
        actual = hashlib.new(algorithm, file.read()).digest()
    return base64.urlsafe_b64encode(actual).decode().rstrip("=") == expected.rstrip("=")


def _origin(direct_url: str) -> tuple[Origin, str]:
    if not direct_url:
        return Origin("index"), ""
    try:
        value = json.loads(direct_url)
        url = _CREDENTIALS.sub(r"\1", str(value.get("url", "")))
    except (ValueError, AttributeError):
        return Origin("index"), ""
    if "vcs_info" in value:
        return Origin("vcs", url, value["vcs_info"].get("commit_id")), ""
    if value.get("dir_info", {}).get("editable"):
        return Origin("editable", url), url[len("file://") :] if url.startswith("file://") else ""
    return Origin("local" if url.startswith("file:") else "archive", url), ""


def _origin_before(text: str, level: str) -> Origin:
    """Where a package came from before a lock packed it; its work tree is looked at from `stat` on, as with live ones."""
    try:
        value = json.loads(text)
        names = {field.name for field in dataclasses.fields(Origin)}
        origin = Origin(**{name: value[name] for name in value if name in names})
    except (ValueError, TypeError):
        return Origin("local")
    return dataclasses.replace(origin, dirty=None) if level == "fast" else origin


def _added(text: str) -> tuple[str, ...]:
    try:
        return tuple(normalised(str(name)) for name in json.loads(text))
    except (ValueError, TypeError):
        return ()


# ---- what is running ------------------------------------------------------------------------------------------------------


def _as_running(found: _Found, level: str) -> _Found:
    """`found` with what this process knows: what it has imported, and the git state of an editable install."""
    one = found.distribution
    if found.editable_at:
        one = dataclasses.replace(one, origin=_with_git(one.origin, found.editable_at, level))
    loaded = [sys.modules[name] for name in found.modules if name in sys.modules]
    version = None
    if loaded and found.changed_at > _process_start():
        said = getattr(loaded[0], "__version__", None)
        version = said if isinstance(said, str) and said != one.version else None
    one = dataclasses.replace(one, loaded=None if __name__ == "__main__" else bool(loaded), loaded_version=version)
    return dataclasses.replace(found, distribution=one)


def _with_git(origin: Origin, folder: str, level: str) -> Origin:
    commit = _git_commit(folder)
    if commit is None or level == "fast":
        return dataclasses.replace(origin, commit=commit)
    try:
        status = subprocess.run(
            ["git", "-C", folder, "status", "--porcelain"], capture_output=True, timeout=30, check=True
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return dataclasses.replace(origin, commit=commit)
    return dataclasses.replace(origin, commit=commit, dirty=bool(status.strip()))


def _git_commit(folder: str) -> str | None:
    """The commit that the work tree around `folder` stands at, read from its files (git itself costs 10 ms)."""
    while not os.path.exists(os.path.join(folder, ".git")):
        parent = os.path.dirname(folder)
        if parent == folder:
            return None
        folder = parent
    git = os.path.join(folder, ".git")
    if os.path.isfile(git):  # a linked work tree
        git = os.path.join(folder, _read(git).partition("gitdir:")[2].strip())
    head = _read(os.path.join(git, "HEAD")).strip()
    if not head.startswith("ref: "):
        return head or None
    common = os.path.join(git, _read(os.path.join(git, "commondir")).strip() or ".")
    for place in (git, common):
        commit = _read(os.path.join(place, head[5:])).strip()
        if commit:
            return commit
    packed = re.search(
        rf"^([0-9a-f]+) {re.escape(head[5:])}$", _read(os.path.join(common, "packed-refs")), re.MULTILINE
    )
    return packed[1] if packed else None


_IMPORTED_AT = time.time()


def _process_start() -> float:
    """When this process began, seconds since the epoch; where the system does not say, when this module was imported."""
    stat, boot = _read("/proc/self/stat"), re.search(r"^btime (\d+)$", _read("/proc/stat"), re.MULTILINE)
    if not stat or not boot:
        return _IMPORTED_AT
    ticks = int(stat.rpartition(")")[2].split()[19])
    return int(boot[1]) + ticks / os.sysconf("SC_CLK_TCK")


def main(arguments: list[str] | None = None) -> int:
    """Print the capture of this interpreter as JSON."""
    parser = argparse.ArgumentParser(description="Capture this interpreter's environment as JSON.")
    parser.add_argument("--level", choices=LEVELS, default="fast")
    sys.stdout.write(to_json(capture(parser.parse_args(arguments).level)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
