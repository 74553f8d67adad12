"""The sound that the network learns from: what is in it, and that its phonemes stand where they are heard."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from mien.errors import InputError, MissingDependency, NotFoundError, UsageError, VoiceError
from mien.media import resample, write_wav
from mien.motion.training import espeak, flite
from mien.motion.training.arpabet import arpabet
from mien.motion.training.corpus import SHARES, Utterance, utterances
from mien.motion.training.espeak import EspeakSource
from mien.motion.training.flite import spoken
from mien.motion.training.noise import MAKERS, NoiseSource
from mien.motion.training.pronunciation import Pronunciation
from mien.motion.training.recorded import METADATA, Aligner, RecordedSource, sentences
from mien.motion.training.words import WORDS
from mien.types import SAMPLE_RATE, Phoneme, Samples, Sound

needs_flite = pytest.mark.skipif(shutil.which("flite") is None, reason="flite is not installed")
WITHOUT_FLITE = {kind: share for kind, share in SHARES.items() if kind != "flite"}


def level_db(samples: Samples, start_s: float, end_s: float) -> float:
    piece = samples[max(0, round(start_s * SAMPLE_RATE)) : round(end_s * SAMPLE_RATE)]
    return float(10.0 * np.log10(np.mean(np.square(piece)) + 1e-10))


def closures_db(spoken_ones: list[Utterance]) -> list[float]:
    """Loudness in the closure of each p t k that follows another sound, over that of the utterance."""
    return [
        level_db(utterance.samples, sound.start_s - 0.03, sound.start_s - 0.008)
        - level_db(utterance.samples, 0.0, utterance.seconds)
        for utterance in spoken_ones
        for before, sound in zip(utterance.phonemes, utterance.phonemes[1:], strict=False)
        if sound.ipa in ("p", "t", "k") and sound.start_s - before.end_s < 0.005
    ]


def check(utterance: Utterance) -> None:
    """What holds for every utterance."""
    assert utterance.samples.dtype == np.float32
    assert utterance.samples.ndim == 1
    assert np.isfinite(utterance.samples).all()
    assert np.abs(utterance.samples).max(initial=0.0) <= 1.05
    end_s = 0.0
    for sound in utterance.phonemes:
        assert sound.ipa
        assert end_s - 1e-6 <= sound.start_s < sound.end_s <= utterance.seconds + 1e-6
        assert sound.stress in (0, 1, 2)
        end_s = sound.end_s


def same(first: Utterance, second: Utterance) -> bool:
    return (len(first.samples), first.phonemes, first.voice, first.text) == (
        len(second.samples),
        second.phonemes,
        second.voice,
        second.text,
    )


def test_seed_decides_everything_and_workers_nothing() -> None:
    one = list(utterances(7, 25.0, kinds=WITHOUT_FLITE))
    again = list(utterances(7, 25.0, kinds=WITHOUT_FLITE, workers=3))
    other = list(utterances(8, 25.0, kinds=WITHOUT_FLITE))
    assert len(one) == len(again)
    assert all(map(same, one, again))
    assert not any(map(same, one, other))
    equal = [np.array_equal(first.samples, second.samples) for first, second in zip(one, again, strict=True)]
    assert np.mean(equal) > 0.7  # the noise of breathy voices is espeak-ng's own chance


def test_time_is_shared_among_kinds_and_ends_when_it_is_full() -> None:
    made = list(utterances(0, 120.0, kinds={"mandarin": 0.5, "languages": 0.3, "noise": 0.2}))
    total_s = sum(utterance.seconds for utterance in made)
    assert total_s >= 120.0 > total_s - made[-1].seconds
    by_kind: Counter[str] = Counter()
    for utterance in made:
        check(utterance)
        by_kind[utterance.language if utterance.language in ("", "cmn") else "languages"] += round(utterance.seconds)
    assert by_kind["cmn"] / total_s == pytest.approx(0.5, abs=0.08)
    assert by_kind["languages"] / total_s == pytest.approx(0.3, abs=0.08)
    assert by_kind[""] / total_s == pytest.approx(0.2, abs=0.08)


def test_shares_are_what_was_agreed() -> None:
    assert sum(SHARES.values()) == pytest.approx(1.0)
    assert SHARES["flite"] >= 0.5
    assert SHARES["mandarin"] >= 0.25


def test_held_out_voices_are_never_trained_with() -> None:
    assert not set(espeak.VARIANTS) & set(espeak.HELD_OUT)
    assert not set(flite.VOICES) & set(flite.HELD_OUT)
    kinds = {"mandarin": 0.5, "languages": 0.5}
    for utterance in utterances(0, 40.0, kinds=kinds, held_out=True):
        assert utterance.voice.partition("+")[2] in espeak.HELD_OUT
    for utterance in utterances(0, 40.0, kinds=kinds):
        assert utterance.voice.partition("+")[2] in espeak.VARIANTS


def test_can_be_left_early() -> None:
    assert len(list(islice(utterances(0, 1e9, kinds={"mandarin": 1.0}, workers=2), 2))) == 2


@pytest.mark.parametrize(
    "kinds", [{"opera": 1.0}, {"mandarin": -1.0}, {"mandarin": float("nan")}, {}, {"recorded": 1.0}]
)
def test_kinds_that_cannot_be_are_refused_at_once(kinds: dict[str, float]) -> None:
    with pytest.raises(UsageError) as caught:
        utterances(0, 1.0, kinds=kinds)
    assert caught.value.hint


def test_tells_how_to_install_a_missing_flite(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingDependency, match="not installed") as caught:
        utterances(0, 1.0)
    assert "apt install flite" in caught.value.hint


def test_refuses_a_flite_that_lacks_a_voice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "flite"
    program.write_text("#!/bin/sh\necho 'Voices available: kal slt'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(MissingDependency, match="kal16, rms"):
        utterances(0, 1.0)


def test_a_flite_that_fails_is_an_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "flite"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(VoiceError, match="flite failed"):
        utterances(0, 1.0)


@pytest.mark.parametrize("said", ["pau:0.2 qq:0.4", "pau:0.2 p", "pau:soon"])
def test_nonsense_of_flite_is_an_error(said: str) -> None:
    with pytest.raises(VoiceError, match="no phone with its time"):
        spoken(said, 1.0)


@needs_flite
def test_flite_closes_where_its_stops_begin() -> None:
    made = list(utterances(0, 30.0, kinds={"flite": 1.0}))
    for utterance in made:
        check(utterance)
    assert {utterance.voice for utterance in made} <= {f"flite:{voice}" for voice in flite.VOICES}
    assert np.median(closures_db(made)) < -20.0
    stresses = Counter(sound.stress for utterance in made for sound in utterance.phonemes)
    assert stresses[0] > stresses[2] > 20


def test_espeak_closes_where_its_stops_begin() -> None:
    made = list(utterances(0, 40.0, kinds={"mandarin": 0.5, "languages": 0.5}))
    found = closures_db(made)
    assert len(found) > 20
    assert np.median(found) < -40.0


@pytest.mark.parametrize("language", sorted(WORDS))
def test_every_language_is_spoken(language: str) -> None:
    source = EspeakSource((language,))
    try:
        made = source.utterance(np.random.default_rng(3))
    finally:
        source.close()
    assert made is not None
    check(made)
    assert made.language == language
    assert len(made.phonemes) > 8
    assert level_db(made.samples, 0.0, made.seconds) > -40.0


@pytest.mark.parametrize("name", sorted(MAKERS))
def test_noise_has_no_phonemes_and_is_bounded(name: str) -> None:
    for count in (1, 700, 3 * SAMPLE_RATE):
        made = MAKERS[name](np.random.default_rng(1), count)
        assert made.shape == (count,)
        assert made.dtype == np.float32
        assert np.isfinite(made).all()


def test_noises_are_of_all_kinds() -> None:
    source = NoiseSource()
    made = [source.utterance(np.random.default_rng(index)) for index in range(30)]
    assert {utterance.voice for utterance in made} == {f"noise:{name}" for name in MAKERS}
    for utterance in made:
        check(utterance)
        assert utterance.phonemes == ()


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    """Four sentences like LJ Speech's, one of them with another one's text."""
    source = EspeakSource(("en-us",))
    texts = [
        "the baby kept a paper map in the big box",
        "we may open a bottle before supper",
        "people walk to the museum",
    ]
    lines = []
    try:
        voice = source._voices[0]
        for index, text in enumerate([*texts, texts[0]]):
            (chunk,) = voice.synthesize(text, voice="en-us", rate=0.9, pitch=1.0)
            write_wav(tmp_path / f"S-{index}.wav", Sound(chunk.samples, chunk.sample_rate))
            written = "a museum of " + texts[2] + " " + texts[1] * 4 if index == 1 else text
            lines.append(f"S-{index}|{text}|{written}")
    finally:
        source.close()
    (tmp_path / METADATA).write_text("\n".join(lines) + "\n\nS-99|not there|not there\n")
    return tmp_path


def test_recordings_are_aligned_and_unfit_ones_skipped(recordings: Path) -> None:
    source = RecordedSource(recordings)
    try:
        made = [source.utterance(np.random.default_rng(index)) for index in range(20)]
    finally:
        source.close()
    found = {utterance.voice: utterance for utterance in made if utterance}
    assert set(found) == {"recorded:S-0", "recorded:S-2"}
    assert None in made
    for utterance in found.values():
        check(utterance)
    assert np.median(closures_db(list(found.values()))) < -30.0
    assert [sound.ipa for sound in found["recorded:S-0"].phonemes][:6] == ["ð", "ʌ", "b", "eɪ", "b", "iː"]


def test_every_fourth_recording_is_held_out(recordings: Path) -> None:
    source = RecordedSource(recordings, held_out=True)
    try:
        made = source.utterance(np.random.default_rng(0))
    finally:
        source.close()
    assert made is not None
    assert made.voice == "recorded:S-3"


@pytest.fixture
def pronunciation() -> Iterator[Pronunciation]:
    made = Pronunciation("en-us")
    yield made
    made.close()


def test_unknown_words_are_pronounced_by_espeak(pronunciation: Pronunciation) -> None:
    source = EspeakSource(("en-us",))
    try:
        (chunk,) = source._voices[0].synthesize("the woodcutters met pannartz", voice="en-us", rate=0.9, pitch=1.0)
    finally:
        source.close()
    samples = resample(chunk.samples, chunk.sample_rate, SAMPLE_RATE)
    aligned = Aligner(pronunciation).align(samples, "The woodcutters met Pannartz.")
    assert aligned is not None
    assert "".join(sound.ipa for sound in aligned).startswith("ðʌwʊdk")
    assert arpabet(pronunciation.of("missals")) == ["m", "ih", "s", "ah", "l", "z"]
    assert arpabet([Phoneme("ŋ", 0, 1), Phoneme("ʘ", 1, 2)]) == []


@pytest.mark.parametrize("text", ["…", "", "''"])
def test_text_without_words_is_not_aligned(pronunciation: Pronunciation, text: str) -> None:
    assert Aligner(pronunciation).align(np.zeros(SAMPLE_RATE, np.float32), text) is None


def test_silence_is_not_aligned_with_words(pronunciation: Pronunciation) -> None:
    assert Aligner(pronunciation).align(np.zeros(SAMPLE_RATE // 10, np.float32), "people walk to the museum") is None


def test_a_missing_folder_of_recordings_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError) as caught:
        utterances(0, 1.0, kinds={"recorded": 1.0}, recordings=tmp_path / "nowhere")
    assert "LJ Speech" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"S-1 without a bar\n", InputError),
        (b"S-1|\n", InputError),
        (b"../../etc/passwd|text|text\n", InputError),
        (b"\xff\xfe\x00|x\n", InputError),
        (b"S-1|a recording that is not there|x\n", NotFoundError),
        (b"", NotFoundError),
    ],
)
def test_broken_metadata_is_an_error(tmp_path: Path, content: bytes, error: type[Exception]) -> None:
    (tmp_path / METADATA).write_bytes(content)
    with pytest.raises(error):
        sentences(tmp_path)
