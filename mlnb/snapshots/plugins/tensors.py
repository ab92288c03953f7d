"""How tensors of torch are taken apart, so that tensors on one storage are on one storage again, and gradients are not lost.

torch is met when the notebook has imported it; it is never imported from here. What is not a plain tensor in main memory (sparse,
quantized, on a device) is left to torch's own pickling, and compared as everything else.
"""

from __future__ import annotations

import ctypes
import pickle
import sys
from collections.abc import Mapping
from typing import Any

import xxhash

from mlnb.snapshots.errors import CannotSave
from mlnb.snapshots.plugins import arrays, rebuild_tensors
from mlnb.snapshots.plugins.walk import Print, Session, Walk, type_name

Reduced = Any


def visit(walk: Walk, item: Any, kind: type) -> bool:  # noqa: ANN401
    """What a walk does at tensors, their storages and generators; whether `item` is one of these."""
    torch = _torch()
    if torch is None:
        return False
    if isinstance(item, torch.Tensor) and _is_plain(torch, item):
        _visit_tensor(walk, item, kind)
    elif kind is torch.UntypedStorage and item.device.type == "cpu":
        walk.claim(item)
        walk.feed(b"Zs%d;" % item.nbytes())
        _visit_storage(walk, item, item, item.data_ptr(), ())
    elif kind is torch.Generator:
        walk.claim(item)
        walk.push("generator", str(item.device), bytes(memoryview(item.get_state().numpy())))
    else:
        return False
    return True


def reduce(item: Any, owners: Mapping[int, object]) -> Reduced:  # noqa: ANN401
    """How a tensor, a storage or a generator is saved; NotImplemented for anything else.

    Args:
        item: any object.
        owners: arrays by the address of their memory; a tensor may stand on one.

    Raises:
        CannotSave: it is the result of a computation whose gradient is asked for, which is not kept.
    """
    torch = _torch()
    if torch is None:
        return NotImplemented
    if isinstance(item, torch.Tensor) and _is_plain(torch, item):
        return _reduce_tensor(item)
    if type(item) is torch.UntypedStorage and item.device.type == "cpu":
        owner, offset = _array_around(torch, owners, item.data_ptr(), item.nbytes())
        if owner is not None:
            return rebuild_tensors.storage_in_array, (owner, offset, item.nbytes())
        return rebuild_tensors.storage, (pickle.PickleBuffer(_bytes_of(item)) if item.nbytes() else b"", item.nbytes())
    if type(item) is torch.Generator:
        return rebuild_tensors.generator, (str(item.device), item.get_state())
    return NotImplemented


def reduce_array(array: Any) -> Reduced:  # noqa: ANN401
    """How an array that was made of a tensor is saved (``tensor[1:].numpy()``): on the tensor's storage; else NotImplemented."""
    torch = _torch()
    if torch is None or type(array) is not arrays.numpy().ndarray or not array.size:
        return NotImplemented
    base = array.base
    if not isinstance(base, torch.Tensor) or not _is_plain(torch, base):
        return NotImplemented
    if any(stride < 0 for stride in array.strides) or array.dtype.kind not in arrays.PLAIN_KINDS:
        return NotImplemented
    storage = base.untyped_storage()
    where = (arrays.address(array) - storage.data_ptr(), array.dtype, array.shape, array.strides)
    return rebuild_tensors.array_on_storage, (storage, *where, bool(array.flags.writeable))


def claim_memories(prints: Mapping[str, Print], session: Session) -> None:
    """A storage that begins inside the memory of an array, or an array inside a storage, is claimed with what it lies in."""
    if _torch() is None:
        return
    storages = [(place[1], place[1] + place[2]) for place in session.memories if place[0] == "storage"]
    owned = [(at, at + owner.nbytes) for at, owner in session.owners.items() if arrays.is_array(owner)]  # type: ignore[attr-defined]  # an array
    first = until = -1
    for beginning, end in sorted(storages + owned):
        if beginning >= until:
            first = beginning
        until = max(until, end)
        for found in prints.values() if beginning != first else ():
            if -beginning in found.claims:
                found.claims.setdefault(-first, found.claims[-beginning])


