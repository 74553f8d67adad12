"""The web page, as built by `make web` into this package; where it was not built, a page that says so."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import FileResponse, HTMLResponse, Response
from starlette.exceptions import HTTPException

router = APIRouter(include_in_schema=False)

STATIC = Path(str(files("mien.server"))) / "static"

_FOREVER = {"Cache-Control": "public, max-age=31536000, immutable"}
"""The names of built files change with what is in them."""
_ASK_AGAIN = {"Cache-Control": "no-cache"}

_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".woff2": "font/woff2"}
"""Not left to the machine's own table, which on Windows can be wrong."""


@router.get("/")
async def index() -> Response:
    page = STATIC / "index.html"
    return FileResponse(page, headers=_ASK_AGAIN) if page.is_file() else _not_built()


@router.get("/assets/{name}")
async def asset(name: str) -> FileResponse:
    return _file(STATIC / "assets", name, _FOREVER)


@router.get("/{name}")
async def top(name: str) -> FileResponse:
    return _file(STATIC, name, _ASK_AGAIN)


def _file(folder: Path, name: str, headers: dict[str, str]) -> FileResponse:
    # Only what the folder itself lists is ever opened.
    known = {path.name: path for path in folder.iterdir() if path.is_file()} if folder.is_dir() else {}
    if name not in known:
        raise HTTPException(404, f"There is nothing at /{name[:100]}.")
    return FileResponse(known[name], headers=headers, media_type=_TYPES.get(known[name].suffix))


def _page(title: str, *paragraphs: str, status: int = 200) -> HTMLResponse:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return HTMLResponse(f"<!doctype html>{head}<title>Mien</title><h1>{title}</h1>{body}", status)


def _not_built() -> HTMLResponse:
    return _page(
        "Mien",
        "The server works, but its web page was not built: run <code>make web</code> in Mien's source folder (it needs Node.js) "
        'and load this page anew. The API is described in <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>.',
        "服务器运行正常，但网页还没有构建：请在 Mien 的源码目录运行 <code>make web</code>（需要 Node.js），然后刷新本页。"
        '接口说明见 <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>。',
    )
