from __future__ import annotations

import io
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame
from mien_sketch.engine import opening
from tests.motion.features import tones

from mien.cli.speak import Driver
from mien.media import write_wav
from mien.settings import load
from mien.speech import Speaker
from mien.types import DRIVERS, Sound, frame_count

from .conftest import Mien

SKETCH = ("--engine", "sketch", "--size", "128")


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch):
    def give(data: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    return give


def read_video(path: Path) -> dict[str, Any]:
    """What a player sees of it."""
    with av.open(str(path)) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        pictures, sound = [], []
        for frame in container.decode(video, audio):
            if isinstance(frame, AudioFrame):
                sound.append(frame.to_ndarray()[0])
            elif isinstance(frame, VideoFrame):
                pictures.append(frame.to_ndarray(format="rgb24"))
        return {
            "codecs": (video.codec.name, audio.codec.name),
            "fps": video.average_rate,
            "starts": (video.start_time, audio.start_time),
            "pictures": pictures,
            "sound": np.concatenate(sound),
            "rate": audio.rate,
            "metadata": dict(container.metadata),
        }


def test_a_text_becomes_a_video_that_moves_its_mouth_with_the_voice(mien: Mien, photo: Path, home: Path):
    done = mien("speak", "-a", photo, "-t", "Hello. My mama may.", "-o", "out.mp4", *SKETCH)
    assert (done.code, done.err.strip()) == (0, "The mouth was guessed.")
    assert "out.mp4" in done.out
    video = read_video(home / "out.mp4")
    assert video["codecs"] == ("h264", "aac")
    assert video["starts"] == (0, 0)
    assert video["fps"] == 25
    seconds = len(video["sound"]) / video["rate"]
    assert abs(seconds - len(video["pictures"]) / 25) < 0.05
    assert [path.name for path in home.iterdir()] == ["out.mp4"]
    heights = np.array([opening(picture) for picture in video["pictures"]])
    loudness = [np.abs(part).max() for part in np.array_split(video["sound"], len(heights))]
    assert heights.max() > 0.05
    assert np.corrcoef(heights, loudness)[0, 1] > 0.2
    assert "AI-generated" in video["metadata"]["comment"]


def test_json_is_one_object_with_what_the_issue_names(mien: Mien, photo: Path):
    done = mien("speak", "-a", photo, "-t", "Hello.", "-o", "out.mp4", "--json", *SKETCH)
    assert done.code == 0
    assert done.err == ""
    told = done.json
    assert told["output"] == "out.mp4"
    assert told["engine"] == "sketch"
    assert told["voice"] == "espeak"
    assert told["fps"] == 25
    assert told["frames"] == len(read_video(Path("out.mp4"))["pictures"])
    assert told["video_seconds"] == pytest.approx(told["frames"] / 25)
    assert {"voice", "avatar", "engine", "render", "encode", "total"} <= set(told["seconds"])
    assert told["remarks"] == ["The mouth was guessed."]


def test_a_recording_keeps_its_own_sound(mien: Mien, photo: Path, voice_wav: Path):
    done = mien("speak", "-a", photo, "--audio", voice_wav, "-o", "out.mp4", "--json", *SKETCH)
    assert done.code == 0
    assert done.json["voice"] is None
    assert done.json["frames"] == frame_count(4800, 25, 8000) == 15
    sound = read_video(Path("out.mp4"))
    tone = sound["sound"][sound["rate"] // 10 : sound["rate"] // 2]
    spectrum = np.abs(np.fft.rfft(tone * np.hanning(len(tone))))
    assert np.argmax(spectrum) * sound["rate"] / len(tone) == pytest.approx(220, abs=4)


@pytest.mark.parametrize(("fps", "frames"), [("25", 15), ("30", 18), ("29.97", 18), ("12.5", 8)])
def test_frame_rates(mien: Mien, photo: Path, voice_wav: Path, fps: str, frames: int):
    done = mien("speak", "-a", photo, "--audio", voice_wav, "-o", "out.mp4", "--fps", fps, "--json", *SKETCH)
    assert abs(done.json["frames"] - frames) <= 1
    video = read_video(Path("out.mp4"))
    assert float(video["fps"]) == pytest.approx(float(Fraction(fps)), rel=1e-4)


def test_the_same_seed_gives_the_same_pictures_and_another_one_others(mien: Mien, photo: Path):
    def pictures(seed: int) -> np.ndarray:
        mien(
            "speak",
            "-a",
            photo,
            "-t",
            "Good morning to all of you.",
            "-o",
            "s.mp4",
            "--seed",
            seed,
            "--overwrite",
            *SKETCH,
        )
        return np.array(read_video(Path("s.mp4"))["pictures"])

    first = pictures(1)
    np.testing.assert_array_equal(first, pictures(1))
    assert (first != pictures(2)).any()


def test_without_output_it_is_named_after_the_avatar_and_said_so(mien: Mien, photo: Path):
    done = mien("speak", "-a", photo, "-t", "Hi.", *SKETCH)
    assert done.code == 0
    assert "photo.mp4" in done.out
    assert Path("photo.mp4").is_file()


def test_the_label_is_seen_unless_it_is_left_out(mien: Mien, photo: Path):
    mien("speak", "-a", photo, "-t", "Hi.", "-o", "with.mp4", *SKETCH)
    mien("speak", "-a", photo, "-t", "Hi.", "-o", "without.mp4", "--no-label", *SKETCH)
    labelled, plain = read_video(Path("with.mp4")), read_video(Path("without.mp4"))
    difference = np.abs(labelled["pictures"][0].astype(int) - plain["pictures"][0]).max(axis=2) > 60
    rows, columns = np.nonzero(difference)
    assert difference.sum() > 100
    assert rows.min() > 64
    assert columns.min() > 32
    assert "AI-generated" in plain["metadata"]["comment"]


def test_subtitles_lie_beside_the_video_and_fit_its_length(mien: Mien, photo: Path):
    told = mien("speak", "-a", photo, "-t", "Hello you. 你好。", "-o", "s.mp4", "--subtitles", "--json", *SKETCH).json
    assert told["subtitles"] == "s.srt"
    blocks = Path("s.srt").read_text(encoding="utf-8").strip().split("\n\n")
    assert [block.splitlines()[2] for block in blocks] == ["Hello you.", "你好。"]
    end = blocks[-1].splitlines()[1].split(" --> ")[1]
    seconds = float(end.split(":")[2].replace(",", "."))
    assert seconds == pytest.approx(told["video_seconds"], abs=0.05)


def test_standard_input(mien: Mien, photo: Path, voice_wav: Path, stdin):
    for option, data in (
        ("-t", "你好。".encode()),
        ("--text-file", b"\xef\xbb\xbfHi."),
        ("--audio", voice_wav.read_bytes()),
    ):
        stdin(data)
        done = mien("speak", "-a", photo, option, "-", "-o", "i.mp4", "--overwrite", *SKETCH)
        assert done.code == 0, done.err


def test_text_files(mien: Mien, photo: Path):
    for number, data in enumerate((b"Hello.", "你好。".encode(), "Hello.".encode("utf-16"))):
        Path("text.txt").write_bytes(data)
        assert mien("speak", "-a", photo, "--text-file", "text.txt", "-o", f"{number}.mp4", *SKETCH).code == 0


def test_the_second_time_the_picture_is_not_prepared_again(mien: Mien, photo: Path, home: Path):
    for number in range(2):
        mien("speak", "-a", photo, "-t", "Hi.", "-o", f"{number}.mp4", *SKETCH)
    packages = list((home.parent / "cache" / "avatars").iterdir())
    assert len(packages) == 1
    made = packages[0] / "manifest.json"
    before = made.stat().st_mtime_ns
    mien("speak", "-a", photo, "-t", "Hi.", "-o", "3.mp4", *SKETCH)
    assert made.stat().st_mtime_ns == before


def test_overwrite(mien: Mien, photo: Path):
    Path("out.mp4").write_bytes(b"old")
    assert mien("speak", "-a", photo, "-t", "Hi.", "-o", "out.mp4", "--overwrite", *SKETCH).code == 0
    assert read_video(Path("out.mp4"))["pictures"]


def test_the_drivers_are_those_that_there_are():
    assert tuple(Driver) == DRIVERS


def test_a_recording_with_its_transcript_has_phonemes_and_subtitles(mien: Mien, photo: Path):
    with Speaker(load(), "espeak:en-us+m3") as speaker:
        (chunk,) = speaker.speak("Please put the big map on my piano.")
    write_wav(Path("said.wav"), Sound(chunk.samples, chunk.sample_rate))
    Path("said.txt").write_text("Please put the big map on my piano.", encoding="utf-8")
    known = ("--transcript-file", "said.txt", "--language", "en", "--driver", "phonemes", "--subtitles")
    done = mien("speak", "-a", photo, "--audio", "said.wav", *known, "-o", "out.mp4", "--json", *SKETCH)
    assert done.code == 0, done.err
    assert done.json["subtitles"] == "out.srt"
    assert "big map" in Path("out.srt").read_text(encoding="utf-8")
    other = ("--transcript", "Seven children were looking out of the window.", "-o", "two.mp4")
    done = mien("speak", "-a", photo, "--audio", "said.wav", *other, *SKETCH)
    assert done.code == 0
    assert "transcript" in done.err


def test_a_recogniser_of_phonemes(mien: Mien, photo: Path, voice_wav: Path):
    tones.write(Path("heard.onnx"))
    known = ("--phonemes-model", "heard.onnx", "--driver", "phonemes")
    done = mien("speak", "-a", photo, "--audio", voice_wav, *known, "-o", "out.mp4", "--json", *SKETCH)
    assert done.code == 0, done.err
    assert done.json["frames"] == len(read_video(Path("out.mp4"))["pictures"])


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_driver(mien: Mien, photo: Path, driver: str):
    assert mien("speak", "-a", photo, "-t", "Hi.", "-o", "out.mp4", "--driver", driver, *SKETCH).code == 0


@pytest.mark.parametrize(
    ("arguments", "code", "word"),
    [
        (("--audio", "VOICE", "--driver", "phonemes"), 2, "transcript"),
        (("--audio", "VOICE", "--phonemes-model", "nowhere"), 8, "There is no folder nowhere"),
        (("-t", "Hi.", "--phonemes-model", "nowhere"), 2, "recording"),
        (("--audio", "VOICE", "--transcript", "Hi.", "--driver", "phonemes"), 5, "transcript"),
        (("--audio", "VOICE", "--transcript", "…"), 5, "nothing to say"),
        (("--audio", "VOICE", "--transcript", "Hi.", "--language", "quenyan"), 3, "quenyan"),
        (("--audio", "VOICE", "--transcript-file", "none.txt"), 3, "none.txt"),
        (("--audio", "VOICE", "--transcript", "Hi.", "--transcript-file", "none.txt"), 2, "not both"),
        (("--audio", "VOICE", "--language", "de"), 2, "--language"),
        (("-t", "Hi.", "--transcript", "Hi."), 2, "recording"),
        (("-t", "Hi.", "--driver", "telepathy"), 2, "telepathy"),
    ],
)
def test_transcripts_and_drivers_that_cannot_be(
    mien: Mien, photo: Path, voice_wav: Path, arguments: tuple[str, ...], code: int, word: str
):
    given = [str(voice_wav) if one == "VOICE" else one for one in arguments]
    done = mien("speak", "-a", photo, *given, "-o", "out.mp4", *SKETCH)
    assert done.code == code, done.err
    assert word in done.err
    assert not Path("out.mp4").exists()
