"""From the outbox to the screens: what services of any process publish goes into Jupyter's own event stream."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tornado.ioloop import IOLoop, PeriodicCallback

from mlnb.core.errors import MlnbError
from mlnb.core.secrets import mask
from mlnb.wiring import Wiring

if TYPE_CHECKING:
    from jupyter_server.serverapp import ServerApp

SCHEMA_ID = "https://events.jupyter.org/mlnb/event/v1"
SCHEMA = {
    "$id": SCHEMA_ID,
    "version": "1",
    "title": "Something happened in mlnb",
    "description": "Ids and states only; a screen that shows the subject reads it again.",
    "personal-data": True,  # who went back in a shared notebook, by the name that its screens show
    "type": "object",
    "required": ["name", "subject", "data"],
    "properties": {
        "name": {"type": "string", "title": "Name", "description": "<noun>_<past verb>, such as job_changed."},
        "subject": {"type": "string", "title": "Subject", "description": "Id of the thing it happened to."},
        "data": {"type": "object", "title": "Data", "description": "A few plain values, such as the new state."},
    },
}


class EventRelay:
    """Tails the outbox by cursor into ``server``'s event logger.

    Args:
        server: the Jupyter Server.
        services: the composition root.
    """

    def __init__(self, server: ServerApp, services: Wiring) -> None:
        self._server = server
        assert server.event_logger is not None  # set up by ServerApp.initialize, before extensions load
        self._logger = server.event_logger
        self._services = services
        self._cursor: int | None = None
        self._told = ""
        self._busy = False
        self._timer: PeriodicCallback | None = None

    def start(self) -> None:
        """Register the schema and begin to tail once the server's loop runs."""
        if SCHEMA_ID not in self._logger.schemas:
            self._logger.register_event_schema(SCHEMA)
        poll_ms = 1000 * self._services.settings.get("events.poll_s")
        self._timer = PeriodicCallback(self.relay, poll_ms)
        IOLoop.current().add_callback(self._timer.start)

    async def relay(self) -> None:
        """Pass on what has been published since the last time."""
        if self._busy:
            return
        self._busy = True
        try:
            loop = asyncio.get_running_loop()
            if self._cursor is None:
                self._cursor = await loop.run_in_executor(None, self._services.outbox.last_seq)
            for entry in await loop.run_in_executor(None, self._services.outbox.read, self._cursor):
                event = entry.event
                self._logger.emit(
                    schema_id=SCHEMA_ID, data={"name": event.name, "subject": event.subject, "data": dict(event.data)}
                )
                self._cursor = entry.seq
            self._told = ""
        except MlnbError as error:  # the store is away: say so once, go on trying
            if error.message != self._told:
                self._server.log.warning("mlnb: events stand still: %s", mask(error.message))
                self._told = error.message
        finally:
            self._busy = False
