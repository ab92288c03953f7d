"""The names of a shell with the prints of their values, and what code can reach from the names it reads."""

from __future__ import annotations

import builtins
import operator
import re
import sys
import types
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from mlnb.core.records import dataclass, field
from mlnb.kernel import order_files
from mlnb.kernel.order_doors import real_of
from mlnb.kernel.order_values import Context, Print, print_of
from mlnb.order.plugins.python_pieces import names_asked_for
from mlnb.order.rules.traces import ABSENT, Fingerprint
from mlnb.order.types import CellCode

HISTORY: Final = re.compile(r"^(?:_{1,3}|_\d+|_i{1,3}|_i\d+|_ih|_oh|_dh|In|Out)$")
_WARNINGS: Final = "__warningregistry__"  # Python's own note of what it has warned of, on standard error
_QUERIES: Final = frozenset(["query", "eval"])
_ANY_WORD: Final = frozenset(
    {"__globals__", "f_globals", "f_locals", "currentframe", "_getframe", "user_ns", "user_module", "__main__"}
)
_OF_IPYTHON: Final = frozenset({"exit", "quit", "get_ipython", "display", "__IPYTHON__", "_"})
_GONE: Final = object()
_ANY_NAME: Final = frozenset({"globals", "locals", "vars", "exec", "eval", "get_ipython", "__import__"})


@dataclass(slots=True)
class Reach:
    """What code can reach from the names it reads: names, and facts about the functions and libraries in their values."""

    names: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    packages: set[str] = field(default_factory=set)
    libraries: set[str] = field(default_factory=set)
    modules: set[str] = field(default_factory=set)
    whole: bool = False
    late: set[str] = field(default_factory=set)


