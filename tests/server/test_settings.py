"""Settings over HTTP: what may be changed, by whom, and that keys stay where they are."""

from __future__ import annotations

import asyncio
import logging
import tomllib
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient
from tests.live.stub_llm import Answer, StubLlm
from tests.server.conftest import HERE

from mien.live.manager import LiveManager
from mien.server.app import create_app
from mien.server.settings_check import GROUPS, KEPT_BACK
from mien.server.tokens import TokenStore
from mien.settings import SECRETS, Settings, load

ROOT = Path(__file__).parents[2]
SETTINGS = "/api/v1/settings"
KEY = "sk-that-nobody-may-see"


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "mien.toml"
    path.write_text("# mine\n")
    monkeypatch.setenv("MIEN_CONFIG_FILE", str(path))
    monkeypatch.setenv("PYTHONPATH", str(ROOT / "tests" / "plugin"))
    return path


@pytest.fixture(scope="module")
def built() -> FastAPI:
    settings = Settings()
    return create_app(settings, manager=LiveManager(settings))


@pytest.fixture
def app(built: FastAPI, file: Path, tmp_path: Path) -> FastAPI:
    """With settings of its own."""
    built.state.settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
    built.state.manager.use(built.state.settings)
    return built


@pytest.fixture
def client(app: FastAPI) -> TestClient:
    return TestClient(app, base_url=HERE, raise_server_exceptions=False)


def listed(client: TestClient) -> dict[str, dict[str, Any]]:
    return {setting["name"]: setting for setting in client.get(SETTINGS).json()}


def tried(client: TestClient, service: str, **values: Any) -> dict[str, Any]:
    answer = client.post(f"{SETTINGS}/test", json={"service": service, "values": values})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_of_every_setting_it_is_decided_whether_it_may_be_changed(client: TestClient):
    changeable = [name for names in GROUPS.values() for name in names]
    assert len(changeable) == len(set(changeable))
    assert set(changeable) | set(KEPT_BACK) == set(Settings.model_fields)
    assert not set(changeable) & set(KEPT_BACK)
    assert [setting["name"] for setting in client.get(SETTINGS).json()] == changeable


def test_a_form_can_be_made_of_them(client: TestClient):
    settings = listed(client)
    assert settings["llm"]["type"] == "choice"
    assert {"scripted", "ollama"} <= set(settings["llm"]["choices"])
    assert settings["voice"]["type"] == "string"
    assert "espeak" in settings["voice"]["choices"]
    assert settings["offline"]["type"] == "boolean"
    assert settings["log_level"]["choices"] == ["debug", "info", "warning", "error"]
    temperature = settings["llm_temperature"]
    assert (temperature["type"], temperature["minimum"], temperature["maximum"]) == ("number", 0, 2)
    assert all(setting["description"] for setting in settings.values())


def test_a_change_is_kept_and_used_at_once(app: FastAPI, client: TestClient, file: Path, tmp_path: Path):
    answer = client.patch(SETTINGS, json={"llm": "ollama", "llm_temperature": 1, "live_idle_timeout_s": 30})
    assert answer.status_code == 200
    assert answer.json() == client.get(SETTINGS).json()
    assert file.read_text().startswith("# mine\n")
    assert tomllib.loads(file.read_text()) == {"llm": "ollama", "llm_temperature": 1.0, "live_idle_timeout_s": 30}
    assert load().llm == "ollama"
    assert app.state.settings.live_idle_timeout_s == 30 == app.state.manager._settings.live_idle_timeout_s
    assert app.state.settings.data_dir == tmp_path / "data", "what the program itself has set stays"
    assert listed(client)["llm"]["set"]


def test_null_is_the_default(app: FastAPI, client: TestClient, file: Path):
    client.patch(SETTINGS, json={"llm_history": 3, "llm_api_key": KEY})
    client.patch(SETTINGS, json={"llm_history": None, "llm_api_key": None})
    assert file.read_text() == "# mine\n"
    assert (app.state.settings.llm_history, app.state.settings.llm_api_key) == (20, "")
    assert not listed(client)["llm_api_key"]["set"]