def _array_around(torch: Any, owners: Mapping[int, object], place: int, size: int) -> tuple[Any, int]:  # noqa: ANN401
    """The array in whose memory lie the `size` bytes at the address `place`, and how far behind its beginning; or None."""
    for beginning, owner in owners.items() if size else ():
        if beginning <= place and arrays.is_array(owner) and place + size <= beginning + owner.nbytes:  # type: ignore[attr-defined]  # an array
            can_be = arrays.is_base(owner) and not isinstance(owner.base, torch.Tensor)  # type: ignore[attr-defined]
            return (owner, place - beginning) if can_be else (None, 0)
    return None, 0


def _torch() -> Any:  # noqa: ANN401
    torch = sys.modules.get("torch")
    return torch if hasattr(torch, "UntypedStorage") and hasattr(torch, "Generator") else None


def _is_plain(torch: Any, item: Any) -> bool:  # noqa: ANN401
    return bool(
        item.device.type == "cpu"
        and item.layout == torch.strided
        and not item.is_quantized
        and not item.is_conj()
        and not item.is_neg()
        and not item.is_nested
        and type(item).__reduce_ex__ in (torch.Tensor.__reduce_ex__, torch.nn.Parameter.__reduce_ex__)
        and type(item).__name__
        not in ("FakeTensor", "FunctionalTensor", "UninitializedParameter", "UninitializedBuffer")
    )


def _reduce_tensor(item: Any) -> Reduced:  # noqa: ANN401
    if item.grad_fn is not None:
        raise CannotSave("it is a tensor with a gradient function, which lives in this kernel only; detach() it")
    if item._backward_hooks:
        raise CannotSave("it is a tensor with hooks, which live in this kernel only")
    where = (item.dtype, item.storage_offset(), tuple(item.size()), tuple(item.stride()))
    arguments = (item.untyped_storage(), *where, type(item), bool(item.requires_grad))
    return rebuild_tensors.tensor, arguments, (item.grad, dict(vars(item))), None, None, rebuild_tensors.fill_tensor


def _visit_tensor(walk: Walk, item: Any, kind: type) -> None:  # noqa: ANN401
    walk.claim(item)
    walk.feed(b"Z%s;" % type_name(kind).encode())
    size, strides = tuple(item.size()), tuple(item.stride())
    walk.feed(repr((str(item.dtype), size, strides, bool(item.requires_grad))).encode())
    if item.grad_fn is not None or item._backward_hooks:
        walk.opaque(item)
    storage = item.untyped_storage()
    _visit_storage(walk, item, storage, storage.data_ptr() + item.storage_offset() * item.element_size(), strides)
    walk.push(kind, item.grad, *(part for name in sorted(vars(item)) for part in (name, vars(item)[name])))


def _visit_storage(walk: Walk, item: Any, storage: Any, place: int, strides: tuple[int, ...]) -> None:  # noqa: ANN401
    size, beginning = storage.nbytes(), storage.data_ptr()
    if not size:
        return
    walk.session.kept.append(storage)
    if beginning not in walk.memories:
        walk.feed(_content(walk, storage))
        walk.found.size_bytes += size
    walk.claim_memory(item, beginning, place, strides)


def _content(walk: Walk, storage: Any) -> bytes:  # noqa: ANN401
    place = ("storage", storage.data_ptr(), storage.nbytes())
    known = walk.session.memories.get(place)
    if known is None:
        known = walk.session.memories[place] = xxhash.xxh3_128_digest(_bytes_of(storage))
    return known


def _bytes_of(storage: Any) -> Any:  # noqa: ANN401
    """The memory of `storage` as it is, which lives as long as what this returns."""
    made: Any = (ctypes.c_char * storage.nbytes()).from_address(storage.data_ptr())
    made.kept_alive = storage
    return made
