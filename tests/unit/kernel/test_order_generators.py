"""The states of the global random generators: equal when they will draw the same, else different."""

from __future__ import annotations

import random

import pytest

from mlnb.kernel.order_generators import NumpyState, PythonState


@pytest.fixture
def python_state():
    kept = random.getstate()
    yield PythonState()
    random.setstate(kept)


@pytest.fixture
def numpy_random():
    numpy = pytest.importorskip("numpy")
    kept, source = numpy.random.get_state(legacy=False), numpy.random.get_bit_generator()
    yield numpy.random
    numpy.random.set_bit_generator(source)
    numpy.random.set_state(kept)


@pytest.mark.parametrize(
    "draw",
    [random.random, lambda: random.gauss(0, 1), lambda: random.shuffle([1, 2, 3]), lambda: random.getrandbits(1)],
)
def test_every_draw_of_python_shows(python_state, draw):
    random.seed(3)
    start = python_state()
    seen = [start]
    for _ in range(3):
        draw()
        seen.append(python_state())
    assert len(set(seen)) == 4
    random.seed(3)
    assert python_state() == start


def test_a_state_of_python_that_is_put_back_is_the_same(python_state):
    random.gauss(0, 1)
    kept, start = random.getstate(), python_state()
    random.gauss(0, 1)  # the second of a pair: the words are the same
    assert python_state() != start
    random.setstate(kept)
    assert python_state() == start


@pytest.mark.parametrize("draw", ["rand", "randn", "standard_cauchy", "exponential"])
def test_every_draw_of_numpy_shows(numpy_random, draw):
    state = NumpyState()
    numpy_random.seed(3)
    start = state()
    seen = [start]
    for _ in range(4):
        getattr(numpy_random, draw)()
        seen.append(state())
    assert len(set(seen)) == 5
    numpy_random.seed(3)
    assert state() == start


def test_what_numpy_remembers_of_a_distribution_is_no_state(numpy_random):
    state = NumpyState()
    numpy_random.seed(3)
    start = state()
    numpy_random.binomial(100, 0.3)
    numpy_random.seed(3)
    assert state() == start


def test_a_generator_of_another_kind_in_numpys_place_is_told_as_well(numpy_random):
    state = NumpyState()
    numpy_random.seed(3)
    start = state()
    numpy_random.set_bit_generator(numpy_random.PCG64(3))
    seen = [start, state()]
    numpy_random.rand()
    seen.append(state())
    assert len(set(seen)) == 3


def test_both_are_told_by_memory_here(numpy_random, python_state):
    state = NumpyState()
    state()
    assert python_state.is_told_by_memory
    assert state.is_told_by_memory