def test_secrets_never_come_back(client: TestClient, file: Path, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    secrets = {name: f"{KEY}-{name}" for names in GROUPS.values() for name in names if name in SECRETS}
    answers = [
        client.patch(SETTINGS, json=secrets).text,
        client.get(SETTINGS).text,
        client.patch(SETTINGS, json={"llm_api_key": f"{KEY}\x01"}).text,
        client.patch(SETTINGS, json={"llm_api_key": [KEY]}).text,
        client.patch(SETTINGS, json={"llm_api_key": f"{KEY}é"}).text,
        client.patch(SETTINGS, json={"llm_base_url": f"http://{KEY} "}).text,
    ]
    assert KEY in file.read_text()
    assert file.stat().st_mode & 0o777 == 0o600
    assert not [answer for answer in answers if KEY in answer]
    assert KEY not in caplog.text
    for name in secrets:
        setting = listed(client)[name]
        assert (setting["secret"], setting["set"], setting["value"]) == (True, True, None)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"nonsense": 1}, "nonsense"),
        ({"": 1}, "''"),
        ({"__class__": "x"}, "__class__"),
        ({"llm_temperature": 3}, "llm_temperature"),
        ({"llm_temperature": "hot"}, "llm_temperature"),
        ({"llm_history": 1.5}, "llm_history"),
        ({"llm_history": [1]}, "llm_history"),
        ({"offline": "perhaps"}, "offline"),
        ({"log_level": "loud"}, "log_level"),
        ({"upload_mb": 10**30}, "upload_mb"),
        ({"upload_mb": 0}, "upload_mb"),
        ({"llm": "nobody"}, "llm"),
        ({"voice": "nobody:x"}, "voice"),
        ({"voice": ""}, "voice"),
        ({"recognizer": "../../x"}, "recognizer"),
        ({"openai_base_url": ""}, "openai_base_url"),
        ({"openai_base_url": "file:///etc/passwd"}, "openai_base_url"),
        ({"llm_base_url": "localhost:8000"}, "llm_base_url"),
        ({"llm_base_url": "http://[::1"}, "llm_base_url"),
        ({"stun_url": "http://x"}, "stun_url"),
        ({"turn_url": "turn:"}, "turn_url"),
        ({"turn_username": "a\nb"}, "turn_username"),
        ({"llm_system_prompt": "a\0b"}, "llm_system_prompt"),
        ({"llm_system_prompt": "x" * 10_001}, "llm_system_prompt"),
    ],
)
def test_a_wrong_change_is_named_and_changes_nothing(
    app: FastAPI, client: TestClient, file: Path, change: dict[str, Any], named: str
):
    before = app.state.settings
    answer = client.patch(SETTINGS, json={"llm_model": "kept only with the others", **change})
    assert answer.status_code == 422, answer.text
    assert named in answer.json()["detail"]
    assert app.state.settings is before
    assert file.read_text() == "# mine\n"


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b'"x"', b"{", b'{"llm_model":"\\ud800"}', b"\xff", b"[" * 50_000]
)
def test_what_is_no_change_is_refused(client: TestClient, file: Path, body: bytes):
    answer = client.patch(SETTINGS, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in (400, 422), answer.text
    assert file.read_text() == "# mine\n"


@pytest.mark.parametrize("name", KEPT_BACK)
def test_what_could_hand_the_server_over_stays_as_it_is(client: TestClient, file: Path, name: str):
    answer = client.patch(SETTINGS, json={name: "x"})
    assert answer.status_code == 422
    assert name in answer.json()["detail"]
    assert file.read_text() == "# mine\n"


def test_what_the_environment_sets_is_locked(client: TestClient, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIEN_LLM_MODEL", "its own")
    assert listed(client)["llm_model"]["locked"]
    answer = client.patch(SETTINGS, json={"llm_model": "other"})
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "MIEN_LLM_MODEL" in answer.json()["hint"]


def test_a_file_that_cannot_be_written_changes_nothing(
    app: FastAPI, client: TestClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "taken").write_text("")
    monkeypatch.setenv("MIEN_CONFIG_FILE", str(tmp_path / "taken" / "mien.toml"))
    answer = client.patch(SETTINGS, json={"llm_model": "other"})
    assert (answer.status_code, answer.json()["code"]) == (507, "output")
    assert app.state.settings.llm_model == ""


@pytest.mark.parametrize("change", [{"llm_base_url": "http://thief.example/v1"}, {"llm": "zhipu"}])
def test_a_kept_key_goes_to_no_other_server(client: TestClient, change: dict[str, str]):
    client.patch(SETTINGS, json={"llm": "openai", "llm_api_key": KEY})
    for answer in (
        client.patch(SETTINGS, json=change),
        client.post(f"{SETTINGS}/test", json={"service": "llm", "values": change}),
    ):
        assert answer.status_code == 422
        assert "llm_api_key" in answer.json()["detail"]
    assert client.patch(SETTINGS, json={**change, "llm_api_key": "another"}).status_code == 200
    assert client.patch(SETTINGS, json={"llm": "scripted"}).status_code == 200


def test_only_an_admin_sees_and_changes_them(file: Path, tmp_path: Path):
    settings = Settings(data_dir=tmp_path / "data", cache_dir=tmp_path / "cache")
    tokens = TokenStore.from_settings(settings)
    _, make = tokens.create("a", scope="make")
    _, admin = tokens.create("b", scope="admin")
    client = TestClient(create_app(settings, manager=LiveManager(settings)), base_url=HERE)
    requests = [("GET", SETTINGS, None), ("PATCH", SETTINGS, {"llm_history": 1}), ("POST", f"{SETTINGS}/test", {})]
    for method, path, body in requests:
        headers = {"Authorization": f"Bearer {make}"}
        assert client.request(method, path, json=body, headers=headers).status_code == 403
        assert client.request(method, path, json=body).status_code == 401
    assert client.get(SETTINGS, headers={"Authorization": f"Bearer {admin}"}).status_code == 200


def test_the_voice_is_tried_out(client: TestClient):
    outcome = tried(client, "voice")
    assert outcome["ok"]
    assert "espeak spoke for" in outcome["message"]
    outcome = tried(client, "voice", voice="espeak:nobody")
    assert not outcome["ok"]
    assert "nobody" in outcome["message"]


def test_a_language_model_is_tried_out_before_it_is_kept(client: TestClient, file: Path):
    with StubLlm([Answer(text="Hello to you, my friend, and to all who are here with us on this day.")]) as llm:
        outcome = tried(client, "llm", llm="custom", llm_base_url=llm.url, llm_model="tiny", llm_api_key=KEY)
    assert outcome["ok"], outcome
    assert "Hello to you" in outcome["message"]
    assert llm.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert file.read_text() == "# mine\n"
    assert tried(client, "llm")["ok"], "the scripted partner is always there"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(status=401, body=f'{{"error": "wrong key {KEY}"}}'), "does not accept the key"),
        (Answer(status=404, body="{}"), "does not know the model"),
        (Answer(text=""), "empty answer"),
    ],
)
def test_a_language_model_that_fails_says_why(client: TestClient, answer: Answer, said: str):
    with StubLlm([answer]) as llm:
        outcome = tried(client, "llm", llm="custom", llm_base_url=llm.url, llm_model="tiny", llm_api_key=KEY)
    assert not outcome["ok"]
    assert said in outcome["message"]
    assert outcome["hint"]
    assert KEY not in str(outcome)


