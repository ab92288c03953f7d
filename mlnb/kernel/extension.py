"""Puts the kernel half into a shell (``%load_ext mlnb``) and takes it out again. Nothing here ever raises into a cell."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlnb.core import current
from mlnb.kernel import door, order_files, registry
from mlnb.kernel.comm import Comms
from mlnb.kernel.log import log_text, logged
from mlnb.kernel.magics import MlnbMagics
from mlnb.kernel.order import KernelOrder
from mlnb.kernel.order_between import Between
from mlnb.kernel.order_ladder import ladder_from_surroundings

if TYPE_CHECKING:
    from mlnb.kernel.snapshots import KernelSnapshots
    from mlnb.kernel.snapshots_asked import Asked


class Loaded:
    """What is in one shell.

    Args:
        shell: an IPython InteractiveShell.
    """

    def __init__(self, shell: Any) -> None:  # noqa: ANN401 - untyped by its library
        self.shell = shell
        self.between = Between(shell)
        self.order = KernelOrder(shell, ladder_from_surroundings(registry.own_notebook()), between=self.between)
        self.comms = Comms(shell, self.order.let_go, self.between.explain)
        self.snapshots: KernelSnapshots | None = None
        self.asked: Asked | None = None
        self._hooks: list[tuple[str, Callable[..., None]]] = [
            ("pre_run_cell", self.order.before_run),
            ("post_run_cell", self.order.after_run),
        ]

    def enter(self) -> None:
        """Put everything in, each part on its own: one that fails does not take the others along."""
        with logged("load: settings of MLflow"):
            from mlnb.kernel import runs  # noqa: PLC0415 - only when needed

            runs.prepare()
        with logged("load: order"):
            current.fill("order", self.order)
            self.between.register(self.order.tell)
            for event, hook in self._hooks:
                self.shell.events.register(event, hook)
            self.shell.ast_transformers.append(self.order)
            self._open_door()
        with logged("load: snapshots"):
            self._load_snapshots()
        with logged("load: magics"):
            self.shell.register_magics(MlnbMagics(self.shell, self.order))
        with logged("load: comm"):
            self.comms.register()
            self.order.listeners.append(lambda: self.comms.tell("order_changed"))
        with logged("load: registry"):
            registry.enter(self.shell)

    def leave(self) -> None:
        """Take everything out again."""
        for event, hook in self._hooks:
            with logged("unload: hooks"):
                self.shell.events.unregister(event, hook)
        with logged("unload: what runs between cells"):
            self.between.unregister()
        with logged("unload: transformer"):
            self.shell.ast_transformers.remove(self.order)
        with logged("unload: the rest"):
            self.order.abandon_run()
            order_files.leave()
            self.comms.unregister()
            for magics in ("line", "cell"):
                self.shell.magics_manager.magics[magics].pop("mlnb", None)
            if self.snapshots is not None:
                self.snapshots.close()
            if self.asked is not None:
                self.asked.detach()
            registry.leave(registry.folder() / f"{os.getpid()}.json", os.getpid())
        for area in ("order", "snapshots"):
            current.clear(area)
        for name in [
            name for name in door.names() if name == "hello" or name.startswith(("notebook.", "order.", "snapshots."))
        ]:
            door.unregister(name)

    def _load_snapshots(self) -> None:
        from mlnb.kernel.snapshots import KernelSnapshots  # noqa: PLC0415 - only when needed
        from mlnb.kernel.snapshots_asked import Asked  # noqa: PLC0415 - only when needed
        from mlnb.kernel.snapshots_data import sources_of  # noqa: PLC0415 - only when needed

        self.asked = Asked(self.shell, lambda: self.order.mode != "off", lambda text: log_text("snapshots", text))
        self.asked.attach()
        self.snapshots = KernelSnapshots(
            self.shell,
            _env_id,
            notebook=registry.own_notebook,
            log=lambda text: log_text("snapshots", text),
            sources=lambda: sources_of(self.order, self.asked),
        )
        self.snapshots.place.listeners.append(self.comms.tell)
        self.snapshots.place.knowers.append(self.order)
        current.fill("snapshots", self.snapshots)
        with logged("load: MLNB_SNAPSHOTS_AUTO"):
            self.snapshots.set_auto(os.environ.get("MLNB_SNAPSHOTS_AUTO", "off"))
        for name, function in self.snapshots.door_functions().items():
            door.register(name, function)

    def _open_door(self) -> None:
        order = self.order
        door.register("hello", _hello)
        door.register("notebook.moved", registry.moved)
        door.register("order.sync", order.sync)
        door.register("order.status", order.overview)
        door.register("order.plan", order.planned)
        door.register("order.expect", order.document.expect)
        door.register("order.ask", order.ask)
        door.register("order.after", order.after)
        door.register("order.vouch", order.vouch)
        door.register("order.set_mode", order.set_mode)
        door.register("order.graph", order.graph)


def load(shell: Any) -> None:  # noqa: ANN401 - untyped by its library
    """Put the kernel half into `shell`. Does nothing when it is in already, or when ``MLNB_KERNEL=0``. Never raises."""
    with logged("load"):
        if os.environ.get("MLNB_KERNEL", "1") == "0" or getattr(shell, "_mlnb_loaded", None) is not None:
            return
        loaded = Loaded(shell)
        shell._mlnb_loaded = loaded
        loaded.enter()


def unload(shell: Any) -> None:  # noqa: ANN401 - untyped by its library
    """Take the kernel half out of `shell`. Never raises."""
    with logged("unload"):
        loaded: Loaded | None = getattr(shell, "_mlnb_loaded", None)
        if loaded is not None:
            shell._mlnb_loaded = None
            loaded.leave()


def _env_id() -> str:
    from mlnb.envs import kept  # noqa: PLC0415 - only when needed
    from mlnb.envs.capture import capture  # noqa: PLC0415 - only when needed

    return kept.keep(capture("fast", surroundings=False))


def _hello() -> dict[str, object]:
    from mlnb.core.version import __version__  # noqa: PLC0415 - only when needed

    return {"mlnb_version": __version__, "pid": os.getpid(), "folder": str(Path.cwd()), "calls": door.names()}
