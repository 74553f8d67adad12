"""`/api/v1/settings`: what may be changed from outside, and trying it out before it is kept."""

from __future__ import annotations

import asyncio
import logging
from typing import Annotated, Any, Literal, TypeAlias, get_args, get_origin

from fastapi import APIRouter, Body, FastAPI, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from mien import plugins
from mien import settings as files
from mien.errors import BusyError
from mien.server import settings_check, trials
from mien.server.errors import problems
from mien.server.identity import Admin
from mien.server.limits import JsonRoute
from mien.server.settings_check import GROUPS
from mien.settings import Settings

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api/v1/settings", tags=["settings"], responses=problems(), route_class=JsonRoute)

Value: TypeAlias = Annotated[StrictStr, Field(max_length=10_000)] | StrictBool | StrictInt | StrictFloat
Values: TypeAlias = dict[Annotated[str, Field(max_length=100)], Value | None]

_RESTART = frozenset({"log_level", "livetalking_at_root", "offline", *GROUPS["jobs"]}) - {"threads"}
"""Jobs' workers read their limits when they are started."""
_TYPES = {bool: "boolean", int: "integer", float: "number"}


class Setting(BaseModel):
    """One setting, for a form."""

    name: str
    type: Literal["string", "integer", "number", "boolean", "choice"]
    group: str = Field(description="Which settings belong together; a stable word.")
    description: str
    default: Value
    value: Value | None = Field(description="Null: it is secret.")
    secret: bool
    set: bool = Field(description="It is not the default; of a secret: there is one.")
    locked: bool = Field(description="The server's environment sets it; it cannot be changed here.")
    choices: list[str] = Field(description='All that a "choice" may be; suggestions for a "string".')
    minimum: float | None = Field(description="Null: none.")
    maximum: float | None = Field(description="Null: none.")
    restart: bool = Field(description="A change counts when the server is started again.")


class Trial(BaseModel):
    """What shall be tried out."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    service: trials.Service
    values: Values = Field(default={}, description="Settings that are not kept yet, over those that are.")


@router.get("")
async def get_settings(request: Request, _: Admin) -> list[Setting]:
    """The settings that can be changed here; secrets are never shown."""
    return _described(request.app.state.settings)


@router.patch("", responses=problems(409, 507))
async def change_settings(
    request: Request, _: Admin, changes: Annotated[Values, Body(description="By name; null: back to the default.")]
) -> list[Setting]:
    """Keeps settings in the settings file, all or none of them; sessions and jobs that begin from now on use them.

    Whoever changes the address of a service names its key again: a kept key is not sent to another server.
    """
    app: FastAPI = request.app
    checked = settings_check.changed(app.state.settings, changes)
    kept = {name: None if changes[name] is None else getattr(checked, name) for name in changes}
    await asyncio.to_thread(files.save, kept)
    # Only these: what a program has set by itself stays.
    app.state.settings = app.state.settings.model_copy(update={name: getattr(checked, name) for name in changes})
    app.state.manager.use(app.state.settings)
    logger.info("settings_changed", extra={"names": sorted(changes)})
    return _described(app.state.settings)


@router.post("/test", responses=problems(409, 503))
async def try_service(request: Request, _: Admin, trial: Trial) -> trials.Outcome:
    """Tries a service with settings that need not be kept yet: asks the model, speaks, or listens to a spoken sentence.

    A service that fails is answered with 200 and `ok: false`.
    """
    app: FastAPI = request.app
    checked = settings_check.changed(app.state.settings, trial.values)
    if getattr(app.state, "trying", False):
        raise BusyError("Something else is being tried out.", hint="Wait until it has ended.", retry_after_s=5)
    app.state.trying = True
    try:
        return await trials.run(trial.service, checked)
    finally:
        app.state.trying = False


def _described(settings: Settings) -> list[Setting]:
    locked = files.set_by_environment()
    return [_setting(name, group, settings, name in locked) for group, names in GROUPS.items() for name in names]


def _setting(name: str, group: str, settings: Settings, locked: bool) -> Setting:
    field, value = Settings.model_fields[name], getattr(settings, name)
    secret = name in files.SECRETS
    bounds = {bound: getattr(rule, bound) for rule in field.metadata for bound in ("ge", "le") if hasattr(rule, bound)}
    choices = _choices(name, field.annotation)
    return Setting(
        name=name,
        type="choice" if choices and name not in ("voice", "recognizer") else _TYPES.get(field.annotation, "string"),  # pyright: ignore[reportArgumentType]
        group=group,
        description=field.description or "",
        default=field.default,
        value=None if secret else value,
        secret=secret,
        set=value != field.default,
        locked=locked,
        choices=choices,
        minimum=bounds.get("ge"),
        maximum=bounds.get("le"),
        restart=name in _RESTART,
    )


def _choices(name: str, annotation: Any) -> list[str]:
    if name == "llm":
        from mien.live.services.llm.presets import PRESETS

        return list(PRESETS)
    if name in ("voice", "recognizer"):
        return plugins.names(plugins.VOICES if name == "voice" else plugins.RECOGNIZERS)
    return list(get_args(annotation)) if get_origin(annotation) is Literal else []
