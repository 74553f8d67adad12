"""`mien doctor`: what this machine can do and what is missing."""

from __future__ import annotations

from dataclasses import asdict

import typer

from mien.cli._console import Json, print_json, settings, table


def doctor(as_json: Json = False) -> None:
    """Say what this machine can do and what is missing; the exit code is 1 if something needed is."""
    from mien.studio.doctor import examine, healthy

    findings = examine(settings())
    if as_json:
        print_json({"healthy": healthy(findings), "findings": [asdict(finding) for finding in findings]})
    else:
        table(["", "what", "found", "what to do"], [(one.state, one.what, one.found, one.advice) for one in findings])
    if not healthy(findings):
        raise typer.Exit(1)
