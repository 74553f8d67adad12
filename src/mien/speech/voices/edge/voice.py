"""Edge's online voices by the package edge-tts: MP3 and the times of words."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Coroutine, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import aiohttp
import edge_tts
from edge_tts.exceptions import EdgeTTSException, NoAudioReceived

from mien.errors import MediaError, MienError, NotFoundError, UsageError, VoiceError
from mien.media import read_audio, resample
from mien.settings import Settings
from mien.speech.text import language_runs
from mien.speech.voice import VoiceInfo
from mien.types import SpeechChunk, Word

T = TypeVar("T")

_SAMPLE_RATE = 24_000  # what edge-tts asks for: audio-24khz-48kbitrate-mono-mp3
_TICKS_PER_SECOND = 10_000_000
_PITCH_HZ = 170.0
"""The service shifts pitch by hertz only; between the means of male and female voices."""

_DEFAULT = "en-US-EmmaMultilingualNeural"
_DEFAULTS = {
    "zh": "zh-CN-XiaoxiaoNeural",
    "ja": "ja-JP-NanamiNeural",
    "ko": "ko-KR-SunHiNeural",
    "ru": "ru-RU-SvetlanaNeural",
}


class EdgeVoice:
    """See `mien.speech.voice.Voice`. It knows words, not phonemes."""

    def __init__(self, settings: Settings) -> None:
        if settings.offline:
            raise UsageError(
                "The edge voice needs the internet, and Mien is set to be offline.",
                hint="Unset MIEN_OFFLINE, or choose --voice espeak.",
            )
        self._threads = ThreadPoolExecutor(1, "edge-voice")

    def synthesize(self, text: str, *, voice: str, rate: float, pitch: float) -> Iterator[SpeechChunk]:
        name = voice or _DEFAULTS.get(language_runs(text)[0].language, _DEFAULT)
        try:
            request = edge_tts.Communicate(
                text,
                name,
                rate=f"{round((rate - 1) * 100):+d}%",
                pitch=f"{round((pitch - 1) * _PITCH_HZ):+d}Hz",
                boundary="WordBoundary",
            )
        except ValueError as error:
            raise self._unknown(name) from error
        try:
            messages = self._wait(_collect(request))
        except NoAudioReceived as error:
            raise self._silent(name) from error
        yield speech(messages, text)

    def voices(self) -> list[VoiceInfo]:
        return [
            VoiceInfo(item["ShortName"], item["Locale"], item["Gender"].lower(), item["FriendlyName"])
            for item in self._wait(edge_tts.list_voices())
        ]

    def close(self) -> None:
        self._threads.shutdown(wait=False)

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs it in a thread of its own: the caller may be inside an event loop."""
        try:
            return self._threads.submit(asyncio.run, work).result()
        except NoAudioReceived:
            raise
        except (aiohttp.ClientError, EdgeTTSException, TimeoutError, OSError) as error:
            raise VoiceError(
                # What aiohttp writes around the cause shows the insides of Python.
                f"The edge voice failed: {type(error).__name__}: {getattr(error, 'os_error', error)}.",
                hint="Look at the internet connection, or choose --voice espeak.",
                retryable=True,
            ) from error

    def _silent(self, name: str) -> MienError:
        """The service answers an unknown voice with no sound, and other things too."""
        if name not in [info.name for info in self.voices()]:
            return self._unknown(name)
        return VoiceError(f"The edge voice {name!r} gave no sound.", hint="Try it again.", retryable=True)

    def _unknown(self, name: str) -> NotFoundError:
        near = difflib.get_close_matches(name, [info.name for info in self.voices()], n=5, cutoff=0.4)
        hint = f"Did you mean {', '.join(near)}?" if near else "All: `mien voices --engine edge`."
        return NotFoundError(f"There is no edge voice {name!r}.", hint=hint)


async def _collect(request: edge_tts.Communicate) -> list[Any]:
    return [message async for message in request.stream()]


def speech(messages: Iterable[Any], text: str) -> SpeechChunk:
    """The sound and the words in the messages of one sentence.

    Args:
        messages: `edge_tts.typing.TTSChunk`s; MP3 and word boundaries, offset and duration in units of 100 ns.
        text: the sentence.

    Raises:
        VoiceError: the sound is not MP3.
    """
    mp3, words = bytearray(), []
    for message in messages:
        if message["type"] == "audio":
            mp3 += message["data"]
        elif message["type"] == "WordBoundary":
            start = message["offset"] / _TICKS_PER_SECOND
            words.append(Word(message["text"], start, start + message["duration"] / _TICKS_PER_SECOND))
    try:
        sound = read_audio(bytes(mp3))
    except MediaError as error:
        raise VoiceError(
            f"The edge voice sent sound that cannot be read: {error.message}", hint="Try it again.", retryable=True
        ) from error
    samples = resample(sound.samples, sound.sample_rate, _SAMPLE_RATE)
    return SpeechChunk(samples, _SAMPLE_RATE, None, tuple(words), text)
