"""Classes of objects, one a row: each comes back as it was, or is named when the snapshot is taken."""

# ruff: noqa: E501 - a row of a table is a line

from __future__ import annotations

import dataclasses

import pytest


@dataclasses.dataclass(frozen=True)
class Row:
    """`source` sets `obj`; `seen` is evaluated before and after a restore; `change`, if any, must be seen by the next snapshot."""

    name: str
    source: str
    seen: str
    change: str = ""


def row(name, source, seen, change=""):
    return Row(name, source, seen, change)


PLAIN = [
    row("own slots", "class S:\n    __slots__ = ('a', '__b')\n    def __init__(self): self.a = [1]; self.__b = 2\nobj = S()", "obj.a, obj._S__b, hasattr(obj, '__dict__')", "obj.a.append(2)"),
    row("slots and a dict", "class B:\n    __slots__ = ('a',)\nclass S(B): pass\nobj = S(); obj.a = 1; obj.z = 2", "obj.a, obj.z", "obj.a = 5"),
    row("named tuple", "import typing\nclass P(typing.NamedTuple):\n    a: int\n    b: str = 'x'\nobj = P(1)", "obj.a, obj.b, obj._field_defaults, obj._replace(a=2).a"),
    row("typed dict class", "import typing\nclass obj(typing.TypedDict):\n    a: int", "obj(a=1), obj.__required_keys__"),
    row("enum with an alias", "import enum\nclass E(enum.Enum):\n    A = 1\n    B = 1\n    def f(self): return self.value + 1\nobj = E", "obj.B is obj.A, obj.A.f(), sorted(obj.__members__)"),
    row("enum that names its values", "import enum\nclass E(enum.Enum):\n    def _generate_next_value_(name, start, count, last): return name.lower()\n    A = enum.auto()\nobj = E.A", "obj.value"),
    row("flag", "import enum\nclass F(enum.Flag):\n    A = 1\n    B = 2\nobj = F.A | F.B", "[one.name for one in obj]"),
    row("dataclass of a dataclass", "import dataclasses\n@dataclasses.dataclass\nclass A:\n    a: int\n@dataclasses.dataclass\nclass B(A):\n    b: int\nobj = B(1, 2)", "obj.a, obj.b, type(obj).__hash__, dataclasses.fields(obj)[0].default is dataclasses.MISSING", "obj.b = 4"),
    row("metaclass that keeps a list", "ALL = []\nclass M(type):\n    def __init__(cls, name, bases, attributes): ALL.append(name); super().__init__(name, bases, attributes)\nclass A(metaclass=M): pass\nobj = A()", "ALL, type(type(obj)).__name__"),
    row("class that hears of subclasses", "class B:\n    heard = []\n    def __init_subclass__(cls, **given): B.heard.append(cls.__name__)\nclass A(B): pass\nobj = A()", "B.heard, isinstance(obj, B)"),
    row("abstract class", "import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self): ...\nA.register(int)\nobj = A", "obj.__abstractmethods__, isinstance(3, obj)"),
    row("class that fills itself with what the notebook has", "import threading\nclass K:\n    def __init__(self): self.v = 1; self.lock = threading.Lock()\n    def __getstate__(self): return {'v': self.v}\n    def __setstate__(self, state): self.v = state['v']; self.lock = threading.Lock()\nobj = K()", "obj.v, obj.lock.locked()"),
    row("way of pickling that reads a variable", "SCALE = 3\ndef make(v): made = object.__new__(K); made.v = v; made.s = SCALE; return made\nclass K:\n    def __init__(self, v): self.v = v; self.s = SCALE\n    def __reduce__(self): return make, (self.v,)\nobj = K(2)", "obj.v, obj.s"),
    row("dict that doubles", "class D(dict):\n    def __setitem__(self, key, value): super().__setitem__(key, value * 2)\nobj = D(a=1)", "dict(obj)", "obj['q'] = 1"),
    row("dict with its items for attributes", "class D(dict):\n    def __init__(self, **given): super().__init__(**given); self.__dict__ = self\nobj = D(a=1)", "obj.a, obj.__dict__ is obj", "obj.b = [3]"),
    row("list with attributes", "class L(list):\n    pass\nobj = L([1]); obj.tag = 't'", "list(obj), obj.tag", "obj.append(2)"),
    row("getstate that forgets", "class G:\n    def __init__(self): self.v = [1, 2]\n    def __getstate__(self): return {'v': []}\nobj = G()", "obj.v"),
    row("setstate that forgets", "class G:\n    def __init__(self): self.v = [1]\n    def __setstate__(self, state): self.v = []\nobj = G()", "obj.v"),
    row("new that wants arguments", "class N:\n    def __new__(cls, v): made = object.__new__(cls); made.v = v; return made\nobj = N(3)", "obj.v"),
    row("equal to everything", "class E:\n    def __init__(self): self.v = [1]\n    def __eq__(self, other): return True\n    __hash__ = None\nobj = E()", "obj.v", "obj.v.append(2)"),
    row("repr that raises", "class R:\n    def __init__(self): self.v = 1\n    def __repr__(self): raise RuntimeError\nobj = R()", "obj.v", "obj.v = 2"),
    row("frozen by setattr", "class F:\n    def __init__(self): self.__dict__['v'] = 3\n    def __setattr__(self, *given): raise TypeError\nobj = F()", "obj.v"),
    row("key of its own dict", "class K:\n    def __init__(self): self.d = {self: 1}\n    def __hash__(self): return 7\n    def __eq__(self, other): return self is other\nobj = K()", "obj in obj.d"),
    row("two closures on one cell", "def make():\n    n = 0\n    def up():\n        nonlocal n\n        n += 1\n        return n\n    def get(): return n\n    return up, get\nobj = make(); obj[0]()", "obj[1]()", "obj[0]()"),
    row("single dispatch", "import functools\n@functools.singledispatch\ndef obj(x): return 'other'\n@obj.register\ndef _(x: int): return 'int'", "obj(1), obj('a')"),
    row("exception with a cause", "def fail():\n    try:\n        try: 1 / 0\n        except ZeroDivisionError as error: raise ValueError('v') from error\n    except ValueError as error: return error\nobj = fail()", "obj.args, type(obj.__cause__).__name__"),
    row("marker of a library", "import dataclasses\nobj = {'default': dataclasses.MISSING}", "obj['default'] is dataclasses.MISSING"),
    row("cyclic list", "obj = [1]; obj.append(obj)", "obj[1] is obj", "obj.append(3)"),
    row("enum whose members are made", "import enum\nclass E(enum.Enum):\n    A = (1, 2)\n    B = (3, 4)\n    C = (1, 2)\n    def __init__(self, x, y): self.sum = x + y; self.log = []\n    def f(self): return self.sum\nobj = E.B", "obj.f(), obj.value, type(obj)((1, 2)).sum, type(obj).C is type(obj).A, [one.name for one in type(obj)]", "obj.log.append(1)"),
    row("enum on bytes", "import enum\nclass E(bytes, enum.Enum):\n    def __new__(cls, v, label): made = bytes.__new__(cls, [v]); made._value_ = v; made.label = label; return made\n    A = (1, 'x')\nobj = E.A", "obj.label, bytes(obj), obj.value, type(obj)(1) is obj"),
    row("enum whose base makes members", "import enum\nclass B(enum.Enum):\n    def __init__(self, v): self.twice = 2 * v\nclass E(B):\n    A = 4\nobj = E", "obj.A.twice, obj(4).name"),
    row("enum that counts its members", "import enum\nclass E(enum.Enum):\n    def __new__(cls): made = object.__new__(cls); made._value_ = len(cls.__members__) + 1; return made\n    A = ()\n    B = ()\nobj = E.B", "obj.value, type(obj)(1).name"),
    row("text that its class changes", "class T(str):\n    def __new__(cls, v): return super().__new__(cls, v + 'y')\n    def __str__(self): return 'never'\nobj = T('x')", "obj == 'xy', len(obj)"),
    row("tuple made of arguments", "class T(tuple):\n    def __new__(cls, *parts): return super().__new__(cls, parts)\nobj = T(1, [2])", "tuple(obj)"),
    row("number with a unit", "class Q(float):\n    def __new__(cls, v, unit): made = super().__new__(cls, v); made.unit = unit; return made\nobj = Q(2, ['m'])", "obj * 1, obj.unit", "obj.unit.append('s')"),
    row("own default dict", "import collections\nclass D(collections.defaultdict):\n    def __init__(self): super().__init__(list); self['a'].append(1)\nobj = D()", "dict(obj), obj.default_factory", "obj.default_factory = int"),
    row("own deque", "import collections\nclass D(collections.deque):\n    def __init__(self): super().__init__([1], maxlen=3); self.tag = 't'\nobj = D()", "list(obj), obj.maxlen, obj.tag", "obj.append(2)"),
    row("own text in memory", "import io\nclass T(io.StringIO): pass\nobj = T('ab')", "obj.getvalue(), obj.tell()", "_ = obj.write('z')"),
    row("own path", "import pathlib\nclass P(pathlib.PosixPath): pass\nobj = P('/a/b'); _ = str(obj), hash(obj)", "obj.name, type(obj.parent).__name__"),
    row("own property", "class P(property):\n    unit = 'm'\nclass K:\n    @P\n    def x(self): 'doc'; return 4\nobj = K()", "obj.x, type(type(obj).x).unit, type(obj).x.__doc__"),
    row("own ordered dict", "import collections\nclass D(collections.OrderedDict):\n    def __init__(self): super().__init__(b=1, a=2); self.tag = 't'\nobj = D()", "list(obj.items()), obj.tag", "obj.move_to_end('b')"),
    row("generic class", "import typing\nT = typing.TypeVar('T')\nclass G(typing.Generic[T]):\n    def f(self): return 2\nobj = G[int]()", "obj.f()"),
]  # fmt: skip
STANDARD = [
    row("weak values", "import weakref\nclass K: pass\nk = K()\nobj = weakref.WeakValueDictionary(a=k)", "obj['a'] is k"),
    row("weak keys", "import weakref\nclass K: pass\nk = K()\nobj = weakref.WeakKeyDictionary({k: 1})", "obj[k]"),
    row("weak set", "import weakref\nclass K: pass\nk = K()\nobj = weakref.WeakSet([k])", "k in obj"),
    row("weak proxy", "import weakref\nclass K:\n    v = 3\nk = K()\nobj = weakref.proxy(k)", "obj.v"),
    row("weak method", "import weakref\nclass K:\n    def f(self): return 3\nk = K()\nobj = weakref.WeakMethod(k.f)", "obj()()"),
    row("dead reference", "import weakref\nclass K: pass\nobj = weakref.ref(K())", "obj()"),
    row("format of bytes", "import struct\nobj = struct.Struct('<if')", "obj.size, obj.unpack(obj.pack(1, 2.5))"),
    row("system random", "import random\nobj = random.SystemRandom()", "0 <= obj.random() < 1"),
    row("json decoder", "import json\nobj = json.JSONDecoder(parse_int=str)", "obj.decode('[1]')"),
    row("new type", "import typing\nobj = typing.NewType('Id', int)", "obj(3), obj.__name__, obj.__module__"),
    row("parameter specification", "import typing\nobj = typing.ParamSpec('P')", "obj.__name__"),
    row("thread pool", "from concurrent.futures import ThreadPoolExecutor\nobj = ThreadPoolExecutor(2)", "obj._max_workers, obj.submit(len, 'ab').result()"),
    row("database with rows", "import sqlite3\nobj = sqlite3.connect(':memory:'); obj.row_factory = sqlite3.Row\nobj.execute('create table t(a)'); obj.execute('insert into t values (5)'); obj.commit()", "obj.execute('select a from t').fetchone()['a']", "obj.execute('insert into t values (6)'); obj.commit()"),
    row("empty database", "import sqlite3\nobj = sqlite3.connect(':memory:')", "obj.execute('select 1').fetchone()"),
    row("array of ctypes", "import ctypes\nobj = (ctypes.c_int * 3)(1, 2, 3)", "list(obj)", "obj[0] = 9"),
    row("structure of ctypes", "import ctypes\nclass C(ctypes.Structure):\n    _fields_ = [('a', ctypes.c_int), ('b', ctypes.c_double)]\nobj = C(1, 2.5)", "obj.a, obj.b", "obj.a = 7"),
    row("raw file", "open('f.bin', 'wb').write(b'0123'); obj = open('f.bin', 'rb', buffering=0); _ = obj.read(1)", "obj.tell(), type(obj).__name__"),
    row("text file", "open('f.txt', 'w').write('a\\nb\\n'); obj = open('f.txt'); _ = obj.readline()", "obj.tell(), obj.mode"),
    row("bytes in memory", "import io\nobj = io.BytesIO(b'abc'); _ = obj.seek(1)", "obj.tell(), obj.getvalue()", "_ = obj.seek(2)"),
    row("iterator", "obj = iter([1, 2, 3]); _ = next(obj)", "__import__('copy').copy(obj).__next__()", "next(obj)"),
    row("count", "import itertools\nobj = itertools.count(5); _ = next(obj)", "repr(obj)", "next(obj)"),
    row("queue", "import queue\nobj = queue.PriorityQueue(); obj.put((2, 'b'))", "obj.queue, obj.maxsize", "obj.put((1, 'a'))"),
    row("condition", "import threading\nobj = threading.Condition()", "obj.acquire(False), obj.release()"),
    row("random", "import random\nobj = random.Random(3)", "obj.getstate()[1][:3]", "obj.random()"),
    row("context of decimals", "import decimal\nobj = decimal.Context(prec=7)", "obj.prec", "obj.prec = 9"),
    row("time with a zone", "import datetime, zoneinfo\nobj = datetime.datetime(2024, 3, 31, 2, 30, fold=1, tzinfo=zoneinfo.ZoneInfo('Europe/Paris'))", "obj.isoformat(), obj.fold"),
    row("tree of elements", "import xml.etree.ElementTree as tree\nobj = tree.fromstring('<a><b x=\"1\"/></a>')", "obj[0].get('x')", "obj[0].set('x', '2')"),
    row("view of bytes", "raw = bytearray(b'abc'); obj = memoryview(raw)", "obj.obj is raw, bytes(obj)", "obj[0] = 65"),
    row("context manager", "import contextlib\n@contextlib.contextmanager\ndef obj(): yield 3", "obj().__enter__()"),
    row("partial method", "import functools\nclass K:\n    def f(self, a, b): return a - b\n    g = functools.partialmethod(f, 10)\nobj = K()", "obj.g(3)"),
    row("logger", "import logging\nobj = logging.getLogger('a.b')", "obj is logging.getLogger('a.b')"),
    row("chain of maps", "import collections\nobj = collections.ChainMap({'a': 1}, {'b': 2})", "dict(obj), len(obj.maps)", "obj['z'] = 1"),
    row("bounded deque", "import collections\nobj = collections.deque([1, 2], maxlen=2)", "list(obj), obj.maxlen", "obj.append(9)"),
    row("counter", "import collections\nobj = collections.Counter('aab')", "obj.most_common()", "obj['b'] += 4"),
    row("key by comparison", "import functools\nobj = functools.cmp_to_key(lambda a, b: b - a)", "sorted([1, 3, 2], key=obj)"),
    row("object behind a key", "import functools\nobj = functools.cmp_to_key(lambda a, b: b - a)([3])", "obj.obj"),
    row("codec of texts", "import codecs\nobj = codecs.lookup('utf-8')", "obj.name, obj.decode(b'a')"),
    row("views of an ordered dict", "import collections\nobj = collections.OrderedDict(b=1, a=2); obj = [obj.keys(), obj.items(), obj]", "list(obj[0]), list(obj[1]), obj[2]", "obj[2]['c'] = 3"),
    row("simple queue", "import queue\nobj = queue.SimpleQueue(); obj.put(1); obj.put([2]); _ = obj.get()", "obj.qsize()", "obj.put(3)"),
    row("part of bytes", "obj = memoryview(b'abcdef')[1:4]", "bytes(obj), obj.obj, obj.readonly"),
    row("part of a buffer", "raw = bytearray(b'abcdef'); obj = memoryview(raw)[2:4]", "obj.obj is raw, bytes(obj), obj.readonly", "obj[0] = 65"),
    row("every other element backwards", "import array\nobj = memoryview(array.array('i', range(6)))[4:0:-2]", "obj.tolist(), obj.obj.tolist()"),
    row("expression and match", "import re\nobj = re.match('a(b)', 'abc')", "obj.group(1), obj.span(1), obj.re.pattern"),
]  # fmt: skip
ARRAYS = [
    row("order of Fortran", "obj = np.asfortranarray(np.arange(6.0).reshape(2, 3))", "obj.flags.f_contiguous, obj.tolist()", "obj[0, 0] = 9"),
    row("read-only", "obj = np.arange(3); obj.setflags(write=False)", "obj.flags.writeable"),
    row("backwards", "obj = np.arange(8)[::-1]", "obj.strides, obj.tolist()", "obj[0] = 99"),
    row("fields", "a = np.zeros(3, [('x', 'f8'), ('y', 'i4')]); obj = [a, a['x']]", "np.shares_memory(*obj)", "obj[1][0] = 5"),
    row("a view before its owner", "a = np.arange(4.0); obj = [a[:, None], a]", "np.shares_memory(*obj), obj[0].shape", "obj[1][0] = 5"),
    row("no mask", "obj = np.ma.array([1, 2])", "obj.mask is np.ma.nomask", "obj[0] = np.ma.masked"),
    row("mask", "obj = np.ma.array([1, 2, 3], mask=[0, 1, 0], fill_value=9)", "obj.tolist(), int(obj.fill_value)", "obj[0] = 9"),
    row("subclass with an attribute", "class A(np.ndarray):\n    def __array_finalize__(self, other): self.unit = getattr(other, 'unit', None)\nobj = np.arange(3.0).view(A); obj.unit = ['m']", "type(obj).__name__, obj.unit, obj.tolist()", "obj.unit.append('s')"),
    row("limits of a type", "obj = np.finfo('f4')", "float(obj.eps), obj.dtype.name"),
    row("own number", "class Q(np.float64):\n    def twice(self): return 2 * float(self)\nobj = Q(3)", "obj.twice()"),
    row("function made element-wise", "obj = [np.frompyfunc(lambda a, b: a - b, 2, 1, identity=0), np.add]", "obj[0](5, 3), obj[0].identity, obj[1] is np.add, obj[0].nin"),
    row("broadcast", "obj = np.broadcast_to(np.arange(3), (4, 3))", "obj.strides[0], obj.shape"),
    row("objects", "obj = np.array([[1], {'a': 2}], dtype=object)", "obj.tolist()", "obj[0].append(1)"),
    row("mapped file", "np.arange(4.0).tofile('m.bin'); obj = np.memmap('m.bin', 'f8', 'r')", "type(obj).__name__, obj.tolist(), obj.mode"),
    row("part of a mapped file", "np.arange(4.0).tofile('m.bin'); whole = np.memmap('m.bin', 'f8', 'r+'); obj = whole[1:3]", "type(obj).__name__, obj.tolist(), np.shares_memory(obj, whole)"),
    row("private map of a file that was written to", "np.arange(4.0).tofile('m.bin'); obj = np.memmap('m.bin', 'f8', 'c'); obj[0] = 5", "type(obj).__name__, obj.tolist(), obj.mode", "obj[1] = 7"),
    row("generator", "obj = np.random.default_rng(5)", "obj.bit_generator.state['state']", "obj.random()"),
    row("own frame", "class F(pd.DataFrame):\n    _metadata = ['unit']\n    @property\n    def _constructor(self): return F\nobj = F({'a': [1, 2]}); obj.unit = ['m']", "type(obj).__name__, obj.unit, obj.to_dict()", "obj.loc[0, 'a'] = 5"),
    row("attributes of a frame", "obj = pd.DataFrame({'a': [1]}); obj.attrs['source'] = ['q']", "obj.attrs", "obj.attrs['source'].append(1)"),
    row("several levels", "obj = pd.DataFrame({'a': [1, 2]}, index=pd.MultiIndex.from_tuples([('x', 1), ('y', 2)]))", "obj.to_dict()", "obj.iloc[0, 0] = 9"),
    row("intervals", "obj = pd.cut(pd.Series([1, 2, 3]), 2)", "obj.astype(str).tolist()"),
    row("ordered categories", "obj = pd.Categorical(['a'], categories=['b', 'a'], ordered=True)", "obj.ordered, obj.categories.tolist()"),
    row("missing integers", "obj = pd.Series([1, None], dtype='Int64')", "obj.isna().tolist(), str(obj.dtype)", "obj.iloc[0] = 5"),
    row("periods", "obj = pd.period_range('2024-01', periods=2, freq='M')", "obj.astype(str).tolist()"),
    row("duplicate columns", "obj = pd.DataFrame([[1, 2]], columns=['a', 'a'])", "obj.to_numpy().tolist(), obj.columns.tolist()"),
]  # fmt: skip
NAMED = [
    ("filled cache", "import functools\n@functools.lru_cache\ndef obj(x): return x\nobj(1)"),
    ("finalizer", "import weakref\nclass K: pass\nk = K()\nobj = weakref.finalize(k, print)"),
    ("shared memory", "from multiprocessing.shared_memory import SharedMemory\nobj = SharedMemory(create=True, size=8); obj.close(); obj.unlink()"),
    ("held lock", "import threading\nobj = threading.Lock(); obj.acquire()"),
    ("pool at work", "from concurrent.futures import ThreadPoolExecutor\nobj = ThreadPoolExecutor(1); obj.shutdown()"),
    ("class of a made module", "import types, sys\nmade = types.ModuleType('made_here'); sys.modules['made_here'] = made\nexec('class K: pass', vars(made))\nobj = made.K()"),
    ("generator", "obj = (i for i in range(3))"),
    ("hash at work", "import hashlib\nobj = hashlib.sha256(b'x')"),
    ("socket", "import socket\nobj = socket.socket(); obj.close()"),
    ("file open for writing", "obj = open('w.txt', 'w')"),
    ("connection of two processes", "import multiprocessing\nobj, other = multiprocessing.Pipe()\ndel other"),
    ("list in shared memory", "from multiprocessing import shared_memory\nobj = shared_memory.ShareableList([1]); obj.shm.close(); obj.shm.unlink()"),
    ("process that runs", "import subprocess\nobj = subprocess.Popen(['true'])"),
    ("file in the middle of a loop", "open('f.txt', 'w').write('a\\nb\\n'); obj = open('f.txt'); _ = next(obj)"),
    ("timer", "import threading\nobj = threading.Timer(1, print)"),
    ("own thread", "import threading\nclass T(threading.Thread): pass\nobj = T()"),
]  # fmt: skip