class Names:
    """The global names of one shell, each with its last print.

    Args:
        shell: an IPython InteractiveShell.
    """

    def __init__(self, shell: Any) -> None:  # noqa: ANN401 - untyped by its library
        self._shell = shell
        self._own: dict[str, bool] = {}
        self.context = Context(shell.user_ns, self.is_own)
        self.prints: dict[str, Print] = {}
        self._roots: dict[str, int] = {}  # identity of what each name holds, but for IPython's names of cells that ran
        self._passed_over = 0  # that many of those there are
        self._newest: object = None  # the name that was added last
        self._builtins = {name: real_of(value) for name, value in vars(builtins).items() if name not in _OF_IPYTHON}
        self._same_builtins: tuple[list[str], list[object]] = ([], [None])  # as at the last look
        self._patched: dict[str, object] = {}  # what the user added to the builtins: as good as a global name

    def digest(self, name: str) -> Fingerprint:
        """The last fingerprint of `name`; `ABSENT` when it is not there."""
        known = self.prints.get(name)
        return ABSENT if known is None else known.digest

    def look(self, name: str) -> Print | None:
        """Take a fresh print of the value of `name`."""
        namespace = self._shell.user_ns
        if name not in namespace:
            namespace = self._patched
        if name not in namespace or not self._is_tracked(name, namespace[name]):
            self._forget(name)
            return None
        self._roots[name] = id(namespace[name])
        known = self.prints[name] = print_of(namespace[name], self.context)
        return known

    def value(self, name: str) -> object:
        """What `name` holds; None when it is not there."""
        return self._shell.user_ns.get(name)

    def refresh(self) -> set[str]:
        """Take prints of names that hold another object than before; the names that were set or removed."""
        changed = set()
        namespace, roots = self._shell.user_ns, self._roots
        for name, value in self._set_since():
            if type(name) is str and self._is_tracked(name, value):
                changed.add(name)
                self.look(name)
            else:
                if self.prints.pop(name, None) is not None:
                    changed.add(name)
                roots[name] = id(value)
        patched, self._patched = self._patched, self._added_builtins()
        for name in patched.keys() | self._patched.keys():
            if name not in namespace and patched.get(name) is not self._patched.get(name):
                changed.add(name)
                self.look(name)
        if not self.prints.keys() <= namespace.keys():
            for name in self.prints.keys() - namespace.keys() - self._patched.keys():
                self._forget(name)
                changed.add(name)
        return changed

    def _set_since(self) -> list[tuple[str, object]]:
        """The names that hold another object than at the last look. IPython adds names for every cell that runs; these are not
        looked at each time anew: new names come last, and when their number does not tell the same, all names are looked at.
        """
        namespace, roots = self._shell.user_ns, self._roots
        total, added = len(namespace), self._added_last()
        are_there = roots.keys() <= namespace.keys()
        there = len(roots) if are_there else sum(map(namespace.__contains__, roots))
        if added is None or there + self._passed_over + len(added) != total:
            added, self._passed_over = list(namespace), 0
        of_interest = [name for name in added if type(name) is not str or not HISTORY.match(name)]
        self._passed_over += len(added) - len(of_interest)
        self._newest = next(reversed(namespace), None)
        get = namespace.get
        found: list[tuple[str, object]] = []
        if not are_there or list(map(id, map(get, roots))) != list(roots.values()):
            found = [
                (name, value)
                for name, root in roots.items()
                if id(value := get(name, _GONE)) != root and value is not _GONE
            ]
        return [*found, *((name, get(name)) for name in of_interest if name not in roots)] if of_interest else found

    def _added_last(self) -> list[str] | None:
        """The names that came after the one that was the newest at the last look; None when that one is not there any more."""
        namespace, newest, roots = self._shell.user_ns, self._newest, self._roots
        added: list[str] = []
        try:
            for name in reversed(namespace):
                if name is newest:
                    return [name for name in added if name not in roots]
                added.append(name)
        except RuntimeError:  # a thread adds names meanwhile
            return None
        return None

    def _added_builtins(self) -> dict[str, object]:
        now, start = vars(builtins), self._builtins
        names, values = self._same_builtins
        if names == list(now) and all(map(operator.is_, values, list(now.values()))):
            return self._patched
        found = {
            name: value
            for name, value in list(now.items())
            if name not in _OF_IPYTHON and start.get(name, start) is not value and not _is_of_the_kernel(value)
        }
        self._same_builtins = (list(now), list(now.values()))
        return found

    def _forget(self, name: str) -> None:
        self.prints.pop(name, None)
        self._roots.pop(name, None)

    def _is_tracked(self, name: str, value: object) -> bool:
        hidden = self._shell.user_ns_hidden
        return (
            not HISTORY.match(name)
            and name != _WARNINGS
            and not (name in hidden and (not isinstance(hidden, dict) or hidden[name] is value))
        )

    def reach(self, code: CellCode, *, look: bool, extra: Iterable[str] = ()) -> Reach:
        """The names `code` reads, with those that the functions in their values read, and so on.

        Args:
            code: the analysed cell.
            look: take fresh prints of the values on the way.
            extra: names to count as read.
        """
        found = Reach(
            words=set(code.words), texts=set(code.texts), packages={name.split(".")[0] for name in code.modules}
        )
        todo = [*code.reads, *extra]
        asks = bool(code.words & _QUERIES)
        handed_on = code.mentioned.difference(extra)
        if code.opaque:
            found.whole = True
            todo += list(self.prints)
        while todo:
            name = todo.pop()
            if name in found.names:
                continue
            found.names.add(name)
            known = self.look(name) if look else self.prints.get(name)
            if known is None:
                continue
            if asks and not known.objects:
                todo += self._asked_for_by(name)
            if name in handed_on:
                continue
            found.words |= known.words
            found.texts.update(known.texts)
            found.packages |= known.packages
            found.libraries |= known.libraries
            found.modules |= known.modules
            found.late |= known.names
            todo += known.names
            if not found.whole and (known.names & _ANY_NAME or known.words & _ANY_WORD or "__main__" in known.texts):
                found.whole = True
                todo += list(self.prints)
        return found

    def _asked_for_by(self, name: str) -> list[str]:
        """The names that the text in `name` asks for, should it be a pandas expression."""
        text = self._shell.user_ns.get(name)
        return names_asked_for(text) if type(text) is str else []

    def with_partners(self, names: set[str]) -> set[str]:
        """`names` with every name that shares a changeable object with one of them."""
        found = {name for name in names if name in self.prints}
        reached = {identity for name in found for identity in self.prints[name].object_ids}
        if not reached:
            return found | names
        others = {name: known for name, known in self.prints.items() if name not in found and known.object_ids}
        grown = True
        while grown and reached:
            grown = False
            for name, known in list(others.items()):
                if not known.object_ids.isdisjoint(reached):
                    found.add(name)
                    reached |= known.object_ids
                    del others[name]
                    grown = True
        return found | names

    def is_own(self, module: types.ModuleType) -> bool:
        """Whether `module` is the notebook's own: a file that belongs to no installed library."""
        name = module.__name__
        if name not in self._own:
            file = getattr(module, "__file__", None)
            root = name.split(".")[0]
            self._own[name] = (
                isinstance(file, str)
                and file.endswith(".py")
                and root not in ("__main__", "mlnb", "IPython", "ipykernel")
                and root not in sys.stdlib_module_names
                and not order_files.is_quiet(str(Path(file).absolute()))
            )
        return self._own[name]


def _is_of_the_kernel(value: object) -> bool:
    """Whether ipykernel put `value` among the builtins: its ``input`` is another bound method at each request."""
    return isinstance(value, types.MethodType) and str(value.__module__).startswith("ipykernel.")
