"""The codecs in use: plug-ins of ``mlnb.codecs``, the one for everything last."""

from __future__ import annotations

import functools

from mlnb.core import registry
from mlnb.core.errors import MlnbError
from mlnb.snapshots.plugins.pickled import PickleCodec
from mlnb.snapshots.ports import Codec

GROUP = "mlnb.codecs"


@functools.cache
def codec_named(name: str) -> Codec:
    """The codec `name`.

    Raises:
        NotFound: there is no such plug-in here.
        Unavailable: it cannot be imported.
    """
    if name == PickleCodec.name:
        return PickleCodec()
    made: Codec = registry.load(GROUP, name)()
    return made


@functools.cache
def codecs() -> tuple[Codec, ...]:
    """All codecs that can be used here, in the order they are asked. A plug-in that cannot be imported is passed over."""
    found: list[Codec] = []
    for name in registry.names(GROUP):
        if name == PickleCodec.name:
            continue
        try:
            found.append(codec_named(name))
        except MlnbError:
            continue
    return (*found, codec_named(PickleCodec.name))
