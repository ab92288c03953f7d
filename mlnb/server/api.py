"""All routes of the extension: each area's file lists its own."""

from __future__ import annotations

from mlnb.server import (
    envs,
    features,
    jobs,
    models,
    notebooks,
    order,
    snapshots,
    snapshots_back,
    snapshots_diff,
    snapshots_history,
    snapshots_keep,
)
from mlnb.server.routes import Route

ROUTES: list[Route] = [
    *notebooks.ROUTES,
    *order.ROUTES,
    *envs.ROUTES,
    *jobs.ROUTES,
    *models.ROUTES,
    *features.ROUTES,
    *snapshots.ROUTES,
    *snapshots_back.ROUTES,
    *snapshots_diff.ROUTES,
    *snapshots_history.ROUTES,
    *snapshots_keep.ROUTES,
]
