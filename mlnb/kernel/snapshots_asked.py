"""What cells asked databases, and which versions of objects in stores they opened: for the data part of snapshots.

pandas, DuckDB and fsspec are met when the user has imported them. The few methods of theirs through which every frame of a query and every
remote file comes are wrapped in place, at their import and once: methods of classes, which no value of the user's refers to. They
note something only while a cell runs, once per query and cell run, and never what a loop sends row by row. What goes past them (a
cursor of sqlite3) is known by the text in the cell's source alone.
"""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import sys
from collections.abc import Callable, Iterable
from typing import Any, Final

from mlnb.kernel import snapshots_queries as queries
from mlnb.snapshots.surroundings import ObjectRead, QueryRead

_MOST_NOTED = 100  # queries and objects of one cell run; a loop that asks more often is not slowed down further
_MOST_KEPT = 1000
_MOST_VALUES = 4_000_000  # values of one cell run whose rows are hashed: about a third of a second
_LOCAL: Final = frozenset({"file", "local", "memory", "dir", "zip", "tar", "cached", "filecache", "simplecache"})

After = Callable[[Any, Any, tuple[Any, ...], dict[str, Any]], None]
"""Told of a call of a method when it has returned: the result, the object, positional and named arguments."""


class Asked:
    """Listens to one shell.

    Args:
        shell: an IPython InteractiveShell.
        is_on: whether the user wants to be watched.
        log: told what could not be noted.
    """

    def __init__(
        self,
        shell: Any,  # noqa: ANN401 - untyped by its library
        is_on: Callable[[], bool],
        log: Callable[[str], object] = lambda _text: None,
    ) -> None:
        self._shell = shell
        self._is_on = is_on
        self._log = log
        self._cell: str | None = None
        self._is_running = False
        self._noted = self._values = 0
        self._queries: dict[tuple[str, str], QueryRead] = {}
        self._objects: dict[str, ObjectRead] = {}
        self._texts: dict[
            int, object
        ] = {}  # by connection: one that has not executed anything has no answer to give either
        self._patches: list[tuple[Any, str, Any]] = []
        self._finder = _Finder({})

    def attach(self) -> None:
        """Begin to listen."""
        self._shell.events.register("pre_run_cell", self._before)
        self._shell.events.register("post_run_cell", self._after)
        self._finder = _Finder(
            {"pandas.io.sql": self._meet_pandas, "duckdb": self._meet_duckdb, "fsspec.spec": self._meet_fsspec}
        )
        self._finder.meet_loaded()

    def detach(self) -> None:
        """Take everything out again."""
        self._finder.leave()
        for owner, name, real in self._patches:
            setattr(owner, name, real)
        self._patches.clear()
        self._shell.events.unregister("pre_run_cell", self._before)
        self._shell.events.unregister("post_run_cell", self._after)

    @property
    def queries(self) -> tuple[QueryRead, ...]:
        """What databases were asked so far, each query once, as it was answered last."""
        return tuple(self._queries.values())

    @property
    def objects(self) -> tuple[ObjectRead, ...]:
        """Objects in stores that were opened, as they were when they were opened last."""
        return tuple(self._objects.values())

    # ---- hooks

    def _before(self, info: Any = None) -> None:  # noqa: ANN401 - IPython's ExecutionInfo
        self._cell = getattr(info, "cell_id", None)
        self._is_running = self._is_on()
        self._noted = self._values = 0
        if self._is_running:
            self._finder.enter(str(getattr(info, "raw_cell", "")))

    def _after(self, result: Any = None) -> None:  # noqa: ANN401 - IPython's ExecutionResult
        self._finder.leave()
        if not self._is_running:
            return
        self._is_running = False
        info = getattr(result, "info", None)
        if info is None or not queries.may_ask(str(info.raw_cell)):
            return
        with contextlib.suppress(Exception):  # no exception of ours breaks a user's cell
            for text, place in queries.in_source(str(info.raw_cell), self._shell.user_ns):
                if not self._is_noted(text):
                    self._keep(QueryRead(place, text))

    def _is_noted(self, text: str) -> bool:
        return any(query.text == text and self._cell in (*query.cells, None) for query in self._queries.values())

    # ---- what is told

    def _keep(self, query: QueryRead) -> None:
        key = (query.place, query.text)
        before = self._queries.pop(key, None)
        cells = _with(before.cells if before else (), self._cell)
        self._queries[key] = QueryRead(query.place, query.text, query.rows, query.digest, cells, query.note)
        while len(self._queries) > _MOST_KEPT:
            del self._queries[next(iter(self._queries))]

    def _answered(self, place: str, text: str, answer: Any) -> None:  # noqa: ANN401 - a frame, a table or an iterator
        rows, digest, note = None, "", ""
        if queries.is_frame(answer):
            rows = len(answer)
            self._values += answer.size
            if self._values <= _MOST_VALUES:
                digest = queries.digest_of_rows(answer)
            else:
                note = "its rows were not hashed: too many"
        elif hasattr(answer, "num_rows"):
            rows = int(answer.num_rows)
        else:
            note = "read in pieces"
        self._keep(QueryRead(place, text, rows, digest, (), note))

    # ---- whom it listens to

    def _meet_pandas(self, module: Any) -> None:  # noqa: ANN401 - a module
        def asked(answer: Any, database: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:  # noqa: ANN401
            given = arguments[0] if arguments else named.get("sql", named.get("table_name"))
            self._answered(queries.place_of(database.con), queries.text_of(given), answer)

        for kind in ("SQLDatabase", "SQLiteDatabase", "ADBCDatabase"):
            for name in ("read_query", "read_table"):
                self._wrap(getattr(module, kind, None), name, asked)

    def _meet_duckdb(self, module: Any) -> None:  # noqa: ANN401 - a module
        def executed(_: Any, connection: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:  # noqa: ANN401
            if len(self._texts) > _MOST_KEPT:
                self._texts.clear()
            self._texts[id(connection)] = arguments[0] if arguments else named.get("query")

        def fetched(answer: Any, connection: Any, _a: tuple[Any, ...], _n: dict[str, Any]) -> None:  # noqa: ANN401
            text = queries.text_of(self._texts.get(id(connection)))
            if text:
                self._answered(queries.place_of(connection), text, answer)

        def drawn(answer: Any, relation: Any, _a: tuple[Any, ...], _n: dict[str, Any]) -> None:  # noqa: ANN401
            self._answered("DuckDB", queries.text_of(relation.sql_query()), answer)

        connection, relation = module.DuckDBPyConnection, module.DuckDBPyRelation
        self._wrap(connection, "execute", executed, counts=False)
        for name in ("df", "fetchdf", "fetch_df", "arrow", "fetch_arrow_table", "to_arrow_table"):
            self._wrap(connection, name, fetched)
        for name in ("df", "to_df", "fetchdf", "arrow", "fetch_arrow_table", "to_arrow_table"):
            self._wrap(relation, name, drawn)

    def _meet_fsspec(self, module: Any) -> None:  # noqa: ANN401 - a module
        def opened(file: Any, system: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:  # noqa: ANN401
            details = getattr(file, "__dict__", {}).get("_details")
            protocol = system.protocol if isinstance(system.protocol, str) else system.protocol[0]
            if isinstance(details, dict) and protocol not in _LOCAL and "w" not in str(getattr(file, "mode", "")):
                address = system.unstrip_protocol(arguments[0] if arguments else named["path"])
                before = self._objects.pop(address, None)
                cells = _with(before.cells if before else (), self._cell)
                self._objects[address] = ObjectRead(
                    address, queries.version_in(details), queries.size_in(details), cells
                )
                while len(self._objects) > _MOST_KEPT:
                    del self._objects[next(iter(self._objects))]

        self._wrap(module.AbstractFileSystem, "open", opened)

    def _wrap(self, owner: Any, name: str, told: After, *, counts: bool = True) -> None:  # noqa: ANN401 - a class
        real = vars(owner).get(name) if isinstance(owner, type) else None
        if real is None:
            return

        @functools.wraps(real)
        def noting(this: Any, /, *arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - as the method's
            answer = real(this, *arguments, **named)
            if self._is_running and self._noted < _MOST_NOTED:
                self._noted += counts
                try:
                    told(answer, this, arguments, named)
                except Exception as error:  # noqa: BLE001 - the user has the answer; what we note must not take it away
                    self._log(f"a query was not noted: {type(error).__name__}")
            return answer

        with contextlib.suppress(AttributeError, TypeError):  # a class that cannot be changed is not listened to
            setattr(owner, name, noting)
            self._patches.append((owner, name, real))


def _with(cells: Iterable[str], cell: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys([*cells, *([cell] if cell else [])]))


class _Finder:
    """Meets modules at their import: finds nothing by itself, and stands before the other finders only while a cell runs that imports."""

    def __init__(self, meet: dict[str, Callable[[Any], None]]) -> None:
        self._meet = dict(meet)
        self._is_busy = False

    def meet_loaded(self) -> None:
        """Meet what has been imported."""
        for name in [name for name in self._meet if name in sys.modules]:
            self.met(name, sys.modules[name])

    def enter(self, source: str) -> None:
        """Meet what the cell of this source imports, if it imports anything; not where the cell would see us."""
        self.meet_loaded()
        if self._meet and "import" in source and "meta_path" not in source:
            sys.meta_path.insert(0, self)

    def leave(self) -> None:
        """Meet nothing any more."""
        with contextlib.suppress(ValueError):
            sys.meta_path.remove(self)

    def met(self, name: str, module: Any) -> None:  # noqa: ANN401 - a module
        """Tell of a module; an error is nobody's."""
        meet = self._meet.pop(name, None)
        with contextlib.suppress(Exception):  # another version of it: it is not listened to
            if meet is not None:
                meet(module)

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> Any:  # noqa: ANN401 - importlib's
        """As importlib asks: the spec that the other finders give, with a loader that tells when it is done."""
        if name not in self._meet or self._is_busy:
            return None
        self._is_busy = True
        try:
            spec = importlib.util.find_spec(name)
        finally:
            self._is_busy = False
        if spec is not None and hasattr(spec.loader, "exec_module"):
            spec.loader = _Loader(spec.loader, functools.partial(self.met, name))  # type: ignore[assignment]  # it acts as one
        return spec


class _Loader:
    """A module's own loader, which tells when the module is there, and then has never been."""

    def __init__(self, real: Any, met: Callable[[Any], None]) -> None:  # noqa: ANN401 - importlib's
        self._real = real
        self._met = met

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - as the loader's
        return getattr(self._real, name)

    def create_module(self, spec: Any) -> Any:  # noqa: ANN401 - importlib's
        return self._real.create_module(spec)

    def exec_module(self, module: Any) -> None:  # noqa: ANN401 - a module
        module.__spec__.loader = module.__loader__ = self._real
        self._real.exec_module(module)
        self._met(module)
