"""The application: routes, who may use them, and the sessions behind them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from mien import __version__
from mien.jobs.request import (
    CheckClipRequest,
    CreateAvatarRequest,
    EvaluateRequest,
    ImportAvatarRequest,
    SpeakRequest,
    TrainRequest,
)
from mien.server import (
    avatars,
    engines,
    errors,
    evaluate,
    jobs,
    licences,
    live,
    livetalking,
    login,
    metrics,
    pages,
    settings_routes,
    speak,
    speech,
    system,
    train,
    videos,
    voices,
    websocket,
    weights,
    whep,
)
from mien.server.access import Access
from mien.server.aliases import Aliases
from mien.server.errors import PROBLEM_JSON, Crashes
from mien.server.guard import Guard
from mien.server.head import Head
from mien.server.headers import Cors, SecurityHeaders
from mien.server.idempotency import Locks
from mien.server.limits import BodyLimit
from mien.server.metrics import Measured, Metrics
from mien.server.speaking import Speaking
from mien.settings import Settings

if TYPE_CHECKING:
    from mien.jobs.store import Jobs
    from mien.live.manager import LiveManager

OPENAPI_PATH = "/api/v1/openapi.json"

ROUTERS = (
    system.router,
    login.router,
    login.form_router,
    metrics.router,
    avatars.router,
    train.router,
    speak.router,
    evaluate.router,
    jobs.router,
    videos.router,
    engines.router,
    voices.router,
    weights.router,
    settings_routes.router,
    licences.router,
    speech.router,
    live.router,
    websocket.router,
    whep.router,
)

_NAMED = (SpeakRequest, CheckClipRequest, TrainRequest, CreateAvatarRequest, ImportAvatarRequest, EvaluateRequest)
"""Models of bodies that FastAPI does not see, since their routes read them themselves."""


def create_app(settings: Settings, *, manager: LiveManager | None = None, jobs: Jobs | None = None) -> FastAPI:
    """The server as an ASGI application.

    Args:
        settings: see `mien.settings`.
        manager: of the sessions, which the caller starts and ends; None: one that the application's lifespan starts and ends.
        jobs: in the database, which the caller opens and closes; None: one that the lifespan opens and closes.
    """
    app = FastAPI(
        title="Mien",
        version=__version__,
        summary="Talk with an avatar.",
        lifespan=_lifespan,
        openapi_url=OPENAPI_PATH,
        # Their pages load scripts from other hosts.
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.state.settings = settings
    app.state.manager = manager
    app.state.aliases = Aliases()
    app.state.tasks = set()
    app.state.guard = Guard(lambda: app.state.settings)
    app.state.metrics = Metrics()
    app.state.jobs = jobs
    app.state.locks = Locks()
    app.state.inspections = asyncio.Semaphore(avatars.INSPECTIONS)
    app.state.voice_lists = voices.VoiceLists()
    app.state.speaking = Speaking()
    errors.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.include_router(livetalking.router, prefix="/livetalking")
    if settings.livetalking_at_root:
        app.include_router(livetalking.router)
    app.include_router(pages.router)
    # The last one added is the outermost.
    for middleware, options in _middleware(app, settings):
        app.add_middleware(middleware, **options)
    app.openapi = lambda: _openapi(app)
    return app


def _middleware(app: FastAPI, settings: Settings) -> list[tuple[Any, dict[str, Any]]]:
    guard: Guard = app.state.guard
    return [
        (Head, {}),
        (BodyLimit, {}),
        (Access, {"guard": guard}),
        (Crashes, {}),
        *([(Cors, {"origins": settings.cors_origins})] if settings.cors_origins else []),
        (Measured, {"metrics": app.state.metrics}),
        (SecurityHeaders, {"share_whep": guard.needs_token}),
    ]


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with AsyncExitStack() as stack:
        if app.state.jobs is None:
            from mien.jobs.store import Jobs

            app.state.jobs = await asyncio.to_thread(Jobs.open, app.state.settings)
            stack.push_async_callback(app.state.jobs.close)
        if app.state.manager is None:
            from mien.live.manager import LiveManager

            app.state.manager = LiveManager(app.state.settings)
            stack.push_async_callback(app.state.manager.close)
            await app.state.manager.start()
        yield


def _operation_id(route: APIRoute) -> str:
    return route.name


def _openapi(app: FastAPI) -> dict[str, Any]:
    """The description of the API; every error in it is problem JSON, as it is sent."""
    if app.openapi_schema is None:
        schema = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        for operation in (operation for path in schema["paths"].values() for operation in path.values()):
            for status, response in operation["responses"].items():
                if int(status) >= 400 and "application/json" in response.get("content", {}):
                    response["content"] = {PROBLEM_JSON: response["content"]["application/json"]}
        schemas = schema["components"]["schemas"]
        for model in _NAMED:
            schemas[model.__name__] = model.model_json_schema(ref_template="#/components/schemas/{model}")
        app.openapi_schema = schema
    return app.openapi_schema
