"""The analyser of Python cells, magics and shell lines included (entry point ``mlnb.analyzers``: ``python``)."""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import xxhash

from mlnb.order.plugins import python_effects as effects
from mlnb.order.plugins import python_handing, python_mentions, python_overwrites, python_risk
from mlnb.order.plugins.python_library import displays, library_effects, only_sets, remote
from mlnb.order.plugins.python_outline import outline_of
from mlnb.order.plugins.python_scope import names_of
from mlnb.order.saved import CellOutline
from mlnb.order.types import CellCode

_WORD = re.compile(r"[A-Za-z_]\w*")
_HISTORY = re.compile(r"^(?:_{1,3}|_\d+|_i{0,3}\d*|_ih|_oh|In|Out)$")
_HISTORY_MAGIC = frozenset(["history", "rerun", "recall", "macro", "save", "hist"])
# Magics of which the effect is known: those that run Python code, and those that touch no name.
_PYTHON_MAGICS = frozenset(["time", "timeit", "capture", "prun"])
_PLAIN_MAGICS = frozenset({
    "matplotlib", "config", "env", "set_env", "cd", "pwd", "ls", "cat", "pip", "conda", "uv", "mamba", "system", "sx",
    "bash", "sh", "script", "html", "HTML", "javascript", "js", "latex", "svg", "markdown", "writefile", "xmode",
    "precision", "pprint", "load_ext", "mlnb", "cp", "mv", "rm", "mkdir", "rmdir", "man", "more", "less", "head",
    "tail", "file", "echo", "ll", "lk", "colors", "automagic", "pinfo", "pinfo2", "psource", "pdoc", "pushd", "popd",
    "dirs", "dhist", "getoutput", "python", "python3", "python2", "perl", "ruby", "pypy", "cmd", "node", "deno",
    "alias", "unalias", "logstart", "logstop", "mlflow",
})  # fmt: skip
_PROGRAM_MAGICS = frozenset({
    "system", "sx", "bash", "sh", "script", "ls", "cat", "cp", "mv", "rm", "mkdir", "rmdir", "ll", "lk", "pip", "conda",
    "getoutput", "python", "python3", "python2", "perl", "ruby", "pypy", "SVG", "cmd", "R", "julia", "node", "deno",
})  # fmt: skip
_RUNS_TEXT = frozenset(["exec", "eval", "query"])
_ABOUT_NAMES = frozenset(["pinfo", "pinfo2", "psource", "pdoc", "file", "config", "mlnb", "pprint"])
_PUT_IN = re.compile(r"\$\{?([A-Za-z_]\w*)|\{([^{}]*)\}")


