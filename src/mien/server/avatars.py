"""`/api/v1/avatars`: whom one can talk with, and how they are made."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from mien import plugins
from mien.errors import AlreadyExistsError, BusyError, ConflictError, MienError, NotFoundError
from mien.jobs.request import CreateAvatarRequest, ImportAvatarRequest, JobInfo
from mien.server import disk, previews, uploads
from mien.server.errors import problems
from mien.server.idempotency import Desk
from mien.server.identity import Admin
from mien.server.models import Avatar, Inspection
from mien.server.state import Configured
from mien.server.uploads import NoFields, described, form_content
from mien.settings import Settings

if TYPE_CHECKING:
    from mien.avatars import Manifest, Stored

router = APIRouter(prefix="/api/v1", tags=["avatars"], responses=problems())

INSPECTIONS = 2
"""At once: each is a process that looks for faces."""

_TAKEN = problems(404, 408, 409, 413, 415, 501, 507)


def _binary(media_type: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {media_type: {"schema": {"type": "string", "format": "binary"}}}}}


@router.get("/avatars")
def list_avatars(settings: Configured) -> list[Avatar]:
    """The avatars that one can talk with: the built-in ones, then the user's own."""
    from mien.avatars import builtin_names
    from mien.studio import store

    kept = store(settings)
    own = kept.list()
    taken = {stored.name for stored in own}
    builtin = [_builtin(name) for name in builtin_names() if name not in taken]
    return builtin + [_own(stored, kept.folder) for stored in own]


@router.post(
    "/avatars", status_code=202, responses=_TAKEN, openapi_extra=described(form_content(CreateAvatarRequest, "file"))
)
async def create_avatar(request: Request, settings: Configured, desk: Desk) -> JobInfo:
    """Makes an avatar from a picture."""
    async with uploads.receive(request, settings, CreateAvatarRequest, {"file": "picture"}) as upload:
        wanted = upload.wanted
        files = {"source": upload.files["file"]}
        return await desk.take("create_avatar", wanted, lambda: check_free(wanted.name, settings), files=files)


@router.post(
    "/avatars/inspect",
    responses=problems(408, 413, 415, 503, 507),
    openapi_extra=described(form_content(NoFields, "file")),
)
async def inspect_picture(request: Request, settings: Configured) -> Inspection:
    """What an avatar would be made of, if it was made from this picture; nothing is kept."""
    from mien.jobs.runner import inspect

    async with uploads.receive(request, settings, NoFields, {"file": "picture"}) as upload:
        picture = upload.files["file"]
        running: asyncio.Semaphore = request.app.state.inspections
        if running.locked():
            raise BusyError("Other pictures are being looked at.", hint="Try again in a moment.", retry_after_s=2)
        async with running:
            with _without_path(picture.parent, picture.name, "The picture"):
                return Inspection.model_validate(await inspect(picture, settings))


@router.post(
    "/avatars/import",
    status_code=202,
    responses=_TAKEN,
    openapi_extra=described(form_content(ImportAvatarRequest, "file")),
)
async def import_avatar(request: Request, settings: Configured, desk: Desk) -> JobInfo:
    """Takes in an avatar that was exported, here or elsewhere."""
    async with uploads.receive(request, settings, ImportAvatarRequest, {"file": "package"}) as upload:
        wanted = upload.wanted
        check = (lambda: check_free(wanted.name, settings)) if wanted.name else None
        return await desk.take("import_avatar", wanted, check, files={"package": upload.files["file"]})


@router.get("/avatars/{name}", responses=problems(404))
def get_avatar(name: str, settings: Configured) -> Avatar:
    """One avatar."""
    found = next((avatar for avatar in list_avatars(settings) if avatar.name == name), None)
    if found is None:
        raise NotFoundError(f"There is no avatar {name[:100]!r}.", hint="GET /api/v1/avatars lists them.")
    return found


@router.get(
    "/avatars/{name}/preview.jpg", response_class=Response, responses={**problems(404), **_binary("image/jpeg")}
)
def get_preview(name: str, settings: Configured) -> Response:
    """A small picture of an avatar."""
    from mien.avatars import builtin_picture
    from mien.studio import store

    headers = {"Cache-Control": "private, max-age=60"}
    kept = store(settings)
    picture = builtin_picture(name)
    if picture is not None and not kept.exists(name):
        return FileResponse(picture, media_type="image/jpeg", headers=headers)
    with _without_path(kept.folder):
        return Response(previews.jpeg(kept.get(name)), media_type="image/jpeg", headers=headers)


