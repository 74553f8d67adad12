"""A Mien server."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from mien.client.connection import Connection, Upload, segment
from mien.client.download import download
from mien.client.errors import of_validation
from mien.client.job import Job, info_of
from mien.errors import ServerError, UsageError
from mien.jobs.request import (
    COLOUR,
    CheckClipRequest,
    CreateAvatarRequest,
    EvaluateRequest,
    ImportAvatarRequest,
    JobPage,
    Kind,
    PullWeightsRequest,
    Request,
    SpeakRequest,
    Status,
    TrainRequest,
)

_R = TypeVar("_R", bound=Request)


class Client:
    """Asks a Mien server to do what this machine would do otherwise. Several threads may use one.

    What is described at `/api/v1/openapi.json` comes back as it is there, in dictionaries; jobs come as `Job`. Every method
    blocks. A request that makes something is sent again if the connection broke, and still makes it once.

    Args:
        url: such as "http://127.0.0.1:8600".
        token: "": the server asks for none.
        timeout_s: how long an answer, or a server that has gone away in the middle, is waited for.

    Raises:
        UsageError, AccessError: that is no URL, that is no token.
        ServerError: from every method: the server cannot be reached, or is not Mien.
        MienError: from every method: what the server says.
    """

    def __init__(self, url: str, token: str = "", timeout_s: float = 30) -> None:
        self._connection = Connection(url, token, timeout_s)

    def __repr__(self) -> str:
        return f"Client({self.url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def url(self) -> str:
        return self._connection.url

    def close(self) -> None:
        """Closes its connections; jobs go on."""
        self._connection.close()

    def health(self) -> dict[str, Any]:
        """Whether it answers; the only thing that needs no token."""
        return self._dict("health")

    def me(self) -> dict[str, Any]:
        """Who you are there, and what you may do."""
        return self._dict("me")

    def system(self) -> dict[str, Any]:
        """What the server can do and what its machine is."""
        return self._dict("system")

    def engines(self) -> list[dict[str, Any]]:
        return self._list("engines")

    def voices(self, engine: str = "", language: str = "") -> list[dict[str, Any]]:
        """The voices that can speak there.

        Args:
            engine: only of this speech engine; needed for those that ask the network.
            language: only of this language, such as "en" or "zh-CN".
        """
        return self._list("voices", engine=engine, language=language)

    def avatars(self) -> list[dict[str, Any]]:
        """The built-in ones and those that are kept there."""
        return self._list("avatars")

    def avatar(self, name: str) -> dict[str, Any]:
        return self._dict(f"avatars/{segment(name)}")

    def inspect(self, picture: str | Path) -> dict[str, Any]:
        """What a picture is good for: its faces, what would be cut out, hints."""
        return self._connection.send("POST", "avatars/inspect", uploads=[Upload("file", Path(picture))])

    def create_avatar(
        self, name: str, picture: str | Path, *, consent: str, engine: str = "auto", licence: str = ""
    ) -> Job:
        """Makes an avatar and keeps it there.

        Args:
            name: how it is called from now on.
            picture: a photo, painting or drawing with a face.
            consent: who agreed to be shown, and how that is recorded.
            engine: which engine it is for.
            licence: of the picture.
        """
        request = _checked(CreateAvatarRequest, name=name, engine=engine, licence=licence, consent=consent)
        return self._submit("avatars", request, Upload("file", Path(picture)))

    def import_avatar(self, package: str | Path, *, name: str = "") -> Job:
        """Takes an exported avatar there, under its own name or another."""
        request = _checked(ImportAvatarRequest, name=name)
        return self._submit("avatars/import", request, Upload("file", Path(package)))

    def export_avatar(self, name: str, output: str | Path, *, overwrite: bool = False) -> Path:
        """Downloads an avatar as one file, whole or not at all."""
        return download(self._connection, f"avatars/{segment(name)}/export", Path(output), overwrite=overwrite)

    def delete_avatar(self, name: str) -> None:
        self._connection.send("DELETE", f"avatars/{segment(name)}")

    def speak(
        self,
        avatar: str,
        *,
        text: str | None = None,
        audio: str | Path | bytes | None = None,
        transcript: str | None = None,
        **options: Any,
    ) -> Job:
        """Makes a video of an avatar that the server has.

        Args:
            avatar: its name there.
            text: what shall be said, or
            audio: the recording that shall be spoken, a file or its content.
            transcript: what is said in the recording, if that is known.
            options: fields of `mien.jobs.request.SpeakRequest`: voice, rate, driver, language, fps, frame, size, seed, subtitles, label, engine.
        """
        if (text is None) == (audio is None):
            raise UsageError("Either text or audio is needed, and not both.", hint='speak("astronaut", text="Hello.")')
        request = _checked(SpeakRequest, avatar=avatar, text=text or "", transcript=transcript or "", **options)
        if audio is None:
            return self._submit("speak", request)
        return self._submit("speak", request, Upload("audio", audio if isinstance(audio, bytes) else Path(audio)))

    def check_clip(self, video: str | Path) -> Job:
        """Tells whether a video is good enough to learn an avatar from.

        `job.info.result` has what `mien.ClipCheck.as_dict` tells; `train` takes the job in place of the video.
        """
        request = _checked(CheckClipRequest, name=Path(video).name)
        return self._submit("train/check", request, Upload("file", Path(video)))

    def train(
        self,
        name: str,
        video: str | Path | Job,
        *,
        consent: str,
        engine: str = "auto",
        licence: str = "",
        size: int | None = None,
        au_csv: str | Path | None = None,
        background: str | Path | None = None,
        evaluate: bool = True,
    ) -> Job:
        """Learns an avatar from a video of a person.

        Args:
            name: how it is called from now on.
            video: a file, or the job of `check_clip` that brought it there.
            consent: who agreed to be shown, and how that is recorded.
            engine: one that can be trained, or "auto".
            licence: of the video.
            size: width and height of the avatar in pixels; None: 512.
            au_csv: OpenFace's table of action units for the video: its blinks and parted lips take the place of Mien's own.
            background: a picture that is shown behind the person instead of what was filmed, or a colour like "#00b140".
            evaluate: measure it in the end on a part of the video that it has not learnt from.
        """
        uploads = [] if au_csv is None else [Upload("au_csv", Path(au_csv))]
        fields = {"name": name, "engine": engine, "licence": licence, "consent": consent, "size": size}
        fields["evaluate"] = evaluate
        if background is not None and re.fullmatch(COLOUR, str(background)):
            fields["background_colour"] = str(background)
        elif background is not None:
            uploads.append(Upload("background", Path(background)))
        if isinstance(video, Job):
            fields["check_id"] = video.id
        else:
            uploads.append(Upload("file", Path(video)))
        return self._submit("train", _checked(TrainRequest, **fields), *uploads)

    def evaluate_sync(self, video: str | Path | Job, *, reference: str | Path | None = None, **options: Any) -> Job:
        """Measures how well the lips of a video go with its sound.

        `job.info.result["figures"]` has what `mien.SyncReport.as_dict` tells; `job.save(path, file="lips.html")` brings the page.

        Args:
            video: a file, or the job that has made one there.
            reference: a video of a real face that says the same from the same moment on.
            options: fields of `mien.jobs.request.EvaluateRequest`: text, spoken, lag_ms, name, language.
        """
        uploads = [] if reference is None else [Upload("reference", Path(reference))]
        if isinstance(video, Job):
            request = _checked(EvaluateRequest, video_id=video.id, **options)
        else:
            request = _checked(EvaluateRequest, **{"name": Path(video).name, **options})
            uploads.append(Upload("video", Path(video)))
        return self._submit("evaluate/sync", request, *uploads)

    def job(self, id: str) -> Job:
        return Job(self._connection, info_of(self._connection.get(f"jobs/{segment(id)}")))

    def jobs(
        self, kinds: Iterable[Kind] = (), statuses: Iterable[Status] = (), limit: int = 20, offset: int = 0
    ) -> JobPage:
        """Your jobs, the newest first; of some kinds and statuses only, if any are named."""
        told = self._dict("jobs", kind=list(kinds), status=list(statuses), limit=limit, offset=offset)
        try:
            return JobPage.model_validate(told)
        except ValidationError as error:
            raise _not_understood("jobs") from error

    def videos(self, limit: int = 20, offset: int = 0) -> dict[str, Any]:
        """Your videos, the newest first."""
        return self._dict("videos", limit=limit, offset=offset)

    def weights(self) -> list[dict[str, Any]]:
        return self._list("weights")

    def pull_weights(self, name: str = "") -> Job:
        """Lets the server fetch model files; "": all that Mien itself needs. Needs a token with the scope admin."""
        return self._submit("weights/pull", _checked(PullWeightsRequest, name=name))

    def settings(self) -> list[dict[str, Any]]:
        """The server's settings. Needs a token with the scope admin."""
        return self._list("settings")

    def change_settings(self, **values: Any) -> list[dict[str, Any]]:
        """Changes some of them for good; None: back to what they are without being set. Gives all of them."""
        return self._connection.send("PATCH", "settings", json=values)

    def _submit(self, path: str, request: Request, *uploads: Upload) -> Job:
        fields = request.model_dump(mode="json")
        key = secrets.token_urlsafe(24)
        if not uploads:
            told = self._connection.send("POST", path, json=fields, key=key)
        else:
            form = {
                name: str(value).lower() if isinstance(value, bool) else str(value)
                for name, value in fields.items()
                if value is not None
            }
            told = self._connection.send("POST", path, form=form, uploads=uploads, key=key)
        return Job(self._connection, info_of(told))

    def _dict(self, path: str, **params: Any) -> dict[str, Any]:
        told = self._connection.get(path, params)
        if not isinstance(told, dict):
            raise _not_understood(path)
        return told

    def _list(self, path: str, **params: Any) -> list[dict[str, Any]]:
        told = self._connection.get(path, {name: value for name, value in params.items() if value != ""})
        if not isinstance(told, list):
            raise _not_understood(path)
        return told


def _checked(kind: type[_R], **fields: Any) -> _R:
    try:
        return kind(**fields)
    except ValidationError as error:
        raise of_validation(error) from error


def _not_understood(what: str) -> ServerError:
    return ServerError(
        f"The server answers to {what!r} in a way that this version does not understand.",
        hint="Use the same version of Mien here and there; look at the URL.",
    )