def test_nobody_at_the_address_and_nothing_set(client: TestClient):
    outcome = tried(client, "llm", llm="custom", llm_base_url="http://127.0.0.1:9/v1", llm_model="x")
    assert (outcome["ok"], "can be reached" in outcome["message"]) == (False, True)
    outcome = tried(client, "llm", llm="openai")
    assert (outcome["ok"], "has no key" in outcome["message"]) == (False, True)


def test_a_recogniser_is_tried_out_with_a_spoken_sentence(client: TestClient):
    outcome = tried(client, "recognizer", recognizer="canned")
    assert outcome["ok"], outcome
    assert "hello there how are you" in outcome["message"]
    assert not tried(client, "recognizer", recognizer="canned:deaf")["ok"]
    outcome = tried(client, "recognizer", recognizer="canned:absent")
    assert (outcome["ok"], outcome["hint"]) == (False, "Fetch it.")


def test_only_one_is_tried_out_at_a_time(app: FastAPI):
    async def main() -> list[int]:
        with StubLlm([Answer(text="Hello.", first_token_s=0.5)]) as llm:
            values = {"llm": "custom", "llm_base_url": llm.url, "llm_model": "x"}
            async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=HERE) as http:
                asked = [http.post(f"{SETTINGS}/test", json={"service": "llm", "values": values}) for _ in range(2)]
                return sorted(answer.status_code for answer in await asyncio.gather(*asked))

    assert asyncio.run(main()) == [200, 503]