def check(new_notebook, case, before=""):
    one = new_notebook()
    one.run(before + case.source)
    expected = repr(one.ask(f"({case.seen},)"))
    taken = one.snapshots.take()
    assert taken.variables["obj"].state in ("saved", "recompute"), taken.variables["obj"].reason
    again = one.snapshots.take()
    assert again.variables["obj"].digest == taken.variables["obj"].digest
    one.snapshots.flush()
    fresh = new_notebook()
    fresh.run(before)
    done = fresh.snapshots.restore(taken.id)
    assert done.not_restored.keys() <= {"_", "k"}
    assert repr(fresh.ask(f"({case.seen},)")) == expected
    if case.change:
        one.run(case.change)
        assert one.snapshots.take().variables["obj"].digest != taken.variables["obj"].digest


@pytest.mark.parametrize("case", [*PLAIN, *STANDARD], ids=lambda case: case.name)
def test_it_comes_back_as_it_was(new_notebook, case):
    check(new_notebook, case)


@pytest.mark.parametrize("case", ARRAYS, ids=lambda case: case.name)
def test_it_comes_back_as_it_was_with_numpy_and_pandas(new_notebook, case):
    check(new_notebook, case, "import numpy as np, pandas as pd\n")


@pytest.mark.parametrize(("what", "source"), NAMED, ids=[what for what, _ in NAMED])
def test_it_is_named_when_the_snapshot_is_taken(notebook, what, source):
    notebook.run(source + "\ngood = [1]")
    taken = notebook.snapshots.take()
    assert taken.variables["obj"].state == "not_restorable", what
    assert taken.variables["obj"].reason
    assert taken.variables["good"].state == "saved"