class PythonAnalyzer:
    """An `mlnb.order.ports.Analyzer` for Python as IPython understands it.

    Args:
        transform: turns magics and shell lines into calls; IPython's standard one when None.
    """

    def __init__(self, transform: Callable[[str], str] | None = None) -> None:
        self._transform = transform or _standard_transform()
        self._analyze = functools.lru_cache(maxsize=2048)(self._analyze_now)

    def analyze(self, source: str) -> CellCode:
        """What `source` defines and reads; remembered, since the same cells come again and again."""
        return self._analyze(source)

    def outline(self, source: str) -> CellOutline:
        """What the text of `source` tells beside its names; an `mlnb.order.ports.Outliner`."""
        try:
            return outline_of(source, ast.parse(self._transform(source)))
        except (SyntaxError, ValueError, RecursionError):
            return outline_of(source, None)

    def _analyze_now(self, source: str) -> CellCode:
        try:
            tree = _parsed(self._transform(source))
        except (SyntaxError, ValueError, RecursionError) as error:
            reason = getattr(error, "msg", None) or type(error).__name__
            return CellCode(
                digest="!" + _digest(source),
                text=_digest(source),
                error=f"{reason} (line {getattr(error, 'lineno', 0) or 1})",
            )
        try:
            return self._read_tree(source, tree)
        except RecursionError:  # it can run all the same
            return CellCode(digest=_digest(source), text=_digest(source), opaque="it is nested too deeply to be read")

    def _read_tree(self, source: str, tree: ast.Module) -> CellCode:
        magics = list(_magics(tree))
        digest = _digest(ast.dump(tree) + (";" if source.rstrip().endswith(";") else ""))
        code = self._read(tree, digest)
        code = dataclasses.replace(code, text=_digest(source))
        return self._with_magics(code, magics) if magics else code

    def _read(self, tree: ast.Module, digest: str) -> CellCode:
        names, sure = names_of(tree)
        _read_constant_code(tree, names.reads, names.binds)
        words = effects.words_of(tree)
        env_reads, env_writes = effects.environment(tree, words)
        later = {name for used in names.later.values() for name in used}
        guessed = effects.tables_of(tree, words) - names.reads - sure
        return CellCode(
            digest=digest,
            reads=frozenset(names.reads | guessed),
            guessed=frozenset(guessed),
            binds=frozenset(names.binds),
            sure=frozenset(sure),
            deletes=frozenset(names.deletes),
            uses=frozenset(names.loaded),
            changes_by_operator=any(
                isinstance(node, ast.AugAssign) and not isinstance(node.target, ast.Name) for node in ast.walk(tree)
            ),
            later=frozenset(later - names.reads - names.binds),
            mentioned=frozenset() if words & _RUNS_TEXT else python_mentions.mentioned(tree),
            at_risk=python_risk.at_risk(tree),
            handed_on=python_handing.handed_on(tree),
            aliased=python_handing.aliased(tree),
            overwrites=() if words & _RUNS_TEXT else python_overwrites.overwrites(tree),
            words=frozenset(words),
            texts=effects.texts_of(tree),
            modules=effects.modules_of(tree),
            environment_reads=env_reads,
            environment_writes=env_writes,
            opaque="import *" if names.star_import else _opaque(tree),
            history=any(_HISTORY.match(name) for name in names.reads),
            runs_programs=effects.runs_programs(words),
            varying=effects.varying(tree),
            seeds=effects.seeds(tree),
            imports_only=bool(tree.body) and all(isinstance(node, (ast.Import, ast.ImportFrom)) for node in tree.body),
            asks_for_files=effects.asks_for_files(words),
            effects=library_effects(tree),
            only_sets=only_sets(tree),
            displays=displays(tree),
            remote=remote(effects.texts_of(tree)),
        )

    def _with_magics(self, code: CellCode, magics: list[tuple[str, str, str]]) -> CellCode:
        reads, binds, words, texts = set(code.reads), set(code.binds), set(code.words), list(code.texts)
        sure, opaque, history, programs, writes = set(code.sure), code.opaque, code.history, code.runs_programs, set()
        environment: set[str] | None = set(code.environment_reads) if code.environment_reads is not None else None
        for name, line, body in magics:
            text = f"{line}\n{body}"
            found = set(_WORD.findall(text))
            words |= found
            texts += text.split()
            history = history or name in _HISTORY_MAGIC
            programs = programs or name in _PROGRAM_MAGICS
            if name in ("env", "set_env") and environment is not None and not _environment_target(name, line):
                environment = environment | {line.strip()} if line.strip() else None
            if name == "system":
                sure.add("_exit_code")
                binds.add("_exit_code")
            if name in _PYTHON_MAGICS:
                inner = self.analyze(body or _without_options(line))
                reads |= inner.reads if not inner.error else found - sure
                binds |= inner.binds if name != "timeit" else set()
                opaque = opaque or inner.opaque
                binds.update(_capture_target(name, line))
                sure.update(_capture_target(name, line))
                history = history or inner.history
            elif name in _PLAIN_MAGICS:
                told = found if name in _ABOUT_NAMES else _put_in(line)
                reads |= told - sure - _assigned_by(name, line)
                writes.update(_environment_target(name, line))
                sure |= _assigned_by(name, line)
                binds |= _assigned_by(name, line)
            elif name not in _HISTORY_MAGIC:
                opaque, reads = opaque or f"%{name}", reads | found
        return dataclasses.replace(
            code, reads=frozenset(reads - {"get_ipython"}),
            guessed=code.guessed | (reads - code.reads), binds=frozenset(binds), sure=frozenset(sure), words=frozenset(words),
            texts=tuple(texts), opaque=opaque, history=history, mentioned=frozenset(), overwrites=(),
            runs_programs=programs, at_risk=code.at_risk | reads, handed_on=code.handed_on | reads,
            environment_reads=None if programs else environment if environment is None else frozenset(environment),
            magics=tuple((name, line) for name, line, _ in magics), remote=remote((*code.texts, *texts)),
            environment_writes=code.environment_writes | writes,
            asks_for_files=code.asks_for_files or programs,
        )  # fmt: skip


