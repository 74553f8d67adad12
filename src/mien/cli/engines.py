"""`mien engines`: what can draw here."""

from __future__ import annotations

from mien.cli._console import Json, print_json, table


def engines(as_json: Json = False) -> None:
    """List the engines that can draw, and their licences."""
    from mien import plugins

    specs = [plugins.spec(plugins.ENGINES, name) for name in plugins.names(plugins.ENGINES)]
    listed = [
        {
            "name": spec.name,
            "summary": spec.summary,
            "licence": spec.licence,
            "creates_from": list(spec.creates_from),
            "weights": list(spec.weights),
            "missing": spec.missing(),
            "install": spec.install,
        }
        for spec in specs
    ]
    if as_json:
        print_json({"engines": listed})
        return
    rows = [
        (
            spec.name,
            spec.licence,
            ", ".join(spec.creates_from),
            spec.install if spec.missing() else "ready",
            spec.summary,
        )
        for spec in specs
    ]
    table(["engine", "licence", "from", "state", "what it does"], rows)