@router.get(
    "/avatars/{name}/export",
    response_class=FileResponse,
    responses={**problems(404, 409, 507), **_binary("application/zip")},
)
def export_avatar(name: str, settings: Configured) -> FileResponse:
    """An avatar as one file, which `POST /api/v1/avatars/import` takes."""
    from mien.studio import store

    _check_own(name, settings)
    file = disk.new_path(settings, ".mien")
    kept = store(settings)
    with _without_path(kept.folder):
        kept.export(name, file)
    return _Once(file, media_type="application/zip", filename=f"{name}.mien")


@router.delete("/avatars/{name}", status_code=204, responses=problems(404, 409, 507))
def delete_avatar(name: str, settings: Configured, _: Admin) -> None:
    """Removes an avatar; videos of it stay. Avatars belong to everybody, so only those with the scope admin may."""
    from mien.studio import store

    _check_own(name, settings)
    store(settings).delete(name)


class _Once(FileResponse):
    """A file that is gone when it was sent, as far as anybody wanted it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            Path(self.path).unlink(missing_ok=True)


def _preview(name: str, version: float | None = None) -> str:
    # A new avatar under an old name must not be shown with the old picture from the browser's cache.
    query = f"?v={version:.0f}" if version else ""
    return f"{router.prefix}/avatars/{quote(name)}/preview.jpg{query}"


def _builtin(name: str) -> Avatar:
    from PIL import Image

    from mien.avatars import builtin_picture

    picture = builtin_picture(name)
    assert picture is not None
    with Image.open(picture) as opened:
        width, height = opened.size
    return Avatar(
        name=name,
        builtin=True,
        engine="",
        preview=_preview(name),
        width=width,
        height=height,
        licence="public domain",
    )


def _own(stored: Stored, folder: Path) -> Avatar:
    manifest = stored.manifest
    if manifest is None:
        return Avatar(
            name=stored.name,
            builtin=False,
            engine="",
            preview=_preview(stored.name),
            problem=_shown(stored.problem, folder),
        )
    created_at = manifest.created.timestamp()
    return Avatar(
        name=stored.name,
        builtin=False,
        engine=manifest.engine,
        preview=_preview(stored.name, created_at),
        created_at=created_at,
        width=manifest.size[0],
        height=manifest.size[1],
        licence=manifest.licence,
        consent=manifest.consent,
        remarks=list(manifest.remarks),
        problem=_problem(manifest),
    )


def _shown(text: str, folder: Path) -> str:
    """Where the server keeps its files is nobody's business."""
    return text.replace(f"{folder}{os.sep}", "")


@contextmanager
def _without_path(folder: Path, file: str = "", called: str = "") -> Iterator[None]:
    """Errors name the avatar's file, or the file as it shall be called, without the folder."""
    try:
        yield
    except MienError as error:
        error.message = _shown(error.message, folder)
        if file:
            error.message = error.message.replace(file, called)
        raise


def _problem(manifest: Manifest) -> str:
    """Why an avatar whose files are whole cannot be used here."""
    try:
        spec = plugins.spec(plugins.ENGINES, manifest.engine)
    except MienError as error:
        return error.message
    if spec.data_version != manifest.data_version:
        return f"It was made by another version of the engine {manifest.engine!r}: create it anew."
    return ""


def check_free(name: str, settings: Settings) -> None:
    """Raises:
    AlreadyExistsError: there is an avatar of that name.
    UsageError: none can be called that.
    """
    from mien.avatars import check_name
    from mien.studio import store

    if store(settings).path(check_name(name)).exists():
        raise AlreadyExistsError(
            f"There is already an avatar called {check_name(name)!r}.", hint="Choose another name, or delete it first."
        )


def _check_own(name: str, settings: Settings) -> None:
    from mien.avatars import builtin_picture
    from mien.studio import store

    if not store(settings).exists(name) and builtin_picture(name) is not None:
        raise ConflictError(f"The avatar {name!r} is built in.", hint="It is part of Mien and can only speak.")
