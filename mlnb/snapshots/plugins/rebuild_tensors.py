"""How what `tensors` saved is made anew. Streams on disk name these functions, as those of `rebuild`: they stay for ever."""

from __future__ import annotations

import importlib
from typing import Any

from mlnb.snapshots.plugins import rebuild


def storage(memory: Any, size_bytes: int) -> Any:  # noqa: ANN401
    """Memory of tensors with the bytes of `memory`."""
    torch = importlib.import_module("torch")
    made = torch.UntypedStorage(size_bytes)
    if size_bytes:
        made.copy_(_over(memory))
    return made


def storage_of_array(owner: Any, size_bytes: int) -> Any:  # noqa: ANN401
    """The memory of a numpy array, for tensors that stand on it too."""
    return _over(rebuild.flat_bytes(owner)[:size_bytes])


def storage_in_array(owner: Any, offset: int, size_bytes: int) -> Any:  # noqa: ANN401
    """A part of the memory of a numpy array, for tensors that stand on it (``torch.from_numpy(array[2:])``)."""
    return _over(_bytes_of(owner)[offset : offset + size_bytes])


def array_on_storage(  # the arguments are the format
    memory: Any,  # noqa: ANN401
    offset: int,
    dtype: Any,  # noqa: ANN401
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    is_writeable: bool,
) -> Any:  # noqa: ANN401
    """A numpy array on the storage `memory`, `offset` bytes behind its beginning."""
    torch = importlib.import_module("torch")
    numpy = importlib.import_module("numpy")
    size = dtype.itemsize + sum((count - 1) * stride for count, stride in zip(shape, strides, strict=True))
    flat = torch.empty(0, dtype=torch.uint8).set_(memory, offset, (size,), (1,)).numpy()
    made = numpy.ndarray(shape, dtype, buffer=flat, strides=strides)
    made.flags.writeable = is_writeable
    return made


def _bytes_of(owner: Any) -> Any:  # noqa: ANN401
    flat = owner.base  # of an array rebuilt here: writeable, though the array itself may be frozen
    is_flat = getattr(flat, "dtype", None) == "u1" and isinstance(flat.base, rebuild.Memory | memoryview)
    return flat if is_flat else rebuild.flat_bytes(owner)


def _over(memory: Any) -> Any:  # noqa: ANN401
    torch = importlib.import_module("torch")
    view = memoryview(memory)
    return torch.frombuffer(bytearray(view) if view.readonly else memory, dtype=torch.uint8).untyped_storage()


def tensor(  # the arguments are the format
    memory: Any,  # noqa: ANN401
    dtype: Any,  # noqa: ANN401
    offset: int,
    shape: tuple[int, ...],
    strides: tuple[int, ...],
    cls: Any,  # noqa: ANN401
    requires_grad: bool,
) -> Any:  # noqa: ANN401
    """A tensor on the storage `memory`; `fill_tensor` gives it its gradient."""
    torch = importlib.import_module("torch")
    made = torch.empty(0, dtype=dtype).set_(memory, offset, shape, strides)
    if cls is torch.nn.Parameter:
        return torch.nn.Parameter(made, requires_grad)
    made = made if cls is torch.Tensor else made.as_subclass(cls)
    return made.requires_grad_(requires_grad)


def fill_tensor(made: Any, state: tuple[Any, dict[str, Any]]) -> Any:  # noqa: ANN401
    """The gradient and attributes that somebody set."""
    gradient, attributes = state
    if gradient is not None:
        made.grad = gradient
    vars(made).update(attributes)
    return made


def generator(device: str, state: Any) -> Any:  # noqa: ANN401
    """A random generator in this state."""
    made = importlib.import_module("torch").Generator(device)
    made.set_state(state)
    return made
