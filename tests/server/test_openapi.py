"""The description from which clients are made."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from fastapi.routing import APIRoute

from mien.server.app import ROUTERS
from mien.server.errors import PROBLEM_JSON
from mien.server.openapi import description

SCHEMA: dict[str, Any] = json.loads(description())
OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, methods in SCHEMA["paths"].items()
    for method, operation in methods.items()
}

WITHOUT_BODY = ("/interrupt", "/logout", "/cancel", "/resume", "/retry")


def test_it_names_every_route_of_the_api():
    routes = (route for router in ROUTERS for route in router.routes)
    ours = [route for route in routes if isinstance(route, APIRoute) and route.include_in_schema]
    named = {f"{method} {route.path}" for route in ours for method in route.methods or () if method != "OPTIONS"}
    assert named == set(OPERATIONS)


def test_operations_have_short_names_of_their_own():
    names = [operation["operationId"] for operation in OPERATIONS.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z_]{3,30}", name) for name in names)


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_says_what_it_does_and_how_it_fails(name: str):
    operation = OPERATIONS[name]
    assert operation["description"]
    failed = {status: answer for status, answer in operation["responses"].items() if status >= "4"}
    assert {"401", "403", "422", "500"} <= set(failed)
    for answer in failed.values():
        assert answer["content"] == {PROBLEM_JSON: {"schema": {"$ref": "#/components/schemas/Problem"}}}


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name.startswith(("POST", "PATCH"))])
def test_bodies_are_described(name: str):
    if not name.endswith(WITHOUT_BODY):
        assert OPERATIONS[name]["requestBody"]["content"]


def test_it_is_the_same_whatever_is_set(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIEN_LIVETALKING_AT_ROOT", "1")
    assert json.loads(description()) == SCHEMA


def test_the_types_of_the_page_are_made_from_it():
    kept = json.loads((Path(__file__).parents[2] / "web" / "openapi.json").read_text())
    assert kept == SCHEMA, "run `npm run api` in web/"
