from __future__ import annotations

import pytest

from mien.errors import NotFoundError
from mien.settings import Settings
from mien.speech import list_voices


def test_every_local_engine_is_listed_and_the_others_are_mentioned(settings: Settings) -> None:
    listing = list_voices(settings)
    assert {voice.engine for voice in listing.voices} == {"espeak"}
    assert len(listing.voices) > 200
    assert {remark.split(":")[0] for remark in listing.remarks} >= {"edge", "openai"}


def test_voices_are_filtered_by_language(settings: Settings) -> None:
    names = {voice.info.name for voice in list_voices(settings, "espeak", "en").voices}
    assert {"en-us", "en-gb"} <= names
    assert not names & {"de", "cmn"}
    for chinese in ("zh", "zh-CN", "zh_TW", "zh-Hans-CN", "cmn"):
        assert {voice.info.name for voice in list_voices(settings, "espeak", chinese).voices} >= {"cmn"}, chinese
    assert not list_voices(settings, "espeak", "zh-HK").voices


def test_an_unknown_engine_is_an_error(settings: Settings) -> None:
    with pytest.raises(NotFoundError, match="'festival'"):
        list_voices(settings, "festival")
