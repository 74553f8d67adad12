"""`mien avatar`: the avatars that are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mien.cli._console import Json, note, print_json, progress, say, settings, table

if TYPE_CHECKING:
    from mien.avatars import AvatarPackage, AvatarStore

app = typer.Typer(help="Create and keep avatars.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="The avatar's name.")]


def _store() -> AvatarStore:
    from mien import studio

    return studio.store(settings())


def _details(package: AvatarPackage) -> dict[str, object]:
    fields = package.manifest.model_dump(mode="json", exclude={"files"})
    size = sum(entry.size for entry in package.manifest.files.values())
    return fields | {"files": len(package.manifest.files), "bytes": size, "path": str(package.where)}


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
    from mien import studio

    loaded = settings()
    with progress(enabled=not as_json) as report:
        package = studio.create_avatar(
            name, picture, loaded, engine=engine, licence=licence, consent=consent, report=report
        )
    if as_json:
        print_json(_details(package))
        return
    for remark in package.manifest.remarks:
        note(remark)
    made = package.manifest.name
    say(f'Created {made!r}. Let it speak: mien speak -a {made!r} -t "Hello."')


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the kept and the built-in avatars."""
    from mien.avatars import builtin_names

    stored = _store().list()
    if as_json:
        kept = [
            {"name": one.name, "problem": one.problem}
            | (one.manifest.model_dump(mode="json", exclude={"files", "name"}) if one.manifest else {})
            for one in stored
        ]
        print_json({"avatars": kept, "builtin": builtin_names()})
        return
    rows: list[tuple[object, ...]] = [(name, "", "", "built in") for name in builtin_names()]
    for one in stored:
        made = one.manifest
        rows.append(
            (one.name, made.engine, f"{made.created:%Y-%m-%d}", made.licence)
            if made
            else (one.name, "", "", one.problem)
        )
    table(["name", "engine", "created", "about"], rows)


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show what is known of one avatar, and check that it is whole."""
    details = _details(_store().get(name))
    if as_json:
        print_json(details)
    else:
        table(["field", "value"], [(key, _text(value)) for key, value in details.items() if value not in ("", [])])


@app.command()
def delete(name: Name, as_json: Json = False) -> None:
    """Delete one avatar; there is no way back."""
    _store().delete(name)
    _done({"deleted": name}, f"Deleted {name!r}.", as_json=as_json)


@app.command()
def export(
    name: Name,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="The file. Without it: NAME.mien, here.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace an existing file.")] = False,
    as_json: Json = False,
) -> None:
    """Write one avatar into one file, to give it away."""
    target = output or Path(f"{name}.mien")
    _store().export(name, target, overwrite=overwrite)
    _done({"output": str(target)}, f"Wrote {target}.", as_json=as_json)


@app.command("import")
def import_(
    package: Annotated[Path, typer.Argument(help="A .mien file or folder.")],
    name: Annotated[str | None, typer.Option("--name", help="Keep it under this name instead of its own.")] = None,
    as_json: Json = False,
) -> None:
    """Check an exported avatar and keep it."""
    taken = _store().import_(package, name)
    _done(_details(taken), f"Imported {taken.manifest.name!r}.", as_json=as_json)


def _done(result: dict[str, object], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(result)
    else:
        say(sentence)


def _text(value: object) -> str:
    return " ".join(str(part) for part in value) if isinstance(value, list) else str(value)