@functools.cache
def _standard_transform() -> Callable[[str], str]:
    from IPython.core.inputtransformer2 import TransformerManager

    manager: Any = TransformerManager
    transform: Callable[[str], str] = manager().transform_cell
    return transform


def _parsed(source: str) -> ast.Module:
    if "\\" not in source:
        return ast.parse(source)
    with warnings.catch_warnings():  # of escapes that mean nothing: the user is told when the cell itself is compiled
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _digest(text: str) -> str:
    return xxhash.xxh3_128_hexdigest(text.encode("utf-8", "surrogatepass"))


def _magics(tree: ast.AST) -> Iterator[tuple[str, str, str]]:
    """(name, line, body) of each magic and shell call that IPython's transforms put into `tree`."""
    for node in ast.walk(tree):
        if not (
            isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and _is_get_ipython(node.func.value)
        ):
            continue
        texts = [arg.value if isinstance(arg, ast.Constant) else "" for arg in node.args]
        given = [text if isinstance(text, str) else "" for text in texts] + ["", "", ""]
        if node.func.attr in ("run_line_magic", "run_cell_magic"):
            yield given[0], given[1], given[2] if node.func.attr == "run_cell_magic" else ""
        elif node.func.attr in ("system", "getoutput"):
            yield "system" if node.func.attr == "system" else "getoutput", given[0], ""


def _is_get_ipython(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "get_ipython"


def _opaque(tree: ast.Module) -> str:
    explained = {
        id(part)
        for node in ast.walk(tree)
        if not isinstance(node, ast.Constant) and _is_constant_code(node)
        for part in ast.walk(node)
    }
    explained |= {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and effects.is_confined(node)}
    for node in ast.walk(tree):
        if id(node) not in explained and (reason := effects.opaque_reason(node)):
            return reason
    plain = sum(_is_get_ipython(node) for node in ast.walk(tree))
    return "get_ipython()" if plain > len(list(_magics(tree))) else ""


def _is_constant_code(node: ast.AST) -> bool:
    """Whether `node` is ``eval("...")`` or ``globals()["name"]``: as good as the code or the name itself."""
    if isinstance(node, ast.Constant):
        return True
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("eval", "exec"):
        return len(node.args) == 1 and _constant_code(node.args[0]) is not None
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str):
        value = node.value
        return isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id == "globals"
    return False


def _constant_code(node: ast.AST) -> ast.Module | None:
    if not (isinstance(node, ast.Constant) and isinstance(node.value, str)):
        return None
    try:
        tree = ast.parse(node.value)
    except (SyntaxError, ValueError):
        return None
    return None if any(effects.opaque_reason(part) for part in ast.walk(tree)) else tree


def _read_constant_code(tree: ast.Module, reads: set[str], binds: set[str]) -> None:
    for node in ast.walk(tree):
        if not _is_constant_code(node) or isinstance(node, ast.Constant):
            continue
        if isinstance(node, ast.Subscript):
            assert isinstance(node.slice, ast.Constant)
            name = str(node.slice.value)
            if isinstance(node.ctx, ast.Load):
                reads.add(name)
            else:
                binds.add(name)
        elif isinstance(node, ast.Call) and (code := _constant_code(node.args[0])) is not None:
            inner, _ = names_of(code)
            reads |= inner.reads
            binds |= inner.binds


def _without_options(line: str) -> str:
    parts = line.split()
    while parts and parts[0].startswith("-"):
        parts.pop(0)
    return " ".join(parts)


def _capture_target(name: str, line: str) -> set[str]:
    given = [part for part in line.split() if not part.startswith("-")]
    return {part for part in given[:1] if part.isidentifier()} if name == "capture" else set()


def _environment_target(name: str, line: str) -> set[str]:
    if name not in ("env", "set_env") or not line.strip():
        return set()
    return {re.split(r"[=\s]", line.strip(), maxsplit=1)[0]} if re.search(r"[=\s]", line.strip()) else set()


def _put_in(line: str) -> set[str]:
    """Names whose values IPython puts into a line: ``$name`` and ``{expression}``."""
    return {word for name, inner in _PUT_IN.findall(line) for word in [name, *_WORD.findall(inner)] if word}


def _assigned_by(name: str, line: str) -> set[str]:
    """Names that the magic itself sets: ``%sx`` and ``%%bash --out x``."""
    return set(re.findall(r"--(?:out|err|proc)[ =]([A-Za-z_]\w*)", line)) if name in ("bash", "sh", "script") else set()
