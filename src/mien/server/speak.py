"""`POST /api/v1/speak`: a video of an avatar that says a text or speaks a recording."""

from __future__ import annotations

from fastapi import APIRouter, Request

from mien import plugins
from mien.errors import InputError, MissingDependency, TextError
from mien.jobs.request import JobInfo, SpeakRequest
from mien.server.errors import problems
from mien.server.idempotency import Desk
from mien.server.state import Configured
from mien.server.uploads import described, either_content, receive_either

router = APIRouter(prefix="/api/v1", tags=["speak"], responses=problems())

AUDIO = "audio"

MAX_TEXT_CHARS = 50_000
"""An English text of so many is as long as one may be; Chinese takes three bytes a character."""


@router.post(
    "/speak",
    status_code=202,
    responses=problems(404, 408, 409, 413, 415, 501, 507),
    openapi_extra=described(either_content(SpeakRequest, AUDIO)),
)
async def speak(request: Request, settings: Configured, desk: Desk) -> JobInfo:
    """Makes a video: of a text, or of the recording `audio` in a form."""
    async with receive_either(request, settings, SpeakRequest, {AUDIO: "sound"}) as upload:
        wanted, file = upload.wanted, upload.files.get(AUDIO)
        if bool(wanted.text) == (file is not None):
            raise InputError(
                "text: exactly one of a text and a recording is needed.", hint=f"Send a text, or a file {AUDIO!r}."
            )
        if file is None and wanted.transcript:
            raise InputError("transcript: it goes with a recording.", hint=f"Send a file {AUDIO!r}, or no transcript.")
        if wanted.language and not wanted.transcript:
            raise InputError("language: it is that of a transcript.", hint="Send the transcript, or no language.")
        unknown = file is not None and not wanted.transcript and settings.phonemes_model is None
        if unknown and wanted.driver == "phonemes":
            raise InputError(
                "driver: nobody knows the phonemes of a recording without its transcript.",
                hint="Send the transcript, or use the driver auto.",
            )

        def check() -> None:
            if file is None:
                check_text(wanted.text)
                _check_voice(wanted.voice or settings.voice)
            elif wanted.transcript:
                check_text(wanted.transcript)

        return await desk.take("speak", wanted, check, files=upload.files)


def check_text(text: str) -> None:
    from mien.speech import speakable
    from mien.studio.sources import MAX_TEXT_BYTES

    if len(text.encode()) > MAX_TEXT_BYTES:
        raise TextError(
            f"The text has more than {MAX_TEXT_BYTES} bytes, which is what can be spoken in one video.",
            hint="Divide it into several texts.",
        )
    if not speakable(text):
        raise TextError("There is nothing to say in the text.", hint="Write at least one letter or digit.")


def _check_voice(voice: str) -> None:
    engine = voice.partition(":")[0].strip()
    spec = plugins.spec(plugins.VOICES, engine)
    missing = spec.missing()
    if missing:
        raise MissingDependency(f"The voice {engine!r} needs {', '.join(missing)}.", hint=f"Run: {spec.install}")
