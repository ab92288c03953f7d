"""Bring a database to this version's schema, in one transaction."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

ALEMBIC_LOCK = threading.Lock()
"""Held by whoever runs Alembic in this process, for our database or MLflow's: it keeps its context in module globals."""


def upgrade(engine: sa.Engine) -> None:
    """Run all missing migrations on `engine`; all or none of them take effect."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    script = ScriptDirectory.from_config(config)

    def steps(revision: Any, _context: object) -> Any:  # noqa: ANN401 - Alembic's own types for this differ by version
        return script._upgrade_revs("head", revision)  # what `alembic upgrade` itself calls

    with (
        ALEMBIC_LOCK,
        EnvironmentContext(config, script, fn=steps) as environment,
        engine.begin() as connection,
    ):
        environment.configure(connection=connection, transactional_ddl=True)
        environment.run_migrations()
