"""Handing in a video that shall be looked at, and learnt from."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.testclient import TestClient
from tests.media.made import flat, video_file
from tests.server.test_jobs import folder, submit
from tests.server.test_uploads import png, refused

TRAIN, CHECK = "/api/v1/train", "/api/v1/train/check"
FILM = video_file([flat(90)] * 5, [200 * index for index in range(5)])
TABLE = b"frame, face_id, timestamp, confidence, success, AU45_r\n1, 0, 0.0, 0.98, 1, 0.5\n"
ANN = {"name": "Ann", "consent": "hers"}


def check(desk: TestClient, video: bytes = FILM, name: str = "ann.mov") -> Any:
    answer = desk.post(CHECK, data={"name": name}, files={"file": ("x.exe", video)})
    assert answer.status_code == 202, answer.text
    return answer.json()


def test_a_video_is_learnt_from_with_what_was_sent(desk: TestClient):
    files = {"file": ("x", FILM), "au_csv": ("y", TABLE)}
    answer = desk.post(TRAIN, data=ANN | {"engine": "sketch", "size": "256"}, files=files)
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert (job["kind"], job["title"], job["request"]["size"]) == ("train", "Ann", 256)
    inputs = folder(desk, job["id"]).inputs
    assert {path.name: path.read_bytes() for path in inputs.iterdir()} == {"source.mp4": FILM, "au_csv.csv": TABLE}


def test_a_background_travels_as_a_picture_or_as_a_colour(desk: TestClient):
    answer = desk.post(TRAIN, data=ANN | {"evaluate": "false"}, files={"file": ("x", FILM), "background": ("y", png())})
    assert answer.status_code == 202, answer.text
    assert answer.json()["request"]["evaluate"] is False
    assert (folder(desk, answer.json()["id"]).inputs / "background.png").read_bytes() == png()
    looked = check(desk)
    answer = desk.post(
        TRAIN, json={"name": "Bea", "consent": "hers", "check_id": looked["id"], "background_colour": "#00B140"}
    )
    assert (answer.status_code, answer.json()["request"]["background_colour"]) == (202, "#00B140")
    assert answer.json()["request"]["evaluate"] is True


def test_nobody_needs_to_name_an_engine(desk: TestClient):
    answer = desk.post(TRAIN, data=ANN, files={"file": ("x", FILM)})
    assert (answer.status_code, answer.json()["request"]["engine"]) == (202, "auto")
    assert answer.json()["request"]["size"] is None


def test_a_video_that_was_looked_at_is_learnt_from_without_being_sent_again(desk: TestClient):
    looked = check(desk)
    assert (looked["kind"], looked["title"]) == ("check_clip", "ann.mov")
    answer = desk.post(TRAIN, json=ANN | {"check_id": looked["id"]}, headers={"Idempotency-Key": "from a check"})
    assert answer.status_code == 202, answer.text
    again = desk.post(TRAIN, json=ANN | {"check_id": looked["id"]}, headers={"Idempotency-Key": "from a check"})
    assert again.json()["id"] == answer.json()["id"]
    assert desk.delete(f"/api/v1/jobs/{looked['id']}").status_code == 204
    assert (folder(desk, answer.json()["id"]).inputs / "source.mp4").read_bytes() == FILM
    with_table = check(desk)
    form = ANN | {"check_id": with_table["id"]}
    answer = desk.post(TRAIN, data=form, files={"au_csv": ("y", b"\xef\xbb\xbf" + TABLE)})
    inputs = folder(desk, answer.json()["id"]).inputs
    assert {path.name for path in inputs.iterdir()} == {"source.mp4", "au_csv.csv"}
    assert not list((folder(desk, looked["id"]).path.parents[1] / "uploads").iterdir())


@pytest.mark.parametrize(
    ("fields", "files", "status", "code", "word"),
    [
        ({}, {}, 422, "input", "check_id"),
        ({"check_id": "0" * 32}, {"file": FILM}, 422, "input", "check_id"),
        ({"check_id": "0" * 32}, {}, 404, "not_found", "no such job"),
        ({"check_id": "../../etc"}, {}, 404, "not_found", "no such job"),
        ({"engine": "portrait"}, {"file": FILM}, 400, "usage", "learns nothing"),
        ({"engine": "steam"}, {"file": FILM}, 404, "not_found", "steam"),
        ({"engine": ""}, {"file": FILM}, 422, "input", "engine"),
        ({"size": "64"}, {"file": FILM}, 422, "input", "size"),
        ({"size": "large"}, {"file": FILM}, 422, "input", "size"),
        ({"consent": ""}, {"file": FILM}, 422, "input", "consent"),
        ({"background_colour": "green"}, {"file": FILM}, 422, "input", "background_colour"),
        ({"background_colour": "#00b140"}, {"file": FILM, "background": png()}, 422, "input", "background_colour"),
        ({}, {"file": FILM, "background": FILM}, 422, "media", "picture"),
        ({"evaluate": "perhaps"}, {"file": FILM}, 422, "input", "evaluate"),
        ({"name": "../x"}, {"file": FILM}, 400, "usage", "name"),
        ({}, {"file": png()}, 422, "media", "video"),
        ({}, {"file": FILM, "au_csv": FILM}, 422, "media", "table"),
        ({}, {"file": FILM, "au_csv": b"name,age\nann,9\n" * 9}, 422, "media", "table"),
    ],
)
def test_what_cannot_be_learnt_is_said_at_once(
    desk: TestClient, fields: dict[str, str], files: dict[str, bytes], status: int, code: str, word: str
):
    sent = {name: ("x", data) for name, data in files.items()}
    answer = desk.post(TRAIN, data=ANN | fields, files=sent) if sent else desk.post(TRAIN, json=ANN | fields)
    refused(answer, status, code, word)


def test_only_ones_own_checks_are_learnt_from(desk: TestClient):
    other = submit(desk, owner="somebody else")
    refused(desk.post(TRAIN, json=ANN | {"check_id": other}), 404, "not_found", "no such job")
    speech = submit(desk)
    refused(desk.post(TRAIN, json=ANN | {"check_id": speech}), 404, "not_found", "no such check")


def test_only_videos_of_a_fair_size_are_looked_at(desk: TestClient):
    refused(desk.post(CHECK, files={"file": ("x", png())}), 422, "media", "video")
    refused(desk.post(CHECK, files={"file": ("x", FILM + bytes(2 << 20))}), 413, "too_large", "1 MB")
    refused(desk.post(CHECK, data={"name": "x"}), 415, "unsupported_media_type")
    refused(desk.post(CHECK, data={"name": "x" * 201}, files={"file": ("x", FILM)}), 422, "input", "name")
