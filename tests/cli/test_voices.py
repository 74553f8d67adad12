from __future__ import annotations

from .conftest import Mien


def test_voices_are_listed_as_a_table(mien: Mien) -> None:
    outcome = mien("voices", "--language", "zh")
    assert outcome.code == 0
    assert "espeak:cmn" in outcome.out
    assert "espeak:en-us" not in outcome.out
    assert "mien voices --engine openai" in outcome.err


def test_no_voice_is_said(mien: Mien) -> None:
    outcome = mien("voices", "--language", "tlh")
    assert outcome.code == 0
    assert "No voice was found." in outcome.err


def test_json_is_one_object_with_what_speak_takes(mien: Mien) -> None:
    listing = mien("voices", "--engine", "espeak", "--json").json
    voices = {voice["name"]: voice for voice in listing["voices"]}
    assert voices["en-us"]["engine"] == "espeak"
    assert voices["en-us"]["language"] == "en-us"
    assert listing["remarks"] == []


def test_an_unknown_engine_is_one_sentence(mien: Mien) -> None:
    outcome = mien("voices", "--engine", "festival")
    assert outcome.code == 3
    assert "'festival'" in outcome.err
    assert "espeak" in outcome.err


def test_an_engine_of_the_network_is_refused_offline(mien: Mien) -> None:
    outcome = mien("voices", "--engine", "openai")
    assert outcome.code == 2
    assert "offline" in outcome.err
