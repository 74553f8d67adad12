"""`mien avatar`: the avatars that are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from mien.cli._console import Json, note, print_json, progress, say, settings, table
from mien.cli._remote import connected, pick
from mien.errors import UsageError

if TYPE_CHECKING:
    from mien.avatars import AvatarPackage, AvatarStore
    from mien.client import Client
    from mien.settings import Settings
    from mien.types import Report

app = typer.Typer(help="Create and keep avatars.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The avatar's name.")]


def _store(loaded: Settings) -> AvatarStore:
    from mien import studio

    return studio.store(loaded)


def _details(package: AvatarPackage) -> dict[str, Any]:
    fields = package.manifest.model_dump(mode="json", exclude={"files"})
    size = sum(entry.size for entry in package.manifest.files.values())
    return fields | {"files": len(package.manifest.files), "bytes": size, "path": str(package.where)}


def _details_of(told: dict[str, Any]) -> dict[str, Any]:
    """What a server tells of an avatar, under the names that it has here."""
    same = pick(told, "name", "engine", "licence", "consent", "remarks", "problem")
    more = pick(told, "created_at", "width", "height")
    created = datetime.fromtimestamp(more["created_at"], UTC).isoformat() if more["created_at"] else None
    return same | {"created": created, "size": [more["width"], more["height"]]}


@app.command()
def create(
    name: Name,
    picture: Annotated[Path, typer.Argument(help="A photo, painting or drawing with a face.")],
    engine: Annotated[str, typer.Option("--engine", help="Which engine it is for; see mien engines.")] = "auto",
    licence: Annotated[str, typer.Option("--licence", help="Licence of the picture, kept with the avatar.")] = "",
    consent: Annotated[
        str, typer.Option("--consent", help="Who agreed to be shown and how that is recorded; kept with the avatar.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Make an avatar from a picture and keep it."""
    loaded = settings()
    words = {"engine": engine, "licence": licence, "consent": consent}
    with connected(loaded) as client, progress(enabled=not as_json) as report:
        if client is None:
            details = _create_here(name, picture, loaded, report, words)
        elif not consent.strip():
            raise UsageError(
                "A server keeps nobody's picture without consent.",
                hint="Say who agreed to be shown, and how that is recorded: --consent",
            )
        else:
            client.create_avatar(name, picture, **words).wait(report, cancel_on_interrupt=True)
            details = _details_of(client.avatar(name))
    if as_json:
        print_json(details)
        return
    for remark in details["remarks"]:
        note(remark)
    made = details["name"]
    say(f'Created {made!r}. Let it speak: mien {_where(client)}speak -a {made!r} -t "Hello."')


def _create_here(name: str, picture: Path, loaded: Settings, report: Report, words: dict[str, Any]) -> dict[str, Any]:
    from mien import studio

    return _details(studio.create_avatar(name, picture, loaded, **words, report=report))


def _where(client: Client | None) -> str:
    return f"--server {client.url} " if client else ""


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the kept and the built-in avatars."""
    loaded = settings()
    with connected(loaded) as client:
        kept, builtin = _listed_of(client) if client else _listed_here(loaded)
    if as_json:
        print_json({"avatars": kept, "builtin": builtin})
        return
    rows: list[tuple[object, ...]] = [(name, "", "", "built in") for name in builtin]
    for one in kept:
        broken = bool(one["problem"])
        rows.append(
            (one["name"], "", "", one["problem"])
            if broken
            else (one["name"], one["engine"], one["created"][:10], one["licence"])
        )
    table(["name", "engine", "created", "about"], rows)


def _listed_here(loaded: Settings) -> tuple[list[dict[str, Any]], list[str]]:
    from mien.avatars import builtin_names

    kept = [
        {"name": one.name, "problem": one.problem}
        | (one.manifest.model_dump(mode="json", exclude={"files", "name"}) if one.manifest else {})
        for one in _store(loaded).list()
    ]
    return kept, list(builtin_names())


def _listed_of(client: Client) -> tuple[list[dict[str, Any]], list[str]]:
    told = client.avatars()
    kept = [_details_of(one) for one in told if not one["builtin"]]
    return kept, [one["name"] for one in told if one["builtin"]]


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show what is known of one avatar, and check that it is whole."""
    loaded = settings()
    with connected(loaded) as client:
        details = _details_of(client.avatar(name)) if client else _details(_store(loaded).get(name))
    if as_json:
        print_json(details)
    else:
        rows = [(key, _text(value)) for key, value in details.items() if value not in ("", [], None)]
        table(["field", "value"], rows)


