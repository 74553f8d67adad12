from __future__ import annotations

import pytest

from mien.errors import NotFoundError
from mien.speech.voices.espeak.catalog import Catalog

CATALOG = Catalog(
    [
        ("Chinese (Mandarin, latin as English)", "sit/cmn", ["cmn", "zh-cmn", "zh"], 1),
        ("Chinese (Cantonese)", "sit/yue", ["yue", "zh-yue", "zh"], 1),
        ("English (Great Britain)", "gmw/en", ["en-gb", "en"], 1),
        ("English (America)", "gmw/en-US", ["en-us", "en"], 1),
    ],
    [("Female 3", "!v/f3", ["variant"], 2), ("Mr serious", "!v/Mr serious", ["variant"], 1)],
)


@pytest.mark.parametrize(
    ("voice", "identifier"),
    [
        ("en-us", "gmw/en-US"),
        ("EN_US", "gmw/en-US"),
        ("English (America)", "gmw/en-US"),
        ("gmw/en-US", "gmw/en-US"),
        ("en-gb+F3", "gmw/en+f3"),
        ("en-us+mr serious", "gmw/en-US+Mr serious"),
        ("en", "gmw/en-US"),
    ],
)
def test_a_voice_has_many_names(voice: str, identifier: str) -> None:
    assert CATALOG.identifier(voice, CATALOG.language(voice)) == identifier


@pytest.mark.parametrize("name", ["zh", "zh-CN", "zh_TW", "zh-cmn", "cmn"])
def test_chinese_is_mandarin(name: str) -> None:
    assert CATALOG.language(name) == "cmn"


def test_other_languages_keep_the_variant() -> None:
    assert CATALOG.identifier("en-us+f3", "zh") == "sit/cmn+f3"
    assert CATALOG.identifier("yue", "yue") == "sit/yue"
    assert CATALOG.identifier("", "zh") == "sit/cmn"


@pytest.mark.parametrize(
    ("voice", "near"), [("en-ux", "en-us"), ("en-us+f4", "f3"), ("", "mien voices"), ("+f3", "mien voices")]
)
def test_unknown_names_are_refused_with_near_ones(voice: str, near: str) -> None:
    with pytest.raises(NotFoundError) as caught:
        CATALOG.language(voice)
    assert near in caught.value.hint
