"""Every error Mien raises on purpose.

    MienError
    ├── UsageError               the request makes no sense (exit 2, HTTP 400)
    ├── NotFoundError            a named thing is not there (3, 404)
    ├── AlreadyExistsError       the output or name is taken (4, 409)
    ├── InputError               the given data cannot be used (5, 422)
    │   ├── MediaError           a picture, sound or video that cannot be read or is out of bounds
    │   ├── FaceError            no usable face: none, too small, turned away
    │   ├── TextError            nothing that can be spoken, or too much
    │   └── PackageError         an avatar package that is broken, unsafe or too new
    ├── OutputError              the result cannot be written: no folder, read-only, disk full (6, 507)
    ├── MissingDependency        an optional package is not installed (7, 501)
    ├── WeightsError             model files are missing, wrong or cannot be fetched (8, 503)
    ├── VoiceError               a speech engine failed (9, 502)
    ├── SettingsError            a setting has a bad value (10, 500)
    ├── BusyError                no room for another session now (11, 503)
    ├── RecognizerError          a speech recogniser failed (12, 502)
    ├── LanguageModelError       a language model's server failed (13, 502)
    ├── RenderError              the process that draws the avatar failed (14, 500)
    ├── AccessError              the token is missing or wrong (15, 401)
    ├── ForbiddenError           the token is right, but not for this (16, 403)
    ├── ConflictError            not in the state that a thing is in now (17, 409)
    ├── RateLimitError           too many requests (18, 429)
    ├── JobError                 the process that did the work died or went beyond its limits (19, 500)
    ├── ServerError              another Mien server cannot be reached or answers nonsense (20, 502)
    └── Cancelled                stopped by the user (130, 499)

Each has a stable `code` for programs, a message that names the wrong value, a `hint` that says what to do, and
`retryable`: whether the very same request may succeed later. `exit_code` and `http_status` are read from the one
table below by the command line and by the server.
"""

from __future__ import annotations

from typing import ClassVar


class MienError(Exception):
    """Base of all errors raised on purpose.

    Args:
        message: one sentence that names the wrong value.
        hint: one sentence that says what to do about it; "" if there is nothing to do.
        retryable: overrides the class's own answer.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    retryable: bool = False

    def __init__(self, message: str, *, hint: str = "", retryable: bool | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if retryable is not None:
            self.retryable = retryable

    def as_dict(self) -> dict[str, str | bool]:
        """The error for `--json` output and HTTP bodies."""
        return {"code": self.code, "message": self.message, "hint": self.hint, "retryable": self.retryable}


class UsageError(MienError):
    code, exit_code, http_status = "usage", 2, 400


class NotFoundError(MienError):
    code, exit_code, http_status = "not_found", 3, 404


class AlreadyExistsError(MienError):
    code, exit_code, http_status = "already_exists", 4, 409


class InputError(MienError):
    code, exit_code, http_status = "input", 5, 422


class MediaError(InputError):
    code = "media"


class FaceError(InputError):
    code = "face"


class TextError(InputError):
    code = "text"


class PackageError(InputError):
    code = "package"


class OutputError(MienError):
    code, exit_code, http_status = "output", 6, 507


class MissingDependency(MienError):
    code, exit_code, http_status = "missing_dependency", 7, 501


class WeightsError(MienError):
    code, exit_code, http_status = "weights", 8, 503


class VoiceError(MienError):
    code, exit_code, http_status = "voice", 9, 502


class SettingsError(MienError):
    code, exit_code, http_status = "settings", 10, 500


class BusyError(MienError):
    """Args: as `MienError`, and `retry_after_s`: when it is worth asking again."""

    code, exit_code, http_status = "busy", 11, 503
    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after_s: int = 10) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class RecognizerError(MienError):
    code, exit_code, http_status = "recognizer", 12, 502


class LanguageModelError(MienError):
    code, exit_code, http_status = "language_model", 13, 502


class RenderError(MienError):
    code, exit_code, http_status = "render", 14, 500


class AccessError(MienError):
    code, exit_code, http_status = "access", 15, 401


class ForbiddenError(MienError):
    code, exit_code, http_status = "forbidden", 16, 403


class ConflictError(MienError):
    code, exit_code, http_status = "conflict", 17, 409


class RateLimitError(MienError):
    """Args: as `MienError`, and `retry_after_s`: when it is worth asking again."""

    code, exit_code, http_status = "rate_limit", 18, 429
    retryable = True

    def __init__(self, message: str, *, hint: str = "", retry_after_s: int = 10) -> None:
        super().__init__(message, hint=hint)
        self.retry_after_s = retry_after_s


class JobError(MienError):
    code, exit_code, http_status = "job", 19, 500


class ServerError(MienError):
    code, exit_code, http_status = "server", 20, 502


class Cancelled(MienError):
    code, exit_code, http_status = "cancelled", 130, 499
