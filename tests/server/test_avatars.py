"""Avatars over HTTP: listed, made, exported, taken in, removed."""

from __future__ import annotations

import asyncio
import io
import zipfile
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient
from tests.server.conftest import Server, eventually
from tests.server.test_uploads import png, refused

PATH = "/api/v1/avatars"


def create(server: Server, name: str) -> dict[str, Any]:
    fields = {"name": name, "consent": "It is a drawing.", "licence": "CC0-1.0", "engine": "sketch"}
    return server.ended(server.http.post(PATH, data=fields, files={"file": ("x.png", png((90, 60)))}))


def test_they_are_listed_with_their_pictures(server: Server):
    avatars = {avatar["name"]: avatar for avatar in server.http.get(PATH).json()}
    assert avatars["astronaut"]["builtin"]
    assert avatars["astronaut"]["created_at"] is None
    assert (avatars["dot"]["builtin"], avatars["dot"]["engine"]) == (False, "sketch")
    for avatar in avatars.values():
        assert avatar["width"] > 0
        assert not avatar["problem"]
        answer = server.http.get(avatar["preview"])
        assert answer.headers["content-type"] == "image/jpeg"
        with Image.open(io.BytesIO(answer.content)) as picture:
            assert picture.format == "JPEG"
            assert max(picture.size) <= 512


@pytest.mark.parametrize("name", ["nobody", "..%2f..%2fsecret", "%2e%2e", "..%5cx", "x%00", "con", "a" * 100])
@pytest.mark.parametrize("what", ["", "/preview.jpg", "/export"])
def test_there_are_no_others(desk: TestClient, name: str, what: str):
    assert desk.get(f"{PATH}/{name}{what}").status_code in (400, 404)


def test_one_is_made_and_says_what_it_is_made_of(server: Server):
    job = create(server, "王小明")
    assert job["status"] == "succeeded", job
    assert (job["kind"], job["title"]) == ("create_avatar", "王小明")
    avatar = server.http.get(f"{PATH}/王小明").json()
    assert (avatar["width"], avatar["height"]) == (90, 60)
    assert (avatar["consent"], avatar["licence"]) == ("It is a drawing.", "CC0-1.0")
    assert avatar["created_at"] > 0
    assert avatar in server.http.get(PATH).json()


def test_it_travels_as_one_file_and_is_removed(server: Server):
    assert create(server, "Eva")["status"] == "succeeded"
    exported = server.http.get(f"{PATH}/Eva/export")
    assert exported.headers["content-disposition"] == 'attachment; filename="Eva.mien"'
    assert "manifest.json" in zipfile.ZipFile(io.BytesIO(exported.content)).namelist()
    assert server.http.head(f"{PATH}/Eva/export").headers["content-length"] == str(len(exported.content))
    eventually(lambda: not any((server.data_dir / "uploads").iterdir()))

    files = {"file": ("whatever.bin", exported.content)}
    taken = server.ended(server.http.post(f"{PATH}/import", data={"name": "Eva 2"}, files=files))
    assert taken["status"] == "succeeded", taken
    assert server.http.get(f"{PATH}/Eva 2").json()["consent"] == "It is a drawing."

    assert server.http.delete(f"{PATH}/Eva").status_code == 204
    assert server.http.get(f"{PATH}/Eva").status_code == 404
    assert server.http.delete(f"{PATH}/Eva").status_code == 404


def test_a_package_that_would_unpack_to_gigabytes_is_refused_by_the_job(server: Server):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("manifest.json", b"{}")
        archive.writestr("data.npz", bytes(64 << 20))
    answer = server.http.post(f"{PATH}/import", files={"file": ("x.mien", file.getvalue())})
    job = server.ended(answer)
    assert (job["status"], job["error"]["code"]) == ("failed", "package")


def test_a_taken_name_is_refused_at_once(desk: TestClient):
    fields = {"name": "dot", "consent": "yes"}
    refused(desk.post(PATH, data=fields, files={"file": ("x.png", png())}), 409, "already_exists", "dot")


@pytest.mark.parametrize(
    ("fields", "status", "code", "word"),
    [
        ({"name": "../x"}, 400, "usage", "name"),
        ({"name": "con"}, 400, "usage", "name"),
        ({"name": ""}, 422, "input", "name"),
        ({"consent": ""}, 422, "input", "consent"),
        ({"engine": "steam"}, 404, "not_found", "steam"),
    ],
)
def test_what_cannot_be_made_is_said_at_once(
    desk: TestClient, fields: dict[str, str], status: int, code: str, word: str
):
    fields = {"name": "Ann", "consent": "yes"} | fields
    refused(desk.post(PATH, data=fields, files={"file": ("x.png", png())}), status, code, word)


def test_built_in_ones_stay(desk: TestClient):
    refused(desk.delete(f"{PATH}/astronaut"), 409, "conflict", "built in")
    refused(desk.get(f"{PATH}/astronaut/export"), 409, "conflict", "built in")


def test_a_broken_one_is_listed_with_its_problem(desk: TestClient):
    folder = desk.app.state.settings.data_dir / "avatars" / "Broken.mien"  # type: ignore[attr-defined]
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}")
    try:
        avatar = desk.get(f"{PATH}/Broken").json()
        assert avatar["problem"]
        assert str(folder.parent) not in avatar["problem"]
        preview = desk.get(avatar["preview"])
        refused(preview, 422, "package", "Broken.mien")
        assert str(folder.parent) not in preview.text
    finally:
        assert desk.delete(f"{PATH}/Broken").status_code == 204


def test_a_picture_is_looked_at_in_a_process_of_its_own(server: Server):
    answer = server.http.post(f"{PATH}/inspect", files={"file": ("x.png", png())})
    refused(answer, 503, "weights")  # this server has no networks, and may not fetch them
    assert not list((server.data_dir / "uploads").iterdir())


def test_only_a_few_pictures_are_looked_at_at_once(desk: TestClient):
    places: asyncio.Semaphore = desk.app.state.inspections  # type: ignore[attr-defined]
    assert desk.portal is not None
    for _ in range(2):
        desk.portal.call(places.acquire)
    try:
        answer = desk.post(f"{PATH}/inspect", files={"file": ("x.png", png())})
        refused(answer, 503, "busy")
        assert answer.headers["retry-after"] == "2"
    finally:
        for _ in range(2):
            desk.portal.call(places.release)
