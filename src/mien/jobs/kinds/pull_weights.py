"""Model files from where they are published."""

from __future__ import annotations

from typing import Any

from mien.jobs.folder import JobFolder
from mien.jobs.kinds import Context
from mien.jobs.request import PullWeightsRequest
from mien.settings import Settings
from mien.weights import WeightStore


def run(folder: JobFolder, request: PullWeightsRequest, settings: Settings, context: Context) -> dict[str, Any]:
    # What was fetched of a file by an earlier attempt is in the store, which goes on from there.
    statuses = WeightStore.from_settings(settings).pull([request.name] if request.name else None, context.report)
    pulled = [status for status in statuses if request.name in ("", status.name)]
    return {
        "weights": [{"name": status.name, "bytes": status.size, "licence": status.licence} for status in pulled],
        "bytes": sum(status.size for status in pulled),
    }
