"""What the namespace is at this moment: each variable's digest and verdict, and the bytes of what is saved.

What cannot be saved is named with the reason and never takes others along. What was saved before and has not changed is not
saved again. A value whose type mlnb does not know to be safe is loaded back at once and compared: what pickles but does not come back
equal is named too, not silently wrong.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
import types
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import xxhash

from mlnb.core.records import dataclass, field
from mlnb.snapshots import rules
from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.plugins import credentials, pickled, process, rebuild, recipes, tensors
from mlnb.snapshots.plugins.fingerprint import Print, Session, claim_values, fingerprint, sharing, type_name
from mlnb.snapshots.ports import Codec, Encoded, Saving
from mlnb.snapshots.types import Variable

_SAFE_MODULES = frozenset(
    {
        "builtins",
        "collections",
        "datetime",
        "decimal",
        "fractions",
        "uuid",
        "pathlib",
        "numpy",
        "pandas",
        "pyarrow",
        "zoneinfo",
    }
)
_MIXED = frozenset({"numpy", "pandas"})
_TABLES = frozenset({"NDFrame", "Index", "ExtensionArray", "ExtensionDtype"})
"""Classes that pandas writes in Python and whose values come back; of the others in `_MIXED` those written in C are safe."""
_PICKLING = ("__reduce__", "__reduce_ex__", "__getstate__", "__setstate__", "__getnewargs__", "__getnewargs_ex__")
_NOT_SAFE = (type, BaseException, types.FunctionType, types.CellType)
_NOT_EQUAL = "it can be stored but does not come back equal"


@dataclass(frozen=True)
class Part:
    """Variables that are saved together: their names (sorted), the digest of values and sharing, and the bytes.

    `encoded` is None when `digest` was known before and nothing was saved anew.
    """

    names: tuple[str, ...]
    digest: str
    codec: str
    encoded: Encoded | None


@dataclass
class Captured:
    """The namespace as it was: variables with their verdicts, and the parts that hold the saved ones."""

    variables: dict[str, Variable] = field(default_factory=dict)
    parts: list[Part] = field(default_factory=list)


class Capture:
    """One capture of `namespace`.

    Args:
        namespace: the notebook's namespace.
        codecs: asked in order; the last one takes everything.
        known: codec of each part that is stored already, by digest; asked by `save`.
        tick: called after each step.
    """

    def __init__(
        self,
        namespace: dict[str, Any],
        codecs: Sequence[Codec],
        known: Mapping[str, str],
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._namespace = namespace
        self._codecs = codecs
        self.known = known
        self._tick = tick
        self._values: dict[str, Any] = {}
        self._state = b""
        self._session = Session(namespace)
        self._prints: dict[str, Print] = {}
        self._reasons: dict[str, str] = {}
        self._versions: dict[int, str] = {}
        self._notes: dict[type, str] = {}
        self._told: dict[str, str] = {}  # why a variable counts as recomputed, beside the notes on types
        session, note = self._session, self._notes.__setitem__
        self._saving = Saving(namespace, session.unshared, self._version_of, note=note, owners=session.owners)

    def run(self, names: Sequence[str], state: bytes = b"") -> Captured:
        """Capture the variables `names`, and beside them `state`, what no variable holds (see `process`)."""
        self.look(names, state)
        return self.save()

    def look(self, names: Sequence[str], state: bytes = b"") -> None:
        """Take the fingerprints of the variables `names`."""
        self._state = state
        self._values = {name: self._namespace[name] for name in names}
        self._reasons = rules.left_out_of(names)
        for name, value in self._values.items():
            self._prints[name] = fingerprint(value, self._session) if name not in self._reasons else Print()
            self._tick()
            if value is self._namespace:
                self._reasons[name] = "it is the notebook's namespace itself"
        claim_values(self._prints, self._values)
        tensors.claim_memories(self._prints, self._session)

    def digests(self) -> dict[str, str]:
        """The digest of each variable that was looked at."""
        return {name: found.digest for name, found in self._prints.items()}

    def parts(self) -> dict[str, tuple[str, ...]]:
        """Which variables hang together, by the digest of what they are; the state of the process under no names."""
        claims = {name: found.claims for name, found in self._prints.items() if name not in self._reasons}
        found = {_digest_of(group, self._prints): group for group in rules.components(claims)}
        return {**found, process.digest_of_state(self._state): ()} if self._state else found

    def save(self) -> Captured:
        """Save what was looked at, as far as it is not stored already."""
        values, done = self._values, Captured()
        waiting = rules.components({name: self._prints[name].claims for name in values if name not in self._reasons})
        while waiting:
            group = waiting.pop(0)
            part = self._save(group, values)
            self._tick()
            if part is not None:
                done.parts.append(part)
                continue
            rest = {name: self._prints[name].claims for name in group if name not in self._reasons}
            waiting = rules.components(rest) + waiting  # those that only hung together through the one that failed
        if self._state:
            digest = process.digest_of_state(self._state)
            kept = None if digest in self.known else process.encoded(self._state)
            done.parts.append(Part((), digest, process.CODEC, kept))
        done.parts.sort(key=lambda part: part.names)
        for name, value in values.items():
            done.variables[name] = self._verdict(name, value)
        return done

    def _verdict(self, name: str, value: object) -> Variable:
        found = self._prints[name]
        reason = self._reasons.get(name, "")
        notes = dict.fromkeys(
            [*(self._notes[kind] for kind in found.types if kind in self._notes), self._told.get(name, "")]
        )
        note = "; ".join(filter(None, notes))
        state = "not_restorable" if reason else "recompute" if note else "saved"
        digest = "" if credentials.is_refusal(reason) else found.digest
        kind = (
            "class" if isinstance(value, type) else type_name(type(value))
        )  # what its metaclass is tells nobody anything
        return Variable(state, kind, found.size_bytes, digest, reason or note)  # type: ignore[arg-type]

    def _save(self, group: tuple[str, ...], values: Mapping[str, object]) -> Part | None:
        """The part for `group`; None when at least one of its names has got a reason why not."""
        digest = _digest_of(group, self._prints)
        if digest in self.known:
            self._told.update(getattr(self.known, "notes", {}).get(digest, {}))
            return Part(group, digest, self.known[digest], None)
        members = {name: values[name] for name in group}
        codec = next(codec for codec in self._codecs if all(codec.can_save(value) for value in members.values()))
        encoded, wrong = self._try(codec, members)
        bare = recipes.bare_classes({kind for name in wrong for kind in self._prints[name].types})
        if bare - self._saving.bare:  # their own way of pickling may be what is wrong
            plain, self._saving = self._saving, dataclasses.replace(self._saving, bare=self._saving.bare | bare)
            encoded, still = self._try(codec, members)
            wrong = {name: wrong.get(name, reason) for name, reason in still.items()}
            self._saving = self._saving if not still else plain
        self._reasons.update(wrong)
        if encoded is not None and encoded.note and not wrong:
            self._told.update(dict.fromkeys(group, encoded.note))
        return None if wrong else Part(group, digest, codec.name, encoded)

    def _try(self, codec: Codec, members: Mapping[str, object]) -> tuple[Encoded | None, dict[str, str]]:
        """`members` saved, or the reasons why not."""
        try:
            encoded = codec.save(members, self._saving)
            return encoded, self._check(codec, encoded, tuple(members))
        except CannotSave as error:
            return None, self._blame(codec, members, error.message)

    def _blame(self, codec: Codec, members: Mapping[str, object], reason: str) -> dict[str, str]:
        """Which of `members` cannot be saved, tried one by one; all of them when each can alone."""
        if len(members) == 1:
            return dict.fromkeys(members, reason)
        reasons = {}
        for name, value in members.items():
            try:
                codec.save({name: value}, self._saving)
            except CannotSave as error:
                reasons[name] = error.message
        return reasons or dict.fromkeys(members, reason)

    def _check(self, codec: Codec, encoded: Encoded, group: tuple[str, ...]) -> dict[str, str]:
        """Load back what was saved; name -> reason for each variable that does not come back equal."""
        kinds = {kind for name in group for kind in self._prints[name].types}
        if all(_is_safe(kind) for kind in kinds) and not any(self._prints[name].opaque for name in group):
            return {}
        finalized = next((kind for kind in kinds if "__del__" in vars(kind) and self._session.by_value.get(kind)), None)
        if finalized is not None and not _is_plain(finalized):
            reason = f"{finalized.__name__} has __del__ and pickling of its own, so it was not tried whether it comes back equal"
            return {name: reason for name in group if finalized in self._prints[name].types}
        if finalized is not None:
            return {}  # loading it would run the user's __del__; Python's own way of pickling it loses nothing
        copies = [memoryview(rebuild.Memory(buffer)) for buffer in encoded.buffers]
        buffers = [
            copy.toreadonly() if buffer.readonly else copy for copy, buffer in zip(copies, encoded.buffers, strict=True)
        ]
        try:
            with _quiet(), rebuild.loading(rebuild.Loading(self._namespace)):
                loaded = codec.load(encoded.stream, buffers)
                session = Session(self._namespace)
                prints = {name: fingerprint(loaded[name], session) for name in group}
                claim_values(prints, {name: loaded[name] for name in group})
                tensors.claim_memories(prints, session)
        except Exception as error:  # noqa: BLE001 - loading runs the objects' own code
            if len(group) > 1:
                return self._check_each(codec, group) or dict.fromkeys(group, _unloadable(error))
            return dict.fromkeys(group, _unloadable(error))
        wrong = {name: _NOT_EQUAL for name in group if prints[name].digest != self._prints[name].digest}
        if not wrong and sharing(group, prints, of_values=True) != sharing(group, self._prints, of_values=True):
            return dict.fromkeys(group, "what it shares with other variables does not come back")
        return wrong

    def _check_each(self, codec: Codec, group: tuple[str, ...]) -> dict[str, str]:
        wrong: dict[str, str] = {}
        for name in group:
            try:
                encoded = codec.save({name: self._namespace[name]}, self._saving)
            except CannotSave as error:
                wrong[name] = error.message
            else:
                wrong.update(self._check(codec, encoded, (name,)))
        return wrong

    def _version_of(self, kind: type) -> str:
        version = self._versions.get(id(kind))
        if version is None:
            version = self._versions[id(kind)] = class_version(kind, self._namespace)
            self._session.kept.append(kind)
        return version


def digest_of_values(values: Mapping[str, Any], namespace: dict[str, Any]) -> str:
    """The digest of `values` as a part, also when they are not in the notebook's namespace any more."""
    session = Session(namespace)
    prints = {name: fingerprint(value, session) for name, value in values.items()}
    claim_values(prints, values)
    tensors.claim_memories(prints, session)
    return _digest_of(tuple(sorted(values)), prints)


