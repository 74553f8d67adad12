"""Speech whose sounds nobody told, and whose text is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.motion.features import tones

import mien
from mien.errors import NotFoundError, TextError, UsageError, VoiceError, WeightsError
from mien.media import write_wav
from mien.settings import Settings
from mien.speech import Speaker
from mien.studio import RenderOptions, SpeakOptions
from mien.studio.sources import Transcript, recording
from mien.studio.speak import prepared
from mien.studio.timing import timed
from mien.types import Driver, Sound, SpeechChunk

TEXT = "Please put the big map on top of my piano. Nobody may move it."
OTHER = "Seven children were looking out of the window as the rain fell."


def said(settings: Settings, text: str = TEXT, voice: str = "en-us+m3") -> list[SpeechChunk]:
    with Speaker(settings, f"espeak:{voice}") as speaker:
        return list(speaker.speak(text))


def sound_of(chunks: list[SpeechChunk]) -> Sound:
    return Sound(np.concatenate([chunk.samples for chunk in chunks]), chunks[0].sample_rate)


def silent_about(chunks: list[SpeechChunk], *, words: bool) -> Iterator[SpeechChunk]:
    """As voices are that do not tell their phonemes: some tell words, and some come in pieces."""
    for chunk in chunks:
        if words:
            yield replace(chunk, phonemes=None)
        else:
            half = len(chunk.samples) // 2
            yield SpeechChunk(chunk.samples[:half], chunk.sample_rate, None, (), chunk.text)
            yield SpeechChunk(chunk.samples[half:], chunk.sample_rate)


def starts(chunks: list[SpeechChunk]) -> tuple[list[str], np.ndarray]:
    """The sounds of all chunks, and when they begin."""
    seconds, names, times = 0.0, [], []
    for chunk in chunks:
        assert chunk.phonemes is not None
        for sound in chunk.phonemes:
            if sound.ipa:
                names.append(sound.ipa)
                times.append(seconds + sound.start_s)
        seconds += len(chunk.samples) / chunk.sample_rate
    return names, np.array(times)


@pytest.mark.parametrize("words", [True, False])
def test_a_voice_that_does_not_tell_its_sounds(settings: Settings, words: bool):
    told = said(settings)
    found = list(timed(silent_about(told, words=words), settings, "edge:en-US-EmmaNeural", required=True))
    assert [chunk.text for chunk in found] == [chunk.text for chunk in told]
    np.testing.assert_array_equal(sound_of(found).samples, sound_of(told).samples)
    ours, theirs = starts(found), starts(told)
    assert ours[0] == theirs[0]
    assert np.median(np.abs(ours[1] - theirs[1])) <= 0.02
    assert all(chunk.words for chunk in found)


def test_the_language_stands_in_the_name_of_the_voice(settings: Settings):
    told = said(settings, "Bitte bring mir morgen Abend das Buch.", "de+m3")
    german = list(timed(silent_about(told, words=True), settings, "edge:de-DE-KatjaNeural", required=True))
    assert starts(german)[0] == starts(told)[0]


def test_a_voice_that_tells_its_sounds_is_not_kept_waiting(settings: Settings):
    taken = 0

    def watched() -> Iterator[SpeechChunk]:
        nonlocal taken
        for chunk in said(settings):
            taken += 1
            yield chunk

    first = next(timed(watched(), settings, "espeak", required=True))
    assert first.phonemes is not None
    assert taken == 1


def test_a_sentence_that_does_not_fit_its_sound(settings: Settings):
    wrong = [SpeechChunk(sound_of(said(settings)).samples, 22_050, None, (), OTHER)]
    assert [chunk.phonemes for chunk in timed(wrong, settings, "openai", required=False)] == [None]
    with pytest.raises(VoiceError, match="not known") as caught:
        list(timed(wrong, settings, "openai", required=True))
    assert "auto" in caught.value.hint


def test_a_recording_and_its_transcript(settings: Settings):
    told = said(settings)
    speech = recording(sound_of(told), settings, Transcript(text=TEXT), "phonemes")
    assert speech.titled
    assert speech.remarks == ()
    found = list(speech.chunks)
    np.testing.assert_array_equal(sound_of(found).samples, sound_of(told).samples)
    assert [chunk.text for chunk in found if chunk.text] == [chunk.text.strip() for chunk in told]
    ours, theirs = starts(found), starts(told)
    assert ours[0] == theirs[0]
    assert np.median(np.abs(ours[1] - theirs[1])) <= 0.02


def test_a_transcript_that_does_not_fit_is_remarked_or_refused(settings: Settings):
    sound = sound_of(said(settings))
    speech = recording(sound, settings, Transcript(text=OTHER))
    assert not speech.titled
    assert "transcript" in speech.remarks[0]
    assert all(chunk.phonemes is None for chunk in speech.chunks)
    with pytest.raises(TextError, match="transcript"):
        recording(sound, settings, Transcript(text=OTHER), "phonemes")


def test_phonemes_of_a_recording_need_its_transcript(settings: Settings):
    with pytest.raises(UsageError, match="transcript") as caught:
        recording(sound_of(said(settings)), settings, None, "phonemes")
    assert "auto" in caught.value.hint


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """It hears two tones."""
    return tones.write(tmp_path / "model.onnx").parent


def hummed() -> Sound:
    parts = [tones.tone(name, seconds) for name, seconds in (("m", 0.4), ("a", 0.6), ("m", 0.2), ("a", 0.5), ("", 0.5))]
    return Sound(np.tile(np.concatenate(parts), 3), 16_000)


@pytest.mark.parametrize("driver", ["auto", "phonemes"])
@pytest.mark.parametrize("by_setting", [True, False])
def test_a_recogniser_hears_what_no_transcript_tells(settings: Settings, model: Path, driver: Driver, by_setting: bool):
    done: list[float] = []
    told = settings.model_copy(update={"phonemes_model": model}) if by_setting else settings
    given = None if by_setting else model
    speech = recording(hummed(), told, None, driver, given, lambda progress: done.append(progress.done))
    assert not speech.titled
    names, times = starts(list(speech.chunks))
    assert names == ["m", "a", "m", "a"] * 3
    np.testing.assert_allclose(times[:5], [0.0, 0.4, 1.0, 1.2, 2.2], atol=0.03)
    assert done[-1] == pytest.approx(6.6)


@pytest.mark.parametrize("driver", ["network", "energy"])
def test_a_recogniser_is_left_alone_where_another_driver_is_wanted(settings: Settings, model: Path, driver: Driver):
    speech = recording(hummed(), settings, None, driver, model)
    assert all(chunk.phonemes is None for chunk in speech.chunks)


def test_a_transcript_goes_before_the_recogniser_if_it_fits(settings: Settings, model: Path):
    told = said(settings)
    fits = recording(sound_of(told), settings, Transcript(text=TEXT), "auto", model)
    assert starts(list(fits.chunks))[0] == starts(told)[0]
    other = recording(hummed(), settings, Transcript(text=OTHER), "auto", model)
    assert "transcript" in other.remarks[0]
    assert starts(list(other.chunks))[0] == ["m", "a", "m", "a"] * 3


def test_a_recogniser_that_is_not_there(settings: Settings, tmp_path: Path):
    with pytest.raises(WeightsError, match="nowhere"):
        recording(hummed(), settings, None, "auto", tmp_path / "nowhere")


def test_the_mouth_follows_the_recogniser(photo: Path, settings: Settings, model: Path):
    face = mien.open(photo, engine="sketch", settings=settings)
    one = [frame.image for frame in face.render(hummed(), phonemes_model=model, size=64)]
    other = [frame.image for frame in face.render(hummed(), driver="network", size=64)]
    assert len(one) == len(other)
    assert any((ours != theirs).any() for ours, theirs in zip(one, other, strict=True))


@pytest.mark.parametrize("driver", ["network", "energy"])
def test_a_recording_without_transcript_stays_as_it_is(settings: Settings, driver: Driver):
    speech = recording(sound_of(said(settings)), settings, None, driver)
    assert all(chunk.phonemes is None for chunk in speech.chunks)


def test_bad_transcripts(settings: Settings):
    sound = sound_of(said(settings))
    with pytest.raises(TextError, match="nothing to say"):
        recording(sound, settings, Transcript(text=" …"))
    with pytest.raises(TextError, match="50000 bytes"):
        recording(sound, settings, Transcript(text="a " * 30_000))
    with pytest.raises(NotFoundError, match="quenyan"):
        recording(sound, settings, Transcript(text=TEXT, language="quenyan"))


def test_what_does_not_go_together(settings: Settings):
    sound = sound_of(said(settings))
    for text, source, transcript, options in (
        (TEXT, None, TEXT, SpeakOptions()),
        (TEXT, None, None, SpeakOptions(language="de")),
        (TEXT, None, None, SpeakOptions(phonemes_model=Path("model"))),
        (None, sound, None, SpeakOptions(language="de")),
        (None, sound, None, SpeakOptions(subtitles=True)),
        (None, sound, None, SpeakOptions(render=RenderOptions(driver="phonemes"))),
        (TEXT, sound, None, SpeakOptions()),
    ):
        with pytest.raises(UsageError):
            prepared(text, source, transcript, settings, options)


def test_a_transcript_gives_a_recording_subtitles(photo: Path, settings: Settings, tmp_path: Path):
    wav = tmp_path / "said.wav"
    write_wav(wav, sound_of(said(settings)))
    face = mien.open(photo, engine="sketch", settings=settings)
    made = face.speak(audio=wav, transcript=TEXT, size=64).save(tmp_path / "a.mp4", subtitles=True)
    assert made.subtitles is not None
    assert "Nobody may move it." in made.subtitles.read_text(encoding="utf-8")
    wrong = face.speak(audio=wav, transcript=OTHER, size=64).save(tmp_path / "b.mp4", subtitles=True)
    assert wrong.subtitles is None
    assert "transcript" in wrong.remarks[-1]


def test_the_driver_reaches_the_face(photo: Path, settings: Settings):
    face = mien.open(photo, engine="sketch", settings=settings)
    sound = sound_of(said(settings))
    with_text = [frame.image for frame in face.render(sound, transcript=TEXT, size=64)]
    by_loudness = [frame.image for frame in face.render(sound, transcript=TEXT, driver="energy", size=64)]
    without = [frame.image for frame in face.render(sound, driver="energy", size=64)]
    assert (np.array(with_text) != np.array(by_loudness)).any()
    np.testing.assert_array_equal(by_loudness, without)
