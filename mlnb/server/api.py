"""All routes of the extension: each area's file lists its own."""

from __future__ import annotations

from mlnb.server import envs, jobs, models
from mlnb.server.routes import Route

ROUTES: list[Route] = [*envs.ROUTES, *jobs.ROUTES, *models.ROUTES]