def _digest_of(group: tuple[str, ...], prints: Mapping[str, Print]) -> str:
    """The digest of a part: its values, how they lie in memory, and which object of one is which object of another."""
    hasher = xxhash.xxh3_128()
    for name in group:
        hasher.update(f"{name}={prints[name].digest}{prints[name].layout};".encode())
    hasher.update(sharing(group, prints))
    return hasher.hexdigest()


def class_version(kind: type, namespace: dict[str, Any]) -> str:
    """Digest of a class of the notebook and all it holds."""
    return fingerprint(kind, Session(namespace)).digest


def _unloadable(error: Exception) -> str:
    return f"it can be stored but not loaded: {pickled.reason_from_error(error)}"


def _is_safe(kind: type) -> bool:
    """Whether values of exactly this type are known to come back equal, so that they need not be loaded back at once."""
    library = kind.__module__.partition(".")[0]
    if library not in _SAFE_MODULES or issubclass(kind, _NOT_SAFE):
        return False
    is_python = bool(kind.__flags__ & recipes.HEAP_TYPE)
    return library not in _MIXED or not is_python or not _TABLES.isdisjoint(base.__name__ for base in kind.__mro__)


def _is_plain(kind: type) -> bool:
    """Whether a class of the notebook leaves its pickling to Python."""
    return all(getattr(kind, name, None) is getattr(object, name, None) for name in _PICKLING)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Loading a value to look at it leaves no traces: no warnings, no second window for a figure."""
    pylab = sys.modules.get("matplotlib._pylab_helpers")
    figures = dict(pylab.Gcf.figs) if pylab is not None else {}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        if pylab is not None and list(pylab.Gcf.figs) != list(figures):
            pylab.Gcf.figs.clear()
            pylab.Gcf.figs.update(figures)
