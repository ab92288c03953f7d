"""The notebooks whose states are kept: frames, fitted models, arrays that share memory, many small objects, and what does not pickle.

`SCALE` is set before the first cell; 1 makes them about as large as people's notebooks are.
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
a = np.random.default_rng(0).random((int(16_000 * SCALE), 1000))
#
row = a[3]; turned = a.T; wide = np.broadcast_to(a[0], (50, a.shape[1]))
#
row[:] = 0
#
b = a[: len(a) // 2] * 2
#
views = [b[i] for i in range(20)]
#
views[4][:] = 1
#
c = b.copy(); c += 1
#
a[::7] *= 2
#
mean = a.mean()
#
b[:100] += 1
#
frozen = a[10:20].copy(); frozen.flags.writeable = False
#
del c
"""
OBJECTS = """
import random; random.seed(1); n = int(100_000 * SCALE)
#
docs = [{'id': i, 'words': [f'w{random.randrange(5000)}' for _ in range(5)]} for i in range(n)]
#
index = {}
for d in docs:
    for w in d['words']: index.setdefault(w, []).append(d['id'])
#
class Node:
    def __init__(self, v): self.v, self.next = v, []
#
nodes = [Node(i) for i in range(n // 4)]
for i, one in enumerate(nodes[1:]): nodes[i // 3].next.append(one)
#
docs[5]['words'].append('new')
#
count = {w: len(v) for w, v in index.items()}
#
nodes[7].v = 'changed'
#
some = docs[:100]
#
x = 1
#
pairs = {(i, str(i)) for i in range(n // 4)}
"""
UNPICKLABLES = """
import io, re, sqlite3, threading, numpy as np
from functools import lru_cache
data = np.random.default_rng(0).random(int(1_000_000 * SCALE))
#
lock = threading.Lock(); names = ['a', 'b']
#
doubled = lambda x: 2 * x
#
numbers = (i * i for i in range(10)); first = next(numbers)
#
handle = open('bench.txt', 'w+'); _ = handle.write('some text'); handle.flush()
#
base = sqlite3.connect(':memory:'); _ = base.execute('create table t (x)')
#
@lru_cache
def slow(x): return x + first
slow(3)
#
class Box:
    def __init__(self): self.lock, self.data = threading.Lock(), data
box = Box()
#
def counter():
    n = 0
    def up():
        nonlocal n
        n += 1
        return n
    return up
up = counter(); up()
#
data[:10] = 0
#
found = re.compile(r'(a+)').match('aab'); keys = {'a': 1}.keys()
#
total = float(data.sum())
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
