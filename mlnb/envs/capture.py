"""What a Python environment consists of, captured by its own interpreter: one file, standard library only.

It is imported by mlnb's kernel half and also sent as it is to foreign interpreters (``python capture.py --level fast`` prints
JSON) and into running kernels, so it imports nothing of mlnb and keeps to what Python 3.8 offers. Two digests name the result:

``env_request_id``  what was asked for: normalised names and versions. The same on another platform: packages that only a
                    platform marker brings (appnope, nvidia-*), local version labels (``+cpu``) and what mlnb or an installer
                    added for itself are left out.
``env_id``          what was resolved here: the content of every package as its RECORD lists it, Python x.y and platform.
                    The same after a reinstall by another installer, under another prefix, for another user.

What surrounds the packages (the project's own modules, what hides what on ``sys.path``, system packages, the graphics driver) is
captured and compared too, but is in neither digest: the notebook's own code is not its environment.
"""

# Thousands of small calls on text paths: pathlib would double the time of a capture.
# ruff: noqa: PTH100, PTH110, PTH111, PTH112, PTH113, PTH116, PTH117, PTH118, PTH119, PTH120, PTH123, PTH208
from __future__ import annotations

import sys

if __name__ == "__main__" and sys.path and sys.path[0] == __file__.rpartition("/")[0]:
    del sys.path[0]  # this file's folder has a types.py, which would hide the standard library's

import argparse
import ast
import base64
import csv
import dataclasses
import hashlib
import json
import os
import platform as _platform
import re
import shutil
import site
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from datetime import datetime, timezone

LEVELS = ("fast", "stat", "hash")
FORMAT = 1

VARIABLES = (
    "PYTHONPATH", "PYTHONHASHSEED", "PYTHONNOUSERSITE", "PYTHONOPTIMIZE", "TZ", "LANG", "LC_ALL", "OMP_NUM_THREADS",
    "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS", "CUDA_VISIBLE_DEVICES",
    "CUBLAS_WORKSPACE_CONFIG", "TF_DETERMINISTIC_OPS", "LD_PRELOAD", "LD_LIBRARY_PATH",
)  # fmt: skip
"""The only environment variables whose values are read: they change results and hold no credentials."""

OWN_WHEELS = frozenset({"cloudpickle", "xxhash", "blake3", "zstandard"})
INSTALLERS = frozenset({"pip", "uv", "setuptools", "wheel"})
MOST_FILES = 5000
"""Of one source folder at most so many files are read; of a larger one only the git state is known."""

