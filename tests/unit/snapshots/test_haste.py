"""What waits for a restore, and what Python does with garbage meanwhile."""

from __future__ import annotations

import gc
import threading

import pytest

from mlnb.snapshots.plugins import haste


def test_who_waits_goes_on_after_the_restore():
    went = threading.Event()

    def wait():
        haste.wait_until_calm()
        went.set()

    with haste.in_haste():
        thread = threading.Thread(target=wait)
        thread.start()
        assert not went.is_set()
    assert went.wait(60)
    thread.join()


def test_an_error_ends_the_haste_too():
    with pytest.raises(ValueError, match="no"), haste.in_haste():
        raise ValueError("no")
    haste.wait_until_calm()
    assert gc.isenabled()


@pytest.mark.parametrize("was_on", [True, False])
def test_looking_for_garbage_is_as_it_was_afterwards(was_on):
    before = gc.isenabled()
    try:
        (gc.enable if was_on else gc.disable)()
        with haste.without_collecting(), haste.without_collecting():
            assert not gc.isenabled()
        assert gc.isenabled() is was_on
    finally:
        (gc.enable if before else gc.disable)()


def test_what_somebody_froze_stays_frozen():
    gc.freeze()
    try:
        frozen = gc.get_freeze_count()
        assert frozen
        with haste.without_collecting():
            made = [[number] for number in range(100)]
        assert gc.get_freeze_count() >= frozen - len(made)
    finally:
        gc.unfreeze()


def test_garbage_that_was_made_meanwhile_is_found():
    class Node:
        gone = 0

        def __del__(self):
            Node.gone += 1

    with haste.without_collecting():
        node = Node()
        node.self = node
        del node
    gc.collect()
    assert Node.gone == 1
