"""Choosing an engine and opening a stream of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from pydantic import ValidationError

from mien import plugins
from mien.avatars import AvatarPackage
from mien.errors import NotFoundError, PackageError, UsageError
from mien.settings import Settings
from mien.types import Driver, Engine, EngineSpec, RenderSession

AUTO = "auto"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderOptions:
    """How it is drawn. An engine that lacks one of these must be left at the default.

    Args:
        fps: frames per second.
        size: side of the square picture in pixels with frame "head".
        frame: "head" crops around the head, "full" keeps the whole picture.
        seed: chooses the blinks and movements; the same seed gives the same video.
        driver: what moves the mouth; "auto" is the best that is to be had.
    """

    fps: float = 25.0
    size: int = 512
    frame: Literal["head", "full"] = "head"
    seed: int = 0
    driver: Driver = "auto"


def engine_specs() -> list[EngineSpec]:
    """All installed engines."""
    return [plugins.spec(plugins.ENGINES, name) for name in plugins.names(plugins.ENGINES)]


def engine_for_picture(name: str) -> EngineSpec:
    """The engine of that name; for "auto" the one that makes the best of a single picture.

    Raises:
        NotFoundError: there is none.
        UsageError: it makes nothing of a picture.
    """
    if name == AUTO:
        able = [spec for spec in engine_specs() if "image" in spec.creates_from and not spec.missing()]
        if not able:
            raise NotFoundError("No engine that animates a picture is installed.", hint="Run: mien doctor")
        return min(able, key=lambda spec: (spec.name != "portrait", spec.name))
    spec: EngineSpec = plugins.spec(plugins.ENGINES, name)
    if "image" not in spec.creates_from:
        raise UsageError(
            f"The engine {name!r} makes no avatar from a picture.",
            hint=f"It is made from: {', '.join(spec.creates_from)}.",
        )
    return spec


def engine_of_package(package: AvatarPackage, name: str = AUTO) -> EngineSpec:
    """The engine that an avatar was made for.

    Raises:
        UsageError: another one was asked for.
        NotFoundError: it is not installed.
        PackageError: the avatar was made for another version of it.
    """
    made_for = package.manifest.engine
    if name not in (AUTO, made_for):
        raise UsageError(
            f"The avatar {package.manifest.name!r} was made for the engine {made_for!r}, not for {name!r}.",
            hint=f"Leave the engine at 'auto', or create the avatar anew with --engine {name}.",
        )
    spec: EngineSpec = plugins.spec(plugins.ENGINES, made_for)
    if package.manifest.data_version != spec.data_version:
        raise PackageError(
            f"The avatar {package.manifest.name!r} was made by another version of the engine {made_for!r}"
            f" (data {package.manifest.data_version}, this one reads {spec.data_version}).",
            hint="Create it anew from its picture.",
        )
    return spec


def load_engine(spec: EngineSpec, settings: Settings) -> Engine:
    """The heavy object; seconds where networks are loaded.

    Raises:
        MissingDependency: a package that it needs is not installed.
    """
    return plugins.load(spec)(settings)


def open_session(engine: Engine, package: AvatarPackage, options: RenderOptions) -> RenderSession:
    """Starts a stream.

    Raises:
        UsageError: the engine does not take these options.
    """
    return engine.open(package, _engine_options(engine.spec, options))


def _engine_options(spec: EngineSpec, options: RenderOptions) -> Any:
    given = asdict(options)
    for field in fields(RenderOptions):
        if field.name not in spec.options.model_fields and given.pop(field.name) != field.default:
            raise UsageError(f"The engine {spec.name!r} has no option {field.name!r}.", hint="Leave it out.")
    try:
        return spec.options(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise UsageError(
            f"{name} = {first['input']!r} is not possible: {first['msg']}.",
            hint=f"Look at --{name} in: mien speak --help",
        ) from error
