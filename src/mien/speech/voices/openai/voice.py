"""The client of OpenAI-compatible speech servers (https://platform.openai.com/docs/api-reference/audio/createSpeech)."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx

from mien.errors import SettingsError, UsageError, VoiceError
from mien.settings import Settings
from mien.speech.voice import VoiceInfo
from mien.speech.voices.openai.sound import chunks
from mien.types import SpeechChunk

_MODEL, _VOICE = "tts-1", "alloy"
_OFFICIAL_HOST = "api.openai.com"
_OFFICIAL_VOICES = ("alloy", "ash", "ballad", "coral", "echo", "fable", "nova", "onyx", "sage", "shimmer", "verse")
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_TIMEOUT = httpx.Timeout(30.0, connect=10.0)
_SENTENCE_TIMEOUT_S = 120.0
_MAX_BYTES = 64 << 20  # 23 minutes of 24 kHz


class OpenaiVoice:
    """See `mien.speech.voice.Voice`. Names are `VOICE` or `MODEL/VOICE`; pitch is ignored; no phonemes, no words."""

    def __init__(self, settings: Settings, timeout: httpx.Timeout = _TIMEOUT) -> None:
        self._url = _checked_url(settings.openai_base_url)
        if settings.offline and self._url.host not in _LOCAL_HOSTS:
            raise UsageError(
                f"The openai voice needs {self._url.host}, and Mien is set to be offline.",
                hint="Unset MIEN_OFFLINE, or choose --voice espeak.",
            )
        self._key = _checked_key(settings.openai_api_key)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self._client = httpx.Client(headers=headers, timeout=timeout)

    def synthesize(self, text: str, *, voice: str, rate: float, pitch: float) -> Iterator[SpeechChunk]:
        del pitch  # the interface has none
        model, _, name = voice.rpartition("/")
        request = {
            "model": model or _MODEL,
            "voice": name or _VOICE,
            "input": text,
            "response_format": "wav",
            "speed": round(rate, 2),
        }
        try:
            with self._client.stream("POST", f"{self._url}/audio/speech", json=request) as response:
                if response.status_code != 200:
                    raise self._refused(response)
                yield from chunks(self._body(response), response.headers.get("content-type", ""), text)
        except httpx.HTTPError as error:
            raise self._broken(error) from error

    def voices(self) -> list[VoiceInfo]:
        """OpenAI's documented names, or what another server lists at `GET /audio/voices`, as many do."""
        if self._url.host == _OFFICIAL_HOST:
            return [VoiceInfo(name) for name in _OFFICIAL_VOICES]
        try:
            response = self._client.get(f"{self._url}/audio/voices")
            listed = response.json() if response.status_code == 200 else {}
        except httpx.HTTPError as error:
            raise self._broken(error) from error
        except ValueError:
            return []
        items = listed.get("voices") if isinstance(listed, dict) else listed
        if not isinstance(items, list):
            return []
        names = [item.get("id") or item.get("name") if isinstance(item, dict) else item for item in items]
        return [VoiceInfo(name) for name in names if isinstance(name, str)]

    def close(self) -> None:
        self._client.close()

    def _body(self, response: httpx.Response) -> Iterator[bytes]:
        size, deadline = 0, time.monotonic() + _SENTENCE_TIMEOUT_S
        for data in response.iter_bytes():
            size += len(data)
            if size > _MAX_BYTES or time.monotonic() > deadline:
                raise VoiceError(
                    f"{self._url} sent {size} bytes for one sentence and did not end.",
                    hint="Look at the server, or choose --voice espeak.",
                    retryable=True,
                )
            yield data

    def _refused(self, response: httpx.Response) -> VoiceError:
        status = response.status_code
        if status in (401, 403):  # the answer may quote the key
            return VoiceError(f"{self._url} refuses the key ({status}).", hint="Set MIEN_OPENAI_API_KEY.")
        response.read()
        said = self._without_key(" ".join(response.text[:300].split()))
        hint = "Look at the names of model and voice, --voice openai:MODEL/VOICE, and at MIEN_OPENAI_BASE_URL."
        if status == 429:
            hint = "Wait a little, or look at the account's limits."
        elif status >= 500:
            hint = "Try it again later, or look at the server."
        return VoiceError(
            f"{self._url} answered {status}: {said or 'nothing'}.", hint=hint, retryable=status == 429 or status >= 500
        )

    def _broken(self, error: httpx.HTTPError) -> VoiceError:
        said = self._without_key(str(error))
        return VoiceError(
            f"{self._url} cannot be used: {type(error).__name__}{f': {said}' if said else ''}.",
            hint="Look at MIEN_OPENAI_BASE_URL and at the server.",
            retryable=True,
        )

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text


def _checked_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text.rstrip("/"))
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(
            f"MIEN_OPENAI_BASE_URL is {text!r}, not a web address.", hint="An example: http://localhost:8880/v1"
        )
    return url.copy_with(username=None, password=None) if url.userinfo else url


def _checked_key(key: str) -> str:
    key = key.strip()
    if not all("!" <= char <= "~" for char in key):
        raise SettingsError(
            "MIEN_OPENAI_API_KEY holds characters that no key has.",
            hint="Copy the key again, without quotes or spaces.",
        )
    return key
