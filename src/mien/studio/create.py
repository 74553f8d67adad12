"""Making an avatar from a picture, and finding the one that a user names."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from mien import plugins
from mien.avatars import (
    SUFFIX,
    AvatarPackage,
    AvatarStore,
    Manifest,
    PackageBuilder,
    PreparedCache,
    builtin_names,
    builtin_picture,
    check_name,
)
from mien.avatars.manifest import MANIFEST_FILE
from mien.errors import MediaError, MissingDependency, NotFoundError, UsageError
from mien.media import read_image
from mien.settings import Settings
from mien.studio.engines import AUTO, engine_for_picture, engine_of_package
from mien.types import EngineSpec, Image, Report, silent


def store(settings: Settings) -> AvatarStore:
    """The user's own avatars."""
    return AvatarStore(settings.data_dir / "avatars")


def create_avatar(
    name: str,
    picture: Path,
    settings: Settings,
    *,
    engine: str = AUTO,
    licence: str = "",
    consent: str = "",
    into: AvatarStore | None = None,
    report: Report = silent,
) -> AvatarPackage:
    """Makes an avatar from a picture and keeps it in the store.

    Args:
        name: how it is called from now on.
        picture: a photo, painting or drawing with a face.
        settings: see `mien.settings`.
        engine: "auto" or an engine's name.
        licence: of the picture.
        consent: who agreed to be shown, and how that is recorded.
        into: None: the user's store.
        report: progress.

    Raises:
        AlreadyExistsError: the name is taken.
        MediaError: the picture cannot be read.
        FaceError: it shows no usable face.
    """
    spec = engine_for_picture(engine)
    with (into or store(settings)).create(name) as builder:
        image = read_image(picture)
        about = _about(spec, check_name(name), image, _sha256(picture), licence=licence, consent=consent)
        return _prepare(spec, image, about, builder, settings, report)


def open_avatar(
    reference: str | Path, settings: Settings, *, engine: str = AUTO, report: Report = silent
) -> AvatarPackage:
    """The avatar that a user means by a word or path.

    Args:
        reference: a picture, a package (`.mien`), the name of a stored avatar, or of a built-in one. A file of that name comes
            first, then the store. Pictures are prepared once and then taken from the cache.
        settings: see `mien.settings`.
        engine: "auto" or an engine's name.
        report: progress.

    Raises:
        NotFoundError: it is none of these.
        MediaError, FaceError: the picture cannot be used.
        PackageError: the package cannot be used.
    """
    package = _find(reference, settings, engine, report)
    engine_of_package(package, engine)
    return package


def open_named_avatar(name: str, settings: Settings, *, engine: str = AUTO, report: Report = silent) -> AvatarPackage:
    """A stored or built-in avatar. The name is never taken as a path, so that it may come from anywhere.

    Raises:
        UsageError: it cannot be the name of an avatar.
        NotFoundError: there is none of that name.
        PackageError: the package cannot be used.
    """
    package = _named(check_name(name), settings, engine, report)
    if package is None:
        raise NotFoundError(f"There is no avatar {name!r}.", hint=f"There are: {_known(settings)}.")
    engine_of_package(package, engine)
    return package


def engine_of_named(name: str, settings: Settings, *, engine: str = AUTO) -> EngineSpec:
    """The engine that would draw a stored or built-in avatar; nothing of the avatar is loaded.

    Raises:
        UsageError: it cannot be the name of an avatar, or was made for another engine.
        NotFoundError: there is no such avatar or engine.
        PackageError: the avatar is broken, or made for another version of its engine.
    """
    if store(settings).exists(check_name(name)):
        return engine_of_package(store(settings).get(name), engine)
    if builtin_picture(name) is None:
        raise NotFoundError(f"There is no avatar {name!r}.", hint=f"There are: {_known(settings)}.")
    return engine_for_picture(engine)


def _find(reference: str | Path, settings: Settings, engine: str, report: Report) -> AvatarPackage:
    path = Path(reference)
    if _is_package(path):
        return AvatarPackage.open(path)
    if os.path.isfile(path):
        return _prepared(path, _name_from(path), settings, engine, report)
    name = str(reference)
    package = _named(name, settings, engine, report) if _is_name(name) else None
    if package is None:
        shown = name if len(name) <= 200 else f"{name[:200]}…"
        raise NotFoundError(
            f"There is no picture, package or avatar {shown!r}.",
            hint=f"Give the path of a picture with a face, or one of: {_known(settings)}.",
        )
    return package


def _named(name: str, settings: Settings, engine: str, report: Report) -> AvatarPackage | None:
    if store(settings).exists(name):
        return store(settings).get(name)
    picture = builtin_picture(name)
    return _prepared(picture, name, settings, engine, report, licence="public domain") if picture else None


def _known(settings: Settings) -> str:
    return ", ".join([stored.name for stored in store(settings).list()] + builtin_names())


def _is_package(path: Path) -> bool:
    # Not the methods of Path: those raise for a name that no file can have.
    if os.path.isdir(path):
        return (path / MANIFEST_FILE).is_file()
    return os.path.isfile(path) and path.suffix.lower() == SUFFIX


def _is_name(text: str) -> bool:
    try:
        check_name(text)
    except UsageError:
        return False
    return True


def _name_from(path: Path) -> str:
    return path.stem if _is_name(path.stem) else "picture"


def _prepared(
    picture: Path, name: str, settings: Settings, engine: str, report: Report, *, licence: str = ""
) -> AvatarPackage:
    spec = engine_for_picture(engine)
    cache = PreparedCache(settings.cache_dir / "avatars")
    sha256 = _sha256(picture)
    found = cache.get(source_sha256=sha256, engine=spec.name, data_version=spec.data_version)
    if found is not None:
        return found
    image = read_image(picture)
    about = _about(spec, check_name(name), image, sha256, licence=licence)
    return cache.make(
        lambda builder: _prepare(spec, image, about, builder, settings, report),
        source_sha256=sha256,
        engine=spec.name,
        data_version=spec.data_version,
    )


def _sha256(picture: Path) -> str:
    """Read piece by piece: what a user names may be a film."""
    try:
        with picture.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise MediaError(
            f"{picture} cannot be read: {error.strerror or error}.", hint="Check the path and its permissions."
        ) from error


def _about(spec: EngineSpec, name: str, image: Image, sha256: str, *, licence: str = "", consent: str = "") -> Manifest:
    height, width = image.shape[:2]
    return Manifest(
        name=name,
        engine=spec.name,
        data_version=spec.data_version,
        source_sha256=sha256,
        size=(width, height),
        licence=licence,
        consent=consent,
    )


def _prepare(
    spec: EngineSpec, image: Image, about: Manifest, builder: PackageBuilder, settings: Settings, report: Report
) -> AvatarPackage:
    missing = spec.missing()
    if missing:
        raise MissingDependency(f"{spec.name!r} needs {', '.join(missing)}.", hint=f"Run: {spec.install}")
    remarks = plugins.attribute(spec.prepare)(image, builder, settings, report)
    return builder.finish(about.model_copy(update={"remarks": tuple(remarks)}))
