from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter

from mien.errors import NotFoundError, WeightsError
from mien.weights import Catalog
from mien.weights.catalog import HuggingFaceSource, PageSource, Source, UrlSource, WheelSource
from mien.weights.tflite_to_onnx import VERSION

from .conftest import entry, url_source, wheel_source

PLAIN = entry("a", b"abc", url_source("https://host.invalid/a"))


def test_the_packaged_catalog_has_the_face_networks() -> None:
    free = [item for item in Catalog.packaged().entry if not item.terms]
    assert [item.name for item in free] == ["face-detector", "face-landmarks", "selfie-matte"]
    assert {item.licence for item in free} == {"Apache-2.0"}
    assert Catalog.packaged().find("face-landmarks").file == "face_landmark_with_attention.tflite"


def test_every_packaged_entry_that_is_fetched_has_its_official_place_first_and_then_the_wheel() -> None:
    for item in (item for item in Catalog.packaged().entry if item.sha256):
        official, wheel = item.sources
        assert isinstance(official, UrlSource)
        assert official.url.startswith(f"https://storage.googleapis.com/mediapipe-assets/{item.file}?generation=")
        assert isinstance(wheel, WheelSource)
        assert wheel.member.endswith(f"/{item.file}")


def test_what_people_fetch_says_where_and_on_what_terms() -> None:
    by_hand = [item for item in Catalog.packaged().entry if not item.sha256]
    assert [item.name for item in by_hand] == ["wav2lip", "wav2lip-gan", "wav2lip256"]
    for item in by_hand:
        assert item.terms
        assert all(isinstance(source, PageSource) for source in item.sources)


def test_the_fingerprints_belong_to_the_present_converter() -> None:
    catalog = Catalog.packaged()
    assert catalog.converter == VERSION, "run: python -m mien.weights.fingerprint > src/mien/weights/fingerprints.toml"
    assert set(catalog.fingerprint) == {item.name for item in catalog.entry if item.convert}


def test_an_unknown_name_lists_the_known() -> None:
    with pytest.raises(NotFoundError, match="'nose'") as caught:
        Catalog.packaged().find("nose")
    assert "selfie-matte" in caught.value.hint


def test_a_hugging_face_source_is_an_address_at_a_commit() -> None:
    source: Any = TypeAdapter(Source).validate_python(
        {"kind": "huggingface", "repo": "some-one/net_1.0", "revision": "0" * 40, "path": "a/b.safetensors"}
    )
    assert isinstance(source, HuggingFaceSource)
    assert source.url == f"https://huggingface.co/some-one/net_1.0/resolve/{'0' * 40}/a/b.safetensors"


@pytest.mark.parametrize(
    ("change", "place"),
    [
        ({"file": "../../evil"}, "file"),
        ({"file": "a/b"}, "file"),
        ({"file": ".."}, "file"),
        ({"name": "../a"}, "name"),
        ({"name": ""}, "name"),
        ({"sha256": "abc"}, "sha256"),
        ({"size": 0}, "size"),
        ({"sources": []}, "sources"),
        ({"sources": [url_source("ftp://host.invalid/a")]}, "sources"),
        ({"sources": [{"kind": "torrent"}]}, "sources"),
        ({"sources": [{"kind": "huggingface", "repo": "a/b", "revision": "main", "path": "c"}]}, "revision"),
        ({"sources": [wheel_source("a")]}, "unknown wheel 'tiny'"),
        ({"convert": "caffe"}, "convert"),
        ({"sha256": ""}, "only people can fetch it"),
        ({"sources": [{"kind": "page", "url": "https://host.invalid/"}]}, "a page is no source"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_a_bad_entry_is_an_error_that_names_the_place(change: dict[str, Any], place: str) -> None:
    with pytest.raises(WeightsError, match="catalog of model files is not valid") as caught:
        Catalog.parse({"entry": [PLAIN | change]})
    assert place in caught.value.message


def test_two_entries_of_one_name_are_an_error() -> None:
    with pytest.raises(WeightsError, match="two entries have the same name"):
        Catalog.parse({"entry": [PLAIN, PLAIN]})


@pytest.mark.parametrize(
    "change", [{"requirement": "tiny>=1"}, {"requirement": "-r evil.txt"}, {"filename": "../a.whl"}]
)
def test_a_wheel_that_is_not_pinned_is_an_error(change: dict[str, str]) -> None:
    table = {"requirement": "tiny==1.0", "filename": "tiny-1.0-py3-none-any.whl", "url": "https://host.invalid/"}
    fixed: dict[str, Any] = {"sha256": "0" * 64, "size": 1}
    Catalog.parse({"entry": [PLAIN], "wheel": {"tiny": table | fixed}})
    with pytest.raises(WeightsError):
        Catalog.parse({"entry": [PLAIN], "wheel": {"tiny": table | fixed | change}})
