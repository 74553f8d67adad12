"""`/api/v1/weights`: the model files that Mien fetches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from pydantic import BaseModel, Field

from mien import plugins
from mien.jobs.request import JobInfo, PullWeightsRequest
from mien.server.errors import problems
from mien.server.idempotency import Desk
from mien.server.identity import Admin
from mien.server.limits import JsonRoute
from mien.server.state import Configured

if TYPE_CHECKING:
    from mien.weights.catalog import Source

router = APIRouter(prefix="/api/v1", tags=["weights"], responses=problems(), route_class=JsonRoute)


class Weights(BaseModel):
    """Model files that are fetched together."""

    name: str
    title: str
    files: list[str] = Field(description="As they are published.")
    bytes: int = Field(description="Of all of them.")
    present: bool = Field(description="They are here and ready to use.")
    licence: str
    source: str = Field(description="Where they are fetched first.")
    needed_by: list[str] = Field(description="Engines that need them.")


@router.get("/weights")
def list_weights(settings: Configured) -> list[Weights]:
    """The model files that Mien can fetch, and which of them are here."""
    from mien.weights import WeightStore

    store = WeightStore.from_settings(settings)
    engines = [plugins.spec(plugins.ENGINES, name) for name in plugins.names(plugins.ENGINES)]
    return [
        Weights(
            name=entry.name,
            title=entry.summary,
            files=[entry.file],
            bytes=entry.size,
            present=status.state == "ready",
            licence=entry.licence,
            source=_shown(entry.sources[0]),
            needed_by=[spec.name for spec in engines if entry.name in spec.weights],
        )
        for entry, status in zip(store.catalog.entry, store.list(), strict=True)
    ]


@router.post("/weights/pull", status_code=202, responses=problems(404, 409, 507))
async def pull_weights(settings: Configured, _: Admin, wanted: PullWeightsRequest, desk: Desk) -> JobInfo:
    """Fetches model files, in a job."""

    def check() -> None:
        from mien.weights import Catalog

        if wanted.name:
            Catalog.packaged().find(wanted.name)

    return await desk.take("pull_weights", wanted, check)


def _shown(source: Source) -> str:
    """Addresses without their query; of files on this machine not even the path."""
    url: str = getattr(source, "url", "")
    return url.partition("?")[0] or source.kind
