"""Sentences for trying voices out."""

from __future__ import annotations

import pytest

from mien.settings import Settings
from mien.speech import list_voices
from mien.speech.samples import _SENTENCES, sentence
from mien.speech.text import language_runs, speakable


def test_each_is_short_and_can_be_spoken():
    assert len(_SENTENCES) >= 40
    assert all(speakable(text) and len(text) <= 60 for text in _SENTENCES.values())
    assert len(set(_SENTENCES.values())) == len(_SENTENCES)


@pytest.mark.parametrize("language", sorted(set(_SENTENCES) - {"yue"}))
def test_each_is_written_in_the_script_of_its_language(language: str):
    assert {run.language for run in language_runs(sentence(language), language)} == {language}


@pytest.mark.parametrize(
    ("tag", "language"),
    [
        ("zh-CN-XiaoxiaoNeural", "zh"),
        ("cmn", "zh"),
        ("cmn-latn-pinyin", "zh"),
        ("zh-HK", "yue"),
        ("zh_CN-huayan-medium", "zh"),
        ("yue", "yue"),
        ("en-us", "en"),
        ("pt-BR", "pt"),
        ("nn-NO", "nb"),
        ("DE", "de"),
        ("", "en"),
        ("alloy", "en"),
        ("klingon", "en"),
    ],
)
def test_it_is_found_by_tag_or_name(tag: str, language: str):
    assert sentence(tag) == _SENTENCES[language]


def test_most_voices_have_one_of_their_own():
    listed = list_voices(Settings(), "espeak").voices
    own = [voice for voice in listed if voice.info.name == "en" or sentence(voice.info.name) != sentence("en")]
    assert len(own) >= 70
