"""What routes ask for: the manager of sessions, the settings, the jobs, the session that the path names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

from fastapi import Depends, Path
from starlette.requests import HTTPConnection

from mien.settings import Settings

if TYPE_CHECKING:
    from mien.jobs.store import Jobs
    from mien.live.manager import LiveManager
    from mien.live.session import LiveSession


# Coroutines, though they wait for nothing: FastAPI runs anything else in a thread, where the sessions may not be used.
async def manager_of(connection: HTTPConnection) -> Any:
    return connection.app.state.manager


async def jobs_of(connection: HTTPConnection) -> Any:
    return connection.app.state.jobs


async def settings_of(connection: HTTPConnection) -> Settings:
    return connection.app.state.settings


async def _session(
    connection: HTTPConnection,
    session_id: Annotated[str, Path(max_length=100, description="As `POST /api/v1/live/sessions` gave it.")],
) -> Any:
    return connection.app.state.manager.get(session_id)


Configured: TypeAlias = Annotated[Settings, Depends(settings_of)]

# FastAPI reads annotations when the routes are made, long before the heavy classes are loaded.
if TYPE_CHECKING:
    JobStore: TypeAlias = Jobs
    Manager: TypeAlias = LiveManager
    Session: TypeAlias = LiveSession
else:
    JobStore = Annotated[Any, Depends(jobs_of)]
    Manager = Annotated[Any, Depends(manager_of)]
    Session = Annotated[Any, Depends(_session)]