_ORIGIN_FILE = "mlnb_origin.json"  # in wheels that a lock packed: where the package came from before
_ADDED_FILE = "mlnb_added.json"  # in the kernel half: names of what a lock added for mlnb's sake
_NOT_CONTENT = (
    "/INSTALLER", "/REQUESTED", "/direct_url.json", "/RECORD", "/uv_cache.json", "/uv_build.json", f"/{_ORIGIN_FILE}",
)  # fmt: skip
_PLATFORM_MARKER = re.compile(r"sys_platform|platform_system|os_name|platform_machine|platform_release")
_CREDENTIALS = re.compile(r"(\b[a-z][a-z0-9+.-]*://)[^/@\s]*@", re.IGNORECASE)
_REQUIREMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_SOURCES = (".py", ".pyx", ".pxd")
_NOT_SOURCES = frozenset({"__pycache__", "node_modules", "build", "dist"})
_NOT_LOOSE = frozenset({"_virtualenv.py", "_virtualenv.pth"})  # what uv and virtualenv put into every environment


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a distribution came from, by its ``direct_url.json``.

    Attributes:
        kind: ``index``, ``vcs``, ``archive``, ``local`` (a folder or a wheel on this machine), ``editable`` or ``conda``.
        url: without credentials; empty for ``index``.
        commit: of a VCS origin, or of the git work tree an editable one stands in; None when not known.
        dirty: whether that work tree has uncommitted changes; None below level ``stat``.
        tree: SHA-256 over the source files that an editable install points to; None for others, and for more than `MOST_FILES`.
    """

    kind: str
    url: str = ""
    commit: str | None = None
    dirty: bool | None = None
    tree: str | None = None


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
        problems: files that are missing or differ from RECORD (levels ``stat`` and ``hash``), at most 20 of them; another
            version whose metadata lies in the same folder.
        hidden: other copies further down ``sys.path``, such as ``1.0 in <prefix>/lib/python3.11/site-packages``.
    """

    name: str
    version: str
    fingerprint: str
    origin: Origin
    role: str = "package"
    loaded: bool | None = None
    loaded_version: str | None = None
    problems: tuple[str, ...] = ()
    hidden: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class CondaPackage:
    """One package of a conda environment, as ``conda-meta`` tells it.

    Attributes:
        name: of the package.
        version: of it.
        build: its build string, such as ``py311h64a7726_0``.
        channel: URL or name, without credentials and without the platform.
        digest: SHA-256 or MD5 of its archive; empty when not recorded.
        problems: as those of a `Distribution`.
    """

    name: str
    version: str
    build: str
    channel: str = ""
    digest: str = ""
    problems: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class LocalModule:
    """A module or package that no distribution brought: beside the notebook, on ``PYTHONPATH``, loose in ``site-packages``.

    Attributes:
        name: under which it is imported.
        place: the folder it lies in; ``<folder>``, ``<prefix>``, ``<user>`` and ``~`` stand for what differs between machines.
        fingerprint: SHA-256 over its source files.
        loaded: whether this process has imported it; None when a fresh interpreter captured.
    """

    name: str
    place: str
    fingerprint: str
    loaded: bool | None = None


@dataclasses.dataclass(frozen=True)
class Shadow:
    """A module that hides another one of its name.

    Attributes:
        name: under which both are imported.
        place: the folder of the one that is imported.
        hides: the distribution it hides, or ``the standard library``.
    """

    name: str
    place: str
    hides: str


@dataclasses.dataclass(frozen=True)
class Surroundings:
    """What surrounds the packages; in no digest.

    Attributes:
        modules: the project's own modules and others that no distribution brought, by name.
        path_files: SHA-256 of the ``.pth`` files that no distribution brought, by name.
        shadows: modules that hide others.
        kernelspecs: the command lines of the kernels of this interpreter, by name.
        flags: of the interpreter, such as ``-O``; None when a fresh interpreter captured.
        operating_system: such as ``debian 12``.
        system_packages: versions by name (dpkg, apk; rpm from level ``stat``); None when not known.
        cuda: version of the CUDA toolkit; empty without one.
        driver: version of the graphics driver; empty without one.
        gpus: models of the graphics cards.
        cpus: processors that this process may use.
    """

    modules: tuple[LocalModule, ...]
    path_files: dict[str, str]
    shadows: tuple[Shadow, ...]
    kernelspecs: dict[str, list[str]]
    flags: tuple[str, ...] | None
    operating_system: str
    system_packages: dict[str, str] | None
    cuda: str
    driver: str
    gpus: tuple[str, ...]
    cpus: int


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
        variables: those of `VARIABLES` that are set; the folders of this machine and user are replaced as in `LocalModule`.
        captured_at: UTC.
        format: version of this form.
        conda: the packages of a conda environment, by name; empty in others.
        surroundings: what surrounds the packages; None when not looked at, and then it is not compared.
        unreadable: what could not be read, in words.
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
    conda: tuple[CondaPackage, ...] = ()
    surroundings: Surroundings | None = None
    unreadable: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class _Found:
    """A distribution as its metadata folder tells it, before roles are known."""

    distribution: Distribution
    requires: tuple[tuple[str, str], ...]  # (normalised name, marker)
    modules: tuple[str, ...]  # top-level packages
    changed_at: float  # when its metadata was put on disk, seconds since the epoch
    folder: str  # where its metadata lies
    tops: frozenset[str]  # the first parts of its paths; empty when it has no RECORD
    editable_at: str = ""  # the folder of an editable install
    sources: tuple[str, ...] = ()  # what an editable install points to
    added: tuple[str, ...] = ()  # what a lock added for mlnb's sake


