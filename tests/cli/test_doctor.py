from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Mien


def test_an_offline_machine_without_weights_is_told_what_is_missing(mien: Mien):
    done = mien("doctor", "--json")
    assert done.code == 1
    assert done.json["healthy"] is False
    missing = [finding for finding in done.json["findings"] if finding["state"] == "missing"]
    assert {finding["what"] for finding in missing} == {
        "weights face-detector",
        "weights face-landmarks",
        "weights selfie-matte",
    }
    assert all(finding["advice"] for finding in missing)


def test_online_they_are_only_not_there_yet(mien: Mien, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIEN_OFFLINE", "0")
    done = mien("doctor", "--json")
    assert done.code == 0
    found = {finding["what"]: finding for finding in done.json["findings"]}
    assert found["video"]["state"] == "ok"
    assert found["networks"]["state"] == "ok"
    assert found["engine portrait"]["state"] == "ok"
    assert found["engine clay"] | {"found": ""} == {
        "what": "engine clay",
        "state": "note",
        "found": "",
        "advice": "pip install mien-clay",
    }
    assert found["default voice"]["found"] == "espeak"


def test_it_writes_nothing(mien: Mien, home: Path):
    before = sorted(home.parent.rglob("*"))
    mien("doctor")
    assert sorted(home.parent.rglob("*")) == before


def test_a_folder_that_cannot_be_used(mien: Mien, home: Path):
    (home.parent / "data").write_text("")
    done = mien("doctor")
    assert done.code == 1
    assert "MIEN_DATA_DIR" in done.out


def test_an_unknown_default_voice(mien: Mien, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIEN_VOICE", "nobody")
    assert "nobody" in mien("doctor").out


def test_engines_are_listed_with_licence_and_what_they_lack(mien: Mien):
    told = {engine["name"]: engine for engine in mien("engines", "--json").json["engines"]}
    assert told["portrait"]["licence"] == "Apache-2.0"
    assert told["portrait"]["missing"] == []
    assert told["clay"]["missing"] == ["mien_clay"]
    text = mien("engines").out
    assert "pip install mien-clay" in text


def test_version_and_help(mien: Mien):
    assert mien("--version").out.startswith("mien 0.")
    assert "speak" in mien("--help").out
    assert mien("--help").out == mien().out
    alone = mien("avatar")
    assert (alone.code, alone.err) == (2, "")
    assert "create" in alone.out


def test_it_tells_what_live_conversation_needs(mien: Mien, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MIEN_RECOGNIZER", "nonsense:tiny")
    monkeypatch.setenv("MIEN_LLM", "ollama")
    found = {finding["what"]: finding for finding in mien("doctor", "--json").json["findings"]}
    assert found["live"]["state"] in ("ok", "note")
    assert found["recogniser pocketsphinx"]["state"] == "ok"
    assert found["default recogniser"]["state"] == "missing"
    assert found["language model"]["found"] == "ollama"
