"""The client of OpenAI-compatible servers (https://platform.openai.com/docs/api-reference/audio/createTranscription)."""

from __future__ import annotations

import io
import json
import time
import wave

import httpx
import numpy as np

from mien.errors import RecognizerError, SettingsError, UsageError
from mien.settings import Settings
from mien.types import SAMPLE_RATE, Samples

_MODEL = "whisper-1"
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
_MAX_BYTES = 1 << 20  # of an answer; an hour of speech is about 50 kB


class OpenaiRecognizer:
    """See `mien.speech.recognizer.Recognizer`. The sound is sent when the utterance is over."""

    def __init__(self, settings: Settings, model: str, timeout: httpx.Timeout = _TIMEOUT) -> None:
        self.url = _checked_url(settings.recognizer_base_url)
        if settings.offline and self.url.host not in _LOCAL_HOSTS:
            raise UsageError(
                f"The openai recogniser needs {self.url.host}, and Mien is set to be offline.",
                hint="Unset MIEN_OFFLINE, or choose the recogniser pocketsphinx.",
            )
        self.model = model or _MODEL
        self._key = _checked_key(settings.recognizer_api_key)
        headers = {"Authorization": f"Bearer {self._key}"} if self._key else {}
        self.client = httpx.Client(headers=headers, timeout=timeout)

    def recognize(self, language: str = "") -> _Utterance:
        return _Utterance(self, language)

    def ask(self, sound: bytes, language: str) -> str:
        """What is said in a WAV file.

        Raises:
            RecognizerError: the server did not say.
        """
        fields = {"model": self.model, "response_format": "json"}
        if language:
            fields["language"] = language.split("-")[0].lower()  # ISO 639-1
        request = self.client.build_request(
            "POST", f"{self.url}/audio/transcriptions", data=fields, files={"file": ("speech.wav", sound, "audio/wav")}
        )
        try:
            response = self.client.send(request, stream=True)
            try:
                body = self._body(response)
            finally:
                response.close()
        except httpx.HTTPError as error:
            raise self._broken(error) from error
        if response.status_code != 200:
            raise self._refused(response.status_code, body)
        return self._text(body)

    def _body(self, response: httpx.Response) -> bytes:
        body, deadline = b"", time.monotonic() + (_TIMEOUT.read or 0)
        for data in response.iter_bytes():
            body += data
            if len(body) > _MAX_BYTES or time.monotonic() > deadline:
                raise RecognizerError(
                    f"{self.url} sent {len(body)} bytes and did not end.", hint="Look at the server.", retryable=True
                )
        return body

    def _text(self, body: bytes) -> str:
        try:
            text = json.loads(body)["text"]
        except (ValueError, KeyError, TypeError) as error:
            raise self._not_understood() from error
        if not isinstance(text, str):
            raise self._not_understood()
        return " ".join(text.split())

    def _not_understood(self) -> RecognizerError:
        return RecognizerError(
            f"{self.url} answered with something that is no transcript.",
            hint="Look at MIEN_RECOGNIZER_BASE_URL and the server.",
        )

    def _refused(self, status: int, body: bytes) -> RecognizerError:
        if status in (401, 403):  # the answer may quote the key
            return RecognizerError(f"{self.url} refuses the key ({status}).", hint="Set MIEN_RECOGNIZER_API_KEY.")
        said = self._without_key(" ".join(body[:300].decode("utf-8", "replace").split()))
        hint = "Look at the name of the model, openai:MODEL, and at MIEN_RECOGNIZER_BASE_URL."
        if status == 429:
            hint = "Wait a little, or look at the account's limits."
        elif status >= 500:
            hint = "Try it again later, or look at the server."
        return RecognizerError(
            f"{self.url} answered {status}: {said or 'nothing'}.", hint=hint, retryable=status == 429 or status >= 500
        )

    def _broken(self, error: httpx.HTTPError) -> RecognizerError:
        said = self._without_key(str(error))
        return RecognizerError(
            f"{self.url} cannot be used: {type(error).__name__}{f': {said}' if said else ''}.",
            hint="Look at MIEN_RECOGNIZER_BASE_URL and at the server.",
            retryable=True,
        )

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "***") if self._key else text


class _Utterance:
    """See `mien.speech.recognizer.Recognition`."""

    def __init__(self, server: OpenaiRecognizer, language: str) -> None:
        self._server, self._language = server, language
        self._pieces: list[Samples] = []

    def push(self, samples: Samples) -> str:
        self._pieces.append(samples)
        return ""

    def finish(self) -> str:
        return self._server.ask(_wav(np.concatenate(self._pieces)), self._language) if self._pieces else ""

    def cancel(self) -> None:
        self._pieces.clear()


def _wav(samples: Samples) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setparams((1, 2, SAMPLE_RATE, 0, "NONE", ""))
        file.writeframes((np.clip(samples, -1.0, 1.0) * 32767.0).astype("<i2").tobytes())
    return buffer.getvalue()


def _checked_url(text: str) -> httpx.URL:
    try:
        url = httpx.URL(text.rstrip("/"))
    except httpx.InvalidURL:
        url = httpx.URL()
    if url.scheme not in ("http", "https") or not url.host:
        raise SettingsError(
            f"MIEN_RECOGNIZER_BASE_URL is {text!r}, not a web address.", hint="An example: http://localhost:8000/v1"
        )
    return url.copy_with(username=None, password=None) if url.userinfo else url


def _checked_key(key: str) -> str:
    key = key.strip()
    if not all("!" <= char <= "~" for char in key):
        raise SettingsError(
            "MIEN_RECOGNIZER_API_KEY holds characters that no key has.",
            hint="Copy the key again, without quotes or spaces.",
        )
    return key
