"""`mlnb.core.records.dataclass` does what the standard library's does."""

from __future__ import annotations

import copy
import dataclasses
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlnb.core import records


def declare(dataclass):
    """Classes of every shape that mlnb has, made by `dataclass`."""

    @dataclass
    class Changing:
        a: int
        b: list[int] = dataclasses.field(default_factory=list)

    @dataclass(frozen=True)
    class Frozen:
        """With a text."""

        a: int
        b: str = "b"
        c: dict[str, int] = dataclasses.field(default_factory=dict, hash=False)
        quiet: int = dataclasses.field(default=0, compare=False)
        hidden: int = dataclasses.field(default=0, repr=False)

        @property
        def both(self):
            return f"{self.a}{self.b}"

    @dataclass(frozen=True)
    class Heir(Frozen):
        d: float = 0.5

    @dataclass(frozen=True, slots=True)
    class Slim:
        a: int
        b: tuple[int, ...] = ()

    @dataclass(slots=True)
    class SlimChanging:
        a: int
        b: int = 2

    @dataclass(frozen=True)
    class Own:
        a: int

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 7

        def __repr__(self):
            return "own"

    @dataclass
    class Named:
        a: int
        b: int = dataclasses.field(default=3, kw_only=True)
        made: int = dataclasses.field(default=4, init=False)

    @dataclass(frozen=True)
    class Checked:
        a: int

        def __post_init__(self):
            if self.a < 0:
                raise ValueError("negative")

    return [Changing, Frozen, Heir, Slim, SlimChanging, Own, Named, Checked]


PAIRS = list(zip(declare(records.dataclass), declare(dataclasses.dataclass), strict=True))
NAMES = [ours.__name__ for ours, _ in PAIRS]


def outcome(do):
    """What `do` gives, or the kind of its error."""
    try:
        return do()
    except Exception as error:
        return type(error)


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
@given(first=st.integers(-2, 2), second=st.integers(-2, 2), more=st.lists(st.integers(-2, 2), max_size=2))
def test_values_are_made_compared_hashed_and_shown_alike(pair, first, second, more):
    ours, theirs = pair
    made = [outcome(lambda kind=kind: kind(first, *more)) for kind in pair]
    assert isinstance(made[0], ours) == isinstance(made[1], theirs)
    if not isinstance(made[0], ours):
        assert made[0] == made[1]
        return
    others = [outcome(lambda kind=kind: kind(a=second)) for kind in pair]
    told = [
        (
            repr(one),
            one == other,
            one == 1,
            outcome(lambda one=one: hash(one)),
            outcome(lambda one=one: setattr(one, "a", 5)),
            outcome(lambda one=one: delattr(one, "a")),
            outcome(lambda one=one: setattr(one, "strange", 5)) is None,
            outcome(lambda one=one: one.a),
        )
        for one, other in zip(made, others, strict=True)
    ]
    assert told[0] == told[1]


@pytest.mark.parametrize("pair", PAIRS, ids=NAMES)
def test_the_rest_of_dataclasses_works_with_them(pair):
    told = []
    for kind in pair:
        one = kind(1)
        other = dataclasses.replace(one, a=2)
        told.append(
            (
                dataclasses.asdict(other),
                [field.name for field in dataclasses.fields(kind)],
                kind.__match_args__,
                kind.__dataclass_params__.frozen,
                copy.copy(other).a,
                copy.deepcopy(other) == other,
                hasattr(one, "__dict__"),
                outcome(lambda kind=kind: kind()),
                outcome(lambda kind=kind: kind(1, strange=2)),
            )
        )
    assert told[0] == told[1]


@records.dataclass(frozen=True, slots=True)
class Slim:
    a: int
    b: str = "b"


@records.dataclass(frozen=True)
class Whole:
    a: int
    slim: Slim


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_values_that_cannot_be_changed_go_through_a_pickle(protocol):
    one = Whole(1, Slim(2, "c"))
    assert pickle.loads(pickle.dumps(one, protocol)) == one


def test_only_the_heir_of_a_frozen_class_may_not_be_changed():
    with pytest.raises(TypeError):

        @records.dataclass
        class Changing(Whole):
            more: int = 0


def test_a_value_that_holds_itself_is_shown():
    @records.dataclass
    class Node:
        next: object = None

    node = Node()
    node.next = node
    assert repr(node).endswith("Node(next=...)")