_on_disk: dict[str, tuple[int, list[_Found]]] = {}  # by folder, with the time of its last change


def capture(level: str = "fast", folder: str | None = None, *, surroundings: bool = True) -> Environment:
    """The environment of the interpreter that runs this. What is on disk is read once, until a package folder changes.

    Args:
        level: ``fast`` reads metadata only, ``stat`` also compares the sizes of all recorded files, ``hash`` their contents.
        folder: where the notebook lies: modules there are the project's own. None: only those on ``sys.path`` elsewhere.
        surroundings: whether to look at what surrounds the packages, too. The digests do not depend on it.

    Raises:
        ValueError: there is no such level.
    """
    if level not in LEVELS:
        raise ValueError(f"there is no level {level!r}: use one of {', '.join(LEVELS)}")
    found = [_as_running(one, level) for one in _installed(level)]
    conda, unreadable = _conda_packages(level)
    environment = _environment(_with_roles(found), conda, level)
    return dataclasses.replace(
        environment,
        unreadable=tuple(unreadable),
        variables=_variables(folder),
        surroundings=_surroundings(found, folder, level) if surroundings else None,
    )


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


def _resolved_digest(
    distributions: tuple[Distribution, ...], conda: tuple[CondaPackage, ...], base: tuple[str, ...]
) -> str:
    lines = [*base]
    for found in distributions:
        if found.role == "package":
            # The files of an editable install say more than its commit: they are the same at a commit that changed others.
            state = found.origin.tree or found.origin.commit or ""
            lines.append("\0".join((found.name, found.version, found.fingerprint, state, *found.problems)))
    lines += ["\0".join(("conda", one.name, one.version, one.build, *one.problems)) for one in conda]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _environment(found: list[tuple[Distribution, bool]], conda: tuple[CondaPackage, ...], level: str) -> Environment:
    distributions = tuple(sorted((one for one, _ in found), key=lambda one: one.name))
    asked = [(one.name, one.version) for one, everywhere in found if everywhere and one.role == "package"]
    system, _, machine = sysconfig.get_platform().partition("-")
    machine = _platform.machine() or machine
    libc = " ".join(_platform.libc_ver()).strip()
    implementation = sys.implementation.name
    short = f"{sys.version_info[0]}.{sys.version_info[1]}"
    base = (implementation, short, system, machine, libc.partition(" ")[0])
    return Environment(
        env_id=_resolved_digest(distributions, conda, base),
        env_request_id=request_digest(asked),
        level=level,
        python=_platform.python_version(),
        implementation=implementation,
        executable=sys.executable or "",
        system=system,
        machine=machine,
        libc=libc,
        distributions=distributions,
        variables={},
        captured_at=datetime.now(timezone.utc),  # noqa: UP017 - datetime.UTC came with Python 3.11
        conda=conda,
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
    everything: list[_Found] = []
    known = set()
    for folder in sys.path:
        real = os.path.realpath(folder) if folder else ""  # the current folder is not part of the environment
        if real and real not in known:
            known.add(real)
            everything += _of_folder(folder, level)
    pointed_at = {os.path.realpath(source) for one in everything for source in one.sources}
    found: dict[str, _Found] = {}
    for one in everything:
        first = found.setdefault(one.distribution.name, one)  # the first on sys.path is the one that imports
        if first is not one and os.path.realpath(one.folder) not in pointed_at:
            found[one.distribution.name] = _with_copy(first, one)
    return tuple(found.values())


def _with_copy(first: _Found, other: _Found) -> _Found:
    """`first` that knows of another distribution of its name, which does not count."""
    one, copy = first.distribution, other.distribution
    if (one.version, one.fingerprint) == (copy.version, copy.fingerprint):
        return first
    if other.folder == first.folder:  # a broken upgrade: files of both may lie there
        changed = dataclasses.replace(one, problems=(*one.problems, f"installed twice: also {copy.version}"))
    else:
        changed = dataclasses.replace(one, hidden=(*one.hidden, f"{copy.version} in {_placed(other.folder)}"))
    return dataclasses.replace(first, distribution=changed)


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
    found = []
    for name in _names(folder):
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
    if is_folder and origin.kind != "editable" and _read(os.path.join(info, "INSTALLER")).strip() == "conda":
        origin = Origin("conda")  # its direct_url.json names a folder of the machine that built it
    modules, tops = _modules(record), frozenset(line.partition(",")[0].partition("/")[0] for line in record)
    sources: tuple[str, ...] = ()
    if editable_at:
        sources = _sources(folder, record) or (editable_at,)
        modules = tuple(name for source in sources for name in _importable(source))
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
    changed_at = os.stat(info).st_ctime
    return _Found(distribution, requires, modules, changed_at, folder, tops, editable_at, sources, added)


def _read(path: str) -> str:
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read()
    except OSError:
        return ""


def _names(folder: str) -> list[str]:
    """What lies in a folder, sorted; nothing in one that is not there or not ours to read."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


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
    """`found` with what this process knows: what it has imported, and the state of an editable install."""
    one = found.distribution
    if found.editable_at:
        tree = _tree(found.sources) if one.name != "mlnb" else None  # that one is in no digest
        one = dataclasses.replace(
            one, origin=dataclasses.replace(_with_git(one.origin, found.editable_at, level), tree=tree)
        )
    loaded = [sys.modules[name] for name in found.modules if name in sys.modules]
    version = _version_in_memory(found, loaded[0]) if loaded else None
    one = dataclasses.replace(one, loaded=bool(loaded) if _is_running() else None, loaded_version=version)
    return dataclasses.replace(found, distribution=one)


def _is_running() -> bool:
    """Whether this process is one of interest, rather than an interpreter started to capture itself."""
    return __name__ != "__main__"


_imported_as: dict[str, tuple[int, str]] = {}  # distribution -> which module object, and the version it came from


def _version_in_memory(found: _Found, module: object) -> str | None:
    """The version that `module` came from, where it is not the one on disk: it was replaced under a running process."""
    name, version = found.distribution.name, found.distribution.version
    if found.changed_at <= _process_start():
        _imported_as[name] = (id(module), version)
        return None
    said = getattr(module, "__version__", None)
    if isinstance(said, str) and said[:1].isdigit():
        return None if _is_version(said, version) or _says(module, said) else said
    which, before = _imported_as.setdefault(name, (id(module), version))
    if which != id(module):  # imported anew since
        _imported_as[name] = (id(module), version)
        return None
    return None if before == version else before


def _is_version(one: str, other: str) -> bool:
    return re.sub(r"(\.0)+$", "", one.partition("+")[0]) == re.sub(r"(\.0)+$", "", other.partition("+")[0])


def _says(module: object, version: str) -> bool:
    """Whether the module's files on disk name that version: then it is the metadata that call it otherwise."""
    file = str(getattr(module, "__file__", None) or "")
    beside = [os.path.join(os.path.dirname(file), name) for name in ("_version.py", "version.py", "__about__.py")]
    return bool(file) and any(re.search(rf"[\"']{re.escape(version)}[\"']", _read(path)) for path in (file, *beside))


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


# ---- source files that no distribution brought ------------------------------------------------------------------------------

_digests: dict[
    str, tuple[tuple[int, int, int], str]
] = {}  # path -> when, size and which, with the digest of its content


def _sources(folder: str, record: list[str]) -> tuple[str, ...]:
    """The folders (or files) that an editable install points to, by its ``.pth`` file or by setuptools' finder."""
    found: list[str] = []
    for path in (line.partition(",")[0] for line in record):
        if path.endswith(".pth"):
            lines = _read(os.path.join(folder, path)).splitlines()
            found += [line for line in lines if os.path.isabs(line)]
        elif path.startswith("__editable__") and path.endswith(".py"):
            mapping = re.search(r"^MAPPING[^=]*= (\{.*\})$", _read(os.path.join(folder, path)), re.MULTILINE)
            found += _paths_of_mapping(mapping[1]) if mapping else []
    return tuple(found)


def _paths_of_mapping(text: str) -> list[str]:
    try:
        return [str(path) for path in ast.literal_eval(text).values()]
    except (ValueError, SyntaxError, AttributeError):
        return []


def _importable(folder: str) -> list[str]:
    """What can be imported from a folder on ``sys.path``; of a folder that is itself a package, its name."""
    if os.path.isfile(os.path.join(folder, "__init__.py")):
        return [os.path.basename(folder)]
    names = _names(folder)
    modules = [name.partition(".")[0] for name in names if name.endswith((".py", ".so", ".pyd"))]
    packages = [name for name in names if os.path.isfile(os.path.join(folder, name, "__init__.py"))]
    return sorted({*modules, *packages})


def _tree(roots: tuple[str, ...]) -> str | None:
    """SHA-256 over the source files below `roots`, by path and content; None for more than `MOST_FILES`."""
    lines: list[str] = []
    for root in sorted(roots):
        is_importable = os.path.isfile(root) or os.path.isfile(os.path.join(root, "__init__.py"))
        start = os.path.dirname(root) if is_importable else root  # the name of a work tree's folder is not part of it
        for path in _source_files(root):
            lines.append(f"{os.path.relpath(path, start)}\0{_digest(path)}")
            if len(lines) > MOST_FILES:
                return None
    return hashlib.sha256("\n".join(sorted(lines)).encode(errors="surrogateescape")).hexdigest()


def _source_files(root: str) -> Iterator[str]:
    if os.path.isfile(root):
        yield root
        return
    try:
        with os.scandir(root) as entries:
            inside = sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in inside:
        if entry.name.endswith(_SOURCES) and entry.is_file():
            yield entry.path
        elif _may_hold_sources(entry):
            yield from _source_files(entry.path)


def _may_hold_sources(entry: os.DirEntry[str]) -> bool:
    if entry.name in _NOT_SOURCES or "." in entry.name or not entry.is_dir(follow_symlinks=False):
        return False
    return not os.path.exists(os.path.join(entry.path, "pyvenv.cfg"))


def _digest(path: str) -> str:
    try:
        at = os.stat(path)
        state = (at.st_mtime_ns, at.st_size, at.st_ino)
        known = _digests.get(path)
        if known is None or known[0] != state:
            with open(path, "rb") as file:
                known = _digests[path] = (state, hashlib.sha256(file.read()).hexdigest())
    except OSError:
        return ""
    return known[1]


def _local_modules(found: list[_Found], folder: str | None) -> tuple[list[LocalModule], dict[str, str], list[Shadow]]:
    """The modules that no distribution brought, the ``.pth`` files of that kind, and what those modules hide."""
    pointed_at = {os.path.realpath(source) for one in found for source in one.sources}
    modules: list[LocalModule] = []
    path_files: dict[str, str] = {}
    shadows: list[Shadow] = []
    later = _distributions_after(found)
    for index, entry in enumerate(_path(folder)):
        installed = [one for one in found if one.folder == entry]
        if os.path.realpath(entry) in pointed_at or (installed and any(not one.tops for one in installed)):
            continue  # told as an editable install, or by the system's package manager
        owned = {top for one in installed for top in one.tops} | _NOT_LOOSE
        place = _placed(entry, folder)
        for name, path in _loose(entry, owned):
            if os.path.realpath(path) in pointed_at:
                continue
            if name.endswith(".pth"):
                if installed:
                    path_files[name] = hashlib.sha256(_placed(_read(path), folder).encode()).hexdigest()
                continue
            loaded = name in sys.modules if _is_running() else None
            modules.append(LocalModule(name, place, _tree((path,)) or "", loaded))
            hides = _hidden_by(name, index, folder, later)
            if hides:
                shadows.append(Shadow(name, place, hides))
    return modules, path_files, shadows


def _path(folder: str | None) -> list[str]:
    """``sys.path`` as the notebook's kernel has it (its folder first), without the standard library."""
    standard = _standard_library()
    entries = [os.path.abspath(entry or folder or os.curdir) for entry in sys.path if entry or folder]
    first = [os.path.abspath(folder)] if folder else []
    return [entry for entry in dict.fromkeys([*first, *entries]) if entry not in standard and os.path.isdir(entry)]


def _standard_library() -> set[str]:
    places = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib")}
    return {os.path.abspath(place) for place in places} | {os.path.join(place, "lib-dynload") for place in places}


def _loose(entry: str, owned: set[str] | frozenset[str]) -> Iterator[tuple[str, str]]:
    """Names under which something in `entry` is imported, and ``.pth`` files, that are not `owned`; with their paths."""
    for name in _names(entry):
        path = os.path.join(entry, name)
        if name in owned or name[:1] == ".":
            continue
        if name.endswith(".pth"):
            yield name, path
        elif name.endswith(".py"):
            yield name[:-3], path
        elif "." not in name and os.path.isfile(os.path.join(path, "__init__.py")):
            yield name, path


def _distributions_after(found: list[_Found]) -> dict[str, tuple[int, str]]:
    """For each module of a distribution: where on ``sys.path`` it lies, and whose it is."""
    places = {entry: index for index, entry in enumerate(_path(None))}
    return {
        module: (places[one.folder], one.distribution.name)
        for one in found
        if one.folder in places
        for module in one.modules
    }


def _hidden_by(name: str, index: int, folder: str | None, later: dict[str, tuple[int, str]]) -> str:
    place, distribution = later.get(name, (-1, ""))
    if place + bool(folder) > index:
        return distribution
    standard: set[str] = set(getattr(sys, "stdlib_module_names", ())) - set(sys.builtin_module_names)
    return "the standard library" if name in standard and _is_before_standard_library(index, folder) else ""


def _is_before_standard_library(index: int, folder: str | None) -> bool:
    standard = _standard_library()
    entries = [os.path.abspath(entry) for entry in sys.path if entry]
    before = 0
    while before < len(entries) and entries[before] not in standard and not entries[before].endswith(".zip"):
        before += 1
    return index < before + bool(folder)


def _placed(text: str, folder: str | None = None) -> str:
    """`text` with the folders that differ between machines and users replaced by what they are."""
    places = [
        (os.path.abspath(folder) if folder else "", "<folder>"),
        (sys.prefix, "<prefix>"),
        (site.getuserbase() or "", "<user>"),
        (os.path.expanduser("~"), "~"),
    ]
    for place, name in sorted(places, key=lambda pair: -len(pair[0])):
        if len(place) > 1:
            text = text.replace(place, name)
    return text


# ---- conda ------------------------------------------------------------------------------------------------------------------


def _conda_packages(level: str) -> tuple[tuple[CondaPackage, ...], list[str]]:
    """The packages of a conda environment, and what of them could not be read."""
    folder = os.path.join(sys.prefix, "conda-meta")
    if not os.path.isdir(folder):
        return (), []
    try:
        names = sorted(name for name in os.listdir(folder) if name.endswith(".json"))
    except OSError as error:
        return (), [f"{folder}: {error.strerror}"]
    found, unreadable = [], []
    for name in names:
        one = _conda_package(os.path.join(folder, name), level)
        if one is None:
            unreadable.append(f"{os.path.join(folder, name)}: not the JSON that conda writes")
        else:
            found.append(one)
    return tuple(sorted(found, key=lambda one: one.name)), unreadable


def _conda_package(path: str, level: str) -> CondaPackage | None:
    text = _read(path)
    try:
        value = {} if level == "fast" else json.loads(text)
        # Lists of files make these megabytes long: for level fast only the few words that are needed are read.
        said = value or {key: _word(text, key) for key in ("name", "version", "build", "channel", "sha256", "md5")}
        if not text.rstrip().endswith("}") or not said["name"] or not said["version"]:
            return None
        channel = re.sub(r"/(noarch|linux|osx|win)[-\w]*/?$", "", _CREDENTIALS.sub(r"\1", said.get("channel") or ""))
        problems = _conda_problems((value.get("paths_data") or {}).get("paths") or [], level) if value else ()
        digest = said.get("sha256") or said.get("md5") or ""
        return CondaPackage(said["name"], said["version"], said.get("build") or "", channel, digest, tuple(problems))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _word(text: str, key: str) -> str:
    match = re.search(rf'^ {{1,8}}"{key}": "([^"]*)",?$', text, re.MULTILINE)
    return match[1] if match else ""


def _conda_problems(paths: list[dict[str, object]], level: str) -> list[str]:
    found: list[str] = []
    for entry in paths:
        name, expected = str(entry["_path"]), entry.get("sha256_in_prefix") or entry.get("sha256")
        path = os.path.join(sys.prefix, name)
        if len(found) == 20 or entry.get("path_type") == "softlink" or name.endswith(".pyc"):
            continue
        if not os.path.isfile(path):
            found.append(f"missing: {name}")
        elif level == "hash" and expected and _digest(path) != expected:
            found.append(f"changed: {name}")
    return sorted(found)


# ---- what surrounds the packages ----------------------------------------------------------------------------------------------


def _variables(folder: str | None) -> dict[str, str]:
    return {name: _placed(os.environ[name], folder) for name in VARIABLES if os.environ.get(name)}


def _surroundings(found: list[_Found], folder: str | None, level: str) -> Surroundings:
    modules, path_files, shadows = _local_modules(found, folder)
    flags: list[str] = getattr(subprocess, "_args_from_interpreter_flags", list)()  # there since Python 2.7
    cuda, driver, gpus = _graphics()
    affinity = getattr(os, "sched_getaffinity", None)  # not on macOS
    return Surroundings(
        modules=tuple(sorted(modules, key=lambda one: (one.name, one.place))),
        path_files=path_files,
        shadows=tuple(sorted(shadows, key=lambda one: (one.name, one.place))),
        kernelspecs=_kernelspecs(),
        flags=tuple(flag for flag in flags if "frozen_modules" not in flag) if _is_running() else None,
        operating_system=_operating_system(),
        system_packages=_system_packages(level),
        cuda=cuda,
        driver=driver,
        gpus=gpus,
        cpus=len(affinity(0)) if affinity else os.cpu_count() or 1,
    )


def _kernelspecs() -> dict[str, list[str]]:
    """How kernels of this interpreter are started: those in its own prefix, and the user's that name it."""
    home = os.path.expanduser("~")
    of_user = os.path.join(home, "Library", "Jupyter") if sys.platform == "darwin" else ""
    data = os.environ.get("JUPYTER_DATA_DIR") or of_user or os.path.join(home, ".local", "share", "jupyter")
    found: dict[str, list[str]] = {}
    for place in (data, os.path.join(sys.prefix, "share", "jupyter")):
        kernels = os.path.join(place, "kernels")
        for name in _names(kernels):
            words = _kernel_words(os.path.join(kernels, name, "kernel.json"), is_own=place != data)
            if words:
                found[name] = words
    return found


def _kernel_words(path: str, *, is_own: bool) -> list[str]:
    try:
        spec = json.loads(_read(path) or "{}")
        argv, variables = [str(word) for word in spec.get("argv", [])], dict(spec.get("env") or {})
    except (ValueError, TypeError, AttributeError):
        return []
    if not argv:
        return []
    is_ours = os.path.dirname(argv[0]) == os.path.dirname(sys.executable) or argv[0].startswith(sys.prefix + os.sep)
    if not is_ours and not is_own:
        return []
    name = os.path.basename(argv[0])
    if re.match(r"python[\d.]*$", name) and (is_ours or name == argv[0]):
        argv[0] = "python"
    said = [f"{name}={variables[name]}" for name in VARIABLES if name in variables]
    return [_placed(word) for word in (*said, *argv)]


def _operating_system() -> str:
    words = dict(re.findall(r'^(ID|VERSION_ID)="?([^"\n]*)"?$', _read("/etc/os-release"), re.MULTILINE))
    if words:
        return " ".join(part for part in (words.get("ID", ""), words.get("VERSION_ID", "")) if part)
    return f"macos {_platform.mac_ver()[0]}" if sys.platform == "darwin" else ""


_packages_of_system: dict[str, tuple[int, dict[str, str]]] = {}  # by file, with the time of its last change


def _system_packages(level: str) -> dict[str, str] | None:
    """What the system's package manager has installed; None where it is none of the known ones."""
    dpkg = os.path.join(os.environ.get("DPKG_ADMINDIR") or "/var/lib/dpkg", "status")
    for path, read in ((dpkg, _read_dpkg), ("/lib/apk/db/installed", _read_apk)):
        try:
            changed = os.stat(path).st_mtime_ns
        except OSError:
            continue
        known = _packages_of_system.get(path)
        if known is None or known[0] != changed:
            known = _packages_of_system[path] = (changed, read(_read(path)))
        return known[1]
    if level == "fast" or not os.path.isdir("/var/lib/rpm"):
        return None
    said = _output(["rpm", "-qa", "--qf", "%{NAME} %{VERSION}-%{RELEASE}\\n"])
    return dict(line.split(" ", 1) for line in said.splitlines() if " " in line) or None


def _read_dpkg(text: str) -> dict[str, str]:
    found = {}
    for block in text.split("\n\n"):
        if "\nStatus: install ok installed" in block:
            name, _, rest = block.partition("\n")
            version = rest.partition("\nVersion: ")[2].partition("\n")[0]
            found[name.partition(": ")[2]] = version
    return found


def _read_apk(text: str) -> dict[str, str]:
    blocks = (dict(line.split(":", 1) for line in block.splitlines() if ":" in line) for block in text.split("\n\n"))
    return {block["P"]: block["V"] for block in blocks if "P" in block and "V" in block}


def _graphics() -> tuple[str, str, tuple[str, ...]]:
    """Versions of the CUDA toolkit and of the graphics driver, and the models of the cards."""
    home = os.environ.get("CUDA_HOME") or os.environ.get("CUDA_PATH") or "/usr/local/cuda"
    toolkit = re.search(r'"cuda"\s*:\s*\{[^}]*"version"\s*:\s*"([^"]+)"', _read(os.path.join(home, "version.json")))
    driver = re.search(r"NVRM version:.*?\s(\d+\.[\d.]+)\s", _read("/proc/driver/nvidia/version"))
    cards = "/proc/driver/nvidia/gpus"
    gpus = [
        match[1].strip()
        for card in _names(cards)
        for match in [re.search(r"^Model:\s*(.+)$", _read(os.path.join(cards, card, "information")), re.MULTILINE)]
        if match
    ]
    if driver is None:  # under WSL the driver is not in /proc
        lines = [line.split(", ", 1) for line in _nvidia_smi().splitlines() if ", " in line]
        return toolkit[1] if toolkit else "", lines[0][0] if lines else "", tuple(line[1] for line in lines)
    return toolkit[1] if toolkit else "", driver[1], tuple(gpus)


_said_by_smi: dict[
    str, str
] = {}  # by the program's path: it takes up to a second, and drivers do not change under a process


def _nvidia_smi() -> str:
    path = shutil.which("nvidia-smi")
    if path is None:
        return ""
    if path not in _said_by_smi:
        _said_by_smi[path] = _output([path, "--query-gpu=driver_version,name", "--format=csv,noheader"])
    return _said_by_smi[path]


def _output(command: list[str]) -> str:
    """What a program prints; empty when it is not there, fails or takes longer than 10 s."""
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.decode(errors="replace")


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
    parser.add_argument("--folder", help="where the notebook lies: modules there are the project's own")
    given = parser.parse_args(arguments)
    sys.stdout.write(to_json(capture(given.level, given.folder)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