@app.command()
def delete(name: Name, as_json: Json = False) -> None:
    """Delete one avatar; there is no way back."""
    loaded = settings()
    with connected(loaded) as client:
        if client is None:
            _store(loaded).delete(name)
        else:
            client.delete_avatar(name)
    _done({"deleted": name}, f"Deleted {name!r}.", as_json=as_json)


@app.command()
def export(
    name: Name,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file. Without it: NAME.mien, here.")
    ] = None,
    ply: Annotated[
        Path | None,
        typer.Option("--ply", help="Instead, the resting face of a gaussian avatar for viewers of splats: this file."),
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    as_json: Json = False,
) -> None:
    """Write one avatar into one file, to give it away."""
    loaded = settings()
    if output is not None and ply is not None:
        raise UsageError("One file at a time is written.", hint="Give --output or --ply.")
    target = ply or output or Path(f"{name}.mien")
    with connected(loaded) as client:
        if ply is not None:
            if client is not None:
                raise UsageError("A server gives no splats.", hint="Export the avatar, and import it here.")
            _export_splats(name, target, loaded, overwrite=overwrite)
        elif client is None:
            _store(loaded).export(name, target, overwrite=overwrite)
        else:
            client.export_avatar(name, target, overwrite=overwrite)
    _done({"output": str(target)}, f"Wrote {target}.", as_json=as_json)


def _export_splats(name: str, target: Path, loaded: Settings, *, overwrite: bool) -> None:
    from mien import studio

    studio.export_splats(_store(loaded).get(name), target, overwrite=overwrite)


@app.command("import")
def import_(
    package: Annotated[
        Path, typer.Argument(help="A .mien file or folder, or a folder of LiveTalking's: data/avatars/NAME.")
    ],
    name: Annotated[str | None, typer.Option("--name", help="Keep it under this name instead of its own.")] = None,
    licence: Annotated[str, typer.Option("--licence", help="Licence of the pictures of a LiveTalking folder.")] = "",
    consent: Annotated[
        str, typer.Option("--consent", help="Who agreed to be shown in a LiveTalking folder, and how that is recorded.")
    ] = "",
    as_json: Json = False,
) -> None:
    """Check an exported avatar and keep it; make one of LiveTalking's speak here."""
    loaded = settings()
    with connected(loaded) as client, progress(enabled=not as_json) as report:
        if client is None:
            words = {"name": name, "licence": licence, "consent": consent}
            details = _import_here(package, loaded, report, words)
        elif package.is_dir() or licence or consent:
            raise UsageError(
                "A server takes exported avatars only, each one file that tells its licence and consent.",
                hint="Import it here, without --server, then: mien avatar export",
            )
        else:
            job = client.import_avatar(package, name=name or "").wait(cancel_on_interrupt=True)
            details = _details_of(client.avatar(pick(job.info.result, "avatar")["avatar"]))
    if not as_json:
        for remark in details["remarks"]:
            note(remark)
    _done(details, f"Imported {details['name']!r}.", as_json=as_json)


def _import_here(package: Path, loaded: Settings, report: Report, words: dict[str, Any]) -> dict[str, Any]:
    from mien import studio

    return _details(studio.import_avatar(package, loaded, **words, report=report))


def _done(result: dict[str, object], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        say(sentence)


def _text(value: object) -> str:
    return " ".join(str(part) for part in value) if isinstance(value, list) else str(value)
