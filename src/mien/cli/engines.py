"""`mien engines`: what can draw here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mien.cli._console import Json, print_json, settings, table
from mien.cli._remote import connected, pick

if TYPE_CHECKING:
    from mien.client import Client


def engines(as_json: Json = False) -> None:
    """List the engines that can draw, and their licences."""
    with connected(settings()) as client:
        listed = _of(client) if client else _here()
    if as_json:
        print_json({"engines": listed})
        return
    rows = [
        (
            one["name"],
            one["licence"],
            ", ".join(one["creates_from"]),
            "ready" if one["ready"] else one["install"],
            one["summary"],
        )
        for one in listed
    ]
    table(["engine", "licence", "from", "state", "what it does"], rows)


def _here() -> list[dict[str, Any]]:
    from mien import plugins

    specs = [plugins.spec(plugins.ENGINES, name) for name in plugins.names(plugins.ENGINES)]
    return [
        {
            "name": spec.name,
            "summary": spec.summary,
            "licence": spec.licence,
            "creates_from": list(spec.creates_from),
            "ready": not spec.missing(),
            "weights": list(spec.weights),
            "missing": spec.missing(),
            "install": spec.install,
        }
        for spec in specs
    ]


def _of(client: Client) -> list[dict[str, Any]]:
    fields = ("name", "summary", "licence", "creates_from", "ready", "install")
    return [pick(one, *fields) for one in client.engines()]
