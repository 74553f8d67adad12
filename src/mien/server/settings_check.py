"""Which settings may be changed from outside, and whether a change is right."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from pydantic import ValidationError

from mien import plugins
from mien.errors import ConflictError, InputError, MienError
from mien.settings import Settings, set_by_environment

GROUPS = {
    "llm": (
        "llm",
        "llm_base_url",
        "llm_api_key",
        "llm_model",
        "llm_system_prompt",
        "llm_temperature",
        "llm_history",
    ),
    "voice": ("voice", "openai_base_url", "openai_api_key"),
    "recognizer": ("recognizer", "recognizer_base_url", "recognizer_api_key"),
    "live": (
        "live_max_sessions",
        "live_max_gpu_sessions",
        "live_idle_timeout_s",
        "live_peer_timeout_s",
        "live_memory_mb",
        "live_video_kbps",
        "livetalking_at_root",
    ),
    "network": ("stun_url", "turn_url", "turn_username", "turn_credential"),
    "jobs": (
        "jobs_keep_days",
        "jobs_disk_mb",
        "job_time_limit_s",
        "job_memory_mb",
        "job_disk_mb",
        "job_workers",
        "job_gpus",
        "threads",
        "device",
    ),
    "server": ("offline", "upload_mb", "rate_limit", "log_level"),
}
"""What may be changed, in the order of a form."""

KEPT_BACK = {
    "data_dir": "the server would lose sight of its avatars, jobs and tokens",
    "cache_dir": "a folder of the machine, into which files would be written",
    "piper_dir": "a folder of the machine, from which files would be read",
    "recognizer_dir": "a folder of the machine, from which files would be read",
    "phonemes_model": "a folder of the machine, from which files would be read",
    "syncnet": "a file of the machine, which would be read",
    "database_url": "the server would lose sight of its jobs, or give them away",
    "server_token": "whoever runs the server could be locked out, or the server handed over",
    "cors_origins": "pages of strangers could be let in",
    "server_url": "for commands, not for the server",
    "api_token": "for commands, not for the server",
}
"""Only whoever has the machine changes these, and why."""

_NAMES = frozenset(name for names in GROUPS.values() for name in names)
_LARGEST = 2**31 - 1
"""No number of megabytes, seconds or sessions is beyond it; it can be counted with everywhere."""

_KEYS = {
    "llm_base_url": "llm_api_key",
    "openai_base_url": "openai_api_key",
    "recognizer_base_url": "recognizer_api_key",
}


def changed(current: Settings, changes: Mapping[str, Any]) -> Settings:
    """The settings with changes; None is the default.

    Raises:
        InputError: there is no such setting, it cannot be changed from outside, or a value is not valid; named, but no value is repeated.
        ConflictError: the environment sets it.
    """
    wanted = current.model_copy()
    for name, value in changes.items():
        _require_changeable(name)
        _assign(wanted, name, Settings.model_fields[name].default if value is None else _plain(name, value))
    _check_services(wanted, changes)
    _check_keys(current, wanted, changes)
    return wanted


def _require_changeable(name: str) -> None:
    if name in KEPT_BACK:
        raise InputError(
            f"{name}: it cannot be changed from outside, because of this: {KEPT_BACK[name]}.",
            hint=f"Set MIEN_{name.upper()} where the server is started.",
        )
    if name not in _NAMES:
        raise InputError(f"{name[:100]!r}: there is no such setting.", hint="GET /api/v1/settings lists them.")
    if name in set_by_environment():
        raise ConflictError(
            f"{name}: the server's environment sets it.",
            hint=f"Unset MIEN_{name.upper()} where the server is started, or change it there.",
        )


def _plain(name: str, value: Any) -> Any:
    """The value, if every file and every program can hold it."""
    if isinstance(value, str):
        if any((ord(char) < 32 and char not in "\n\t") or 0x7F <= ord(char) < 0xA0 for char in value):
            raise _wrong(name, "it holds control characters")
        if "\n" in value and name != "llm_system_prompt":
            raise _wrong(name, "it has several lines")
        if not value.isascii() and name.endswith("_api_key"):
            raise _wrong(name, "it holds characters that no key has", "Copy the key again.")
        return value.strip()
    if abs(value) > _LARGEST:
        raise _wrong(name, f"it is larger than {_LARGEST}")
    return value


def _assign(settings: Settings, name: str, value: Any) -> None:
    try:
        Settings.__pydantic_validator__.validate_assignment(settings, name, value)
    except ValidationError as error:
        raise _wrong(name, error.errors(include_input=False, include_url=False)[0]["msg"]) from None


def _check_services(settings: Settings, changes: Mapping[str, Any]) -> None:
    from mien.live.services.llm.presets import PRESETS

    if "llm" in changes and settings.llm not in PRESETS:
        raise _wrong("llm", "there is no such language model", f"Known are: {', '.join(PRESETS)}.")
    for name, group in (("voice", plugins.VOICES), ("recognizer", plugins.RECOGNIZERS)):
        engine = getattr(settings, name).partition(":")[0].strip()
        if name in changes and engine not in plugins.names(group):
            raise _wrong(name, "there is no such engine", f"Installed: {', '.join(plugins.names(group))}.")
    for name in _KEYS:
        address = getattr(settings, name)
        if name in changes and address != Settings.model_fields[name].default and not _is_web_address(address):
            raise _wrong(name, "it is not a web address", "An example: http://localhost:8000/v1")
    if not {"stun_url", "turn_url"}.isdisjoint(changes):
        _check_ice(settings)


def _check_ice(settings: Settings) -> None:
    from mien.live.edge.ice import IceSettings

    try:
        IceSettings.of(settings)
    except MienError as error:
        raise InputError(error.message, hint=error.hint) from error


def _check_keys(current: Settings, wanted: Settings, changes: Mapping[str, Any]) -> None:
    """A kept key goes only to the server it was kept for: not to where somebody leads it who does not know it."""
    for address, key in _KEYS.items():
        moved = getattr(current, address) != getattr(wanted, address)
        if address == "llm_base_url" and "scripted" not in (current.llm, wanted.llm):
            moved = moved or current.llm != wanted.llm
        if moved and getattr(wanted, key) and key not in changes:
            raise InputError(
                f"{key}: the kept key belongs to another address.",
                hint="Name the key of the new address with it, or null if it needs none."
                if key not in set_by_environment()
                else "The server's environment sets the key; set the address there too.",
            )


def _is_web_address(text: str) -> bool:
    try:
        address = urlsplit(text)
        return address.scheme in ("http", "https") and bool(address.hostname) and " " not in text
    except ValueError:
        return False


def _wrong(name: str, why: str, hint: str = "") -> InputError:
    return InputError(f"{name}: {why}.", hint=hint or "GET /api/v1/settings says what it may be.")
