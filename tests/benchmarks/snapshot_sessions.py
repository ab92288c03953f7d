"""The notebooks whose states are kept: frames, fitted models, arrays that share memory, many small objects, and what does not pickle.

`SCALE` is set before the first cell; 1 makes them about as large as people's notebooks are. The goals were set on notebooks of these sizes:
148 MB of frames; arrays of 80 MB whose views make 284 MB of a dump, and of which little changes; 250 000 small objects; 8 MB in
60 variables of many kinds, half of which is held twice or repeats itself.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Session:
    """A notebook: what it is about, the shares of cloudpickle's pause that are the goal (p50, p95, all cells at once), and its cells."""

    title: str
    goals: tuple[float, float, float]
    disk: float
    cells: tuple[str, ...]

    @property
    def middle(self) -> int:
        """The cell to whose state is gone back."""
        return len(self.cells) // 2


FRAMES = """
import numpy as np, pandas as pd
rng = np.random.default_rng(0); n = int(1_600_000 * SCALE)
#
df = pd.DataFrame({c: rng.random(n) for c in 'abcdefgh'}); df['key'] = rng.integers(0, 500, n)
#
df['text'] = np.char.add('K-', rng.integers(0, 20_000, n).astype('U5'))
#
df.head()
#
df['sum'] = df['a'] + df['b']
#
by_key = df.groupby('key')['sum'].mean()
#
top = by_key.nlargest(20)
#
other = df
#
df = df.rename(columns={'c': 'renamed'})
#
df['a'] = df['a'].clip(0.1, 0.9)
#
part = df[df['sum'] > 1.5]
#
summary = {'top': top, 'n': len(df)}
#
df = df.drop(columns=['h'])
#
corr = df[['a', 'b', 'sum']].corr()
"""
MODELS = """
import numpy as np
from sklearn.datasets import make_classification
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.preprocessing import StandardScaler
#
X, y = make_classification(int(40_000 * SCALE), 40, n_informative=12, random_state=0)
#
scaler = StandardScaler().fit(X); Z = scaler.transform(X)
#
models = {'linear': LogisticRegression(max_iter=50).fit(Z, y)}
#
forest = models['forest'] = RandomForestClassifier(30, max_depth=12, random_state=0).fit(X[:10_000], y[:10_000])
#
scores = {name: float(model.score(Z[:5_000], y[:5_000])) for name, model in models.items()}
#
half = len(Z) // 2
steps = SGDClassifier(random_state=0); _ = steps.partial_fit(Z[:half], y[:half], classes=np.unique(y))
#
_ = steps.partial_fit(Z[half:], y[half:])
#
forest.set_params(warm_start=True, n_estimators=34); _ = forest.fit(X[:10_000], y[:10_000])
#
ranked = sorted(zip(forest.feature_importances_, range(40)), reverse=True)[:10]
"""
ARRAYS = """
import numpy as np
rng = np.random.default_rng(0)
#
a = rng.random((int(8_000 * SCALE), 1000))
#
flat = a.reshape(-1); turned = a.T
#
left, right = a[:, :500], a[:, 500:]
#
row = a[3]; wide = np.broadcast_to(row, (50, row.size))
#
row[:] = 0
#
b = a[: len(a) // 8] * 2
#
views = [b[i] for i in range(20)]; corner = b[:10, :10]
#
views[4][:] = 1
#
c = b.copy(); c += 1
#
b[::7] *= 2
#
mean, spread = a.mean(), a.std()
#
flat[: len(flat) // 16] += 1
#
b[:100] += 1
#
frozen = a[10:20].copy(); frozen.flags.writeable = False
#
records = np.zeros(1000, [('x', 'f8'), ('y', 'i4')]); xs = records['x']; ys = records['y']
#
xs[:] = rng.random(1000); ys[5] = 7
#
del c
"""
OBJECTS = """
import random; random.seed(1); n = int(30_000 * SCALE)
#
docs = [{'id': i, 'words': [f'w{random.randrange(5000)}' for _ in range(5)]} for i in range(n)]
#
index = {}
for d in docs:
    for w in d['words']: index.setdefault(w, []).append(d['id'])
#
class Node:
    def __init__(self, v): self.v, self.next = v, []
class Point:
    __slots__ = ('x', 'y')
    def __init__(self, x, y): self.x, self.y = x, y
#
nodes = [Node(i) for i in range(n // 4)]
for i, one in enumerate(nodes[1:]): nodes[i // 3].next.append(one)
#
points = [Point(i, -i) for i in range(n // 4)]; nearest = {p.x: p for p in points[:1000]}
#
docs[5]['words'].append('new')
#
count = {w: len(v) for w, v in index.items()}
#
nodes[7].v = 'changed'
#
points[3].y = 0
#
some = docs[:100]
#
x = 1
#
pairs = {(i, str(i)) for i in range(n // 4)}
#
rows = [(i, i / 7, str(i)) for i in range(n // 4)]
#
best = max(count, key=count.get)
"""
UNPICKLABLES = """
import contextvars, enum, functools, io, itertools, logging, operator, re, sqlite3, threading, types, weakref
import collections, datetime, decimal, fractions, pathlib, queue, uuid
import numpy as np, pandas as pd
from matplotlib.figure import Figure
n = int(250_000 * SCALE)
#
data = np.random.default_rng(0).random(n); first_half, second_half = data[: n // 2], data[n // 2 :]
#
words = [f'word{i % 999}' for i in range(n // 2)]; text = ' '.join(words)
#
frame = pd.DataFrame({'group': np.arange(n) % 50, 'count': np.arange(n) // 7})
#
lock = threading.Lock(); event = threading.Event(); jobs = queue.Queue(); jobs.put(1); names = ['a', 'b']
#
doubled = lambda x: 2 * x
add_two = functools.partial(operator.add, 2); by_name = operator.itemgetter('a'); counting = itertools.count(3); next(counting)
#
numbers = (i * i for i in range(10)); first = next(numbers)
#
handle = open('bench.txt', 'w+'); _ = handle.write('some text'); handle.flush()
reader = open('bench.txt'); memory_file = io.StringIO('in memory')
#
base = sqlite3.connect(':memory:'); _ = base.execute('create table t (x)')
cursor = base.execute('select * from t')
#
@functools.lru_cache
def slow(x): return x + first
three = slow(3)
#
class Box:
    def __init__(self): self.lock, self.data = threading.Lock(), data
class Colour(enum.Enum): RED, GREEN = 1, 2
class Slim: __slots__ = ('x', '__weakref__')
box, red, slim = Box(), Colour.RED, Slim(); slim.x = 5; weak = weakref.ref(slim)
#
def counter():
    n = 0
    def up():
        nonlocal n
        n += 1
        return n
    return up
up = counter(); one = up()
#
fig = Figure(); axes = fig.subplots(); lines = axes.plot(data[:100])
#
data[:10] = 0
#
found = re.compile(r'(a+)').match('aab'); keys = {'a': 1}.keys(); proxy = types.MappingProxyType({'a': 1}); window = memoryview(b'abc')
#
variable = contextvars.ContextVar('v'); token = variable.set(1); log = logging.getLogger('bench'); error = ValueError('no')
#
Pair = collections.namedtuple('Pair', 'x y'); pair = Pair(1, 2); last = collections.deque([1, 2], 2)
counted = collections.Counter(words[:50])
when = datetime.datetime(2026, 1, 1); price = decimal.Decimal('1.1'); half = fractions.Fraction(1, 2)
here = pathlib.Path('bench.txt'); key = uuid.UUID(int=1)
#
thread = threading.Thread(target=doubled, args=(1,)); thread.start(); thread.join()
#
total = float(data.sum()); sums = frame.groupby('group')['count'].sum()
#
cells = {'up': up, 'box': box}; del cells
"""


def _cells(text: str) -> tuple[str, ...]:
    return tuple(cell.strip("\n") for cell in text.strip().split("\n#\n"))


SESSIONS = {
    "frames": Session("frames of pandas", (0.04, 0.04, 0.25), 0.6, _cells(FRAMES)),
    "models": Session("models of scikit-learn", (0.06, 0.08, 0.4), 0.9, _cells(MODELS)),
    "arrays": Session("arrays that share memory", (0.04, 0.04, 0.08), 0.4, _cells(ARRAYS)),
    "objects": Session("small objects", (0.3, 0.3, 1.0), 1.5, _cells(OBJECTS)),
    "unpicklables": Session("what does not pickle", (0.15, 0.4, 0.8), 0.5, _cells(UNPICKLABLES)),
}
