"""What Mien stands on."""

from __future__ import annotations

from importlib import metadata

import pytest
from starlette.testclient import TestClient

from mien.server.licences import Licence, _asked_for, _licence, _rows, list_licences


@pytest.fixture(scope="module")
def licences() -> list[Licence]:
    return list_licences()


def named(licences: list[Licence], kind: str) -> dict[str, Licence]:
    return {one.name: one for one in licences if one.kind == kind}


def test_it_begins_with_mien(client: TestClient):
    first = client.get("/api/v1/licences").json()[0]
    assert (first["name"], first["licence"], first["kind"]) == ("Mien", "Apache-2.0", "mien")


def test_everything_says_under_which_licence_it_stands(licences: list[Licence]):
    assert not [one.name for one in licences if not one.licence]
    assert not [one.licence for one in licences if "\n" in one.licence or len(one.licence) > 200]
    assert all(not one.url or one.url.startswith("http") for one in licences)


def test_packages_are_those_of_mien_and_of_what_it_uses(licences: list[Licence]):
    packages = {name.lower() for name in named(licences, "package")}
    assert {"numpy", "fastapi", "starlette", "aiortc"} <= packages
    assert not packages & {"mien", "pytest", "ruff"}, "tools of developers are not used"


def test_engines_voices_recognisers_and_weights_have_theirs(licences: list[Licence]):
    assert named(licences, "engine")["portrait"].licence == "Apache-2.0"
    assert named(licences, "voice")["espeak"].licence == "GPL-3.0-or-later"
    assert named(licences, "recognizer")["pocketsphinx"].licence == "BSD-2-Clause"
    assert named(licences, "weights")["face-landmarks"].url.startswith("https://")


def test_notices_tell_what_packages_carry(licences: list[Licence]):
    notices = named(licences, "notice")
    assert "GPL-3.0-or-later" in notices["espeakng-loader"].licence
    assert notices["src/mien/motion/ear.npz"].licence == "BSD-2-Clause"
    assert notices["src/mien/motion/mouth.onnx"].licence == "Apache-2.0"
    assert not [name for name in notices if name.startswith("tests/")]


def test_only_tables_with_licences_are_read():
    text = "| a | b | c |\n|---|---|---|\n| 1 | 2 | 3 |\n\n| x | from | licence |\n|--|--|--|\n| X | there | MIT |\nno | table |"
    assert list(_rows(text)) == [("X", "MIT", "there")]


def test_extras_are_followed_as_they_are_asked_for():
    asked = ["a[x,y]>=1", 'b; extra == "web"', 'c; extra == "dev"', 'D_e (>1); python_version < "4"']
    assert list(_asked_for(asked, frozenset({"web"}))) == [
        ("a", frozenset({"x", "y"})),
        ("b", frozenset()),
        ("d-e", frozenset()),
    ]


def test_a_whole_text_where_the_name_belongs_is_cut():
    about = metadata.PathDistribution.__new__(metadata.PathDistribution)
    about.read_text = lambda filename: "Name: x\nLicense: The X licence\n  of many lines\n"  # pyright: ignore[reportAttributeAccessIssue]
    assert _licence(about.metadata) == "The X licence"
