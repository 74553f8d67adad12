"""Settings: environment variables `MIEN_…` over a TOML file over the defaults.

The file is `mien.toml` in the user's configuration folder (`~/.config/mien` on Linux), or the one `MIEN_CONFIG_FILE` names.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from mien.errors import OutputError, SettingsError


def config_file() -> Path:
    """The TOML file that is read; it need not exist."""
    named = os.environ.get("MIEN_CONFIG_FILE")
    return Path(named) if named else Path(platformdirs.user_config_dir("mien")) / "mien.toml"


class Settings(BaseSettings):
    """All settings. Read once at the top of a program with `load()` and passed down."""

    model_config = SettingsConfigDict(env_prefix="MIEN_", env_nested_delimiter="__", extra="forbid")

    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("mien")),
        description="Where avatars, and jobs with their results, are kept.",
    )
    cache_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("mien")),
        description="Where fetched model files and compiled code are kept; may be deleted at any time.",
    )
    offline: bool = Field(default=False, description="Never touch the network; a missing model file is an error.")
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="warning", description="How much is logged to standard error."
    )
    threads: int = Field(
        default=2, ge=1, le=64, description="Processor cores that the face networks may use while an avatar is made."
    )
    device: Literal["auto", "cpu", "cuda"] = Field(
        default="auto",
        description="Where avatars are trained; auto: on an NVIDIA GPU if there is one that can be used.",
    )
    voice: str = Field(default="espeak", description="The voice used when none is named: ENGINE or ENGINE:NAME.")
    openai_base_url: str = Field(
        default="https://api.openai.com/v1",
        description="Server of the `openai` voice: any that offers POST /audio/speech.",
    )
    openai_api_key: str = Field(default="", repr=False, description="Key of that server; never logged.")
    piper_dir: Path | None = Field(
        default=None,
        description="Folder with Piper voices (`NAME.onnx` + `NAME.onnx.json`); default `DATA_DIR/piper`.",
    )

    recognizer: str = Field(
        default="pocketsphinx", description="What understands the user's speech: ENGINE or ENGINE:MODEL."
    )
    recognizer_dir: Path | None = Field(
        default=None,
        description="Folder with the models of recognisers, one folder each; default `DATA_DIR/recognizers`.",
    )
    recognizer_base_url: str = Field(
        default="https://api.openai.com/v1",
        description="Server of the `openai` recogniser: any that offers POST /audio/transcriptions.",
    )
    recognizer_api_key: str = Field(default="", repr=False, description="Key of that server; never logged.")

    llm: str = Field(
        default="scripted",
        description="The avatar's partner in thought: scripted, custom, or a preset: openai, zhipu, qwen, deepseek, ollama, vllm.",
    )
    llm_base_url: str = Field(default="", description="Server of the language model; empty: that of the preset.")
    llm_api_key: str = Field(default="", repr=False, description="Key of that server; never logged.")
    llm_model: str = Field(default="", description="The model; empty: that of the preset.")
    llm_system_prompt: str = Field(default="", description="Who the avatar is; empty: a short friendly one.")
    llm_temperature: float = Field(default=0.7, ge=0, le=2, description="How freely the model words its answers.")
    llm_history: int = Field(default=20, ge=0, le=200, description="How many earlier messages the model is shown.")

    phonemes_model: Path | None = Field(
        default=None,
        description="Folder of a recogniser of phonemes: the mouth follows it where a recording has no transcript.",
    )
    syncnet: Path | None = Field(
        default=None, description="File with weights of SyncNet: `mien evaluate sync` also tells LSE-C and LSE-D."
    )

    server_token: str = Field(
        default="", repr=False, description="Who has it may use the server; needed beyond 127.0.0.1."
    )
    rate_limit: int = Field(
        default=300, ge=0, description="Requests a minute that change something, for each token; 0: any number."
    )
    cors_origins: list[str] = Field(
        default=[], description="Origins whose pages may call this server with a token, such as https://example.org."
    )
    upload_mb: int = Field(
        default=2000, ge=1, description="The largest upload to the server, all its files together, MB."
    )

    database_url: str = Field(
        default="",
        repr=False,
        description="PostgreSQL for the jobs of several machines; empty: a file in the data folder.",
    )
    job_workers: int = Field(
        default=0, ge=0, le=256, description="Jobs at once that need no GPU; 0: one for every two processor cores."
    )
    job_gpus: int = Field(
        default=-1, ge=-1, le=64, description="GPUs that jobs may use, one job each; -1: all that are found."
    )
    job_time_limit_s: int = Field(default=21_600, ge=1, description="A job that takes longer is ended, seconds.")
    job_memory_mb: int = Field(
        default=0, ge=0, description="Memory that one job may use, MB; 0: 70 % of the machine's."
    )
    job_disk_mb: int = Field(default=10_000, ge=1, description="Disk space that one job may fill, MB.")
    jobs_disk_mb: int = Field(
        default=50_000,
        ge=0,
        description="Disk space of all jobs, MB: beyond it the oldest finished ones are deleted; 0: no limit.",
    )
    jobs_keep_days: int = Field(
        default=0, ge=0, description="Finished jobs and their results are deleted after so many days; 0: never."
    )

    server_url: str = Field(
        default="", description="The Mien server that commands use instead of this machine, such as http://host:8600."
    )
    api_token: str = Field(default="", repr=False, description="Token for that server; never logged.")

    livetalking_at_root: bool = Field(
        default=False, description="Answer LiveTalking's routes also at /, not only under /livetalking."
    )
    live_max_sessions: int = Field(
        default=0, ge=0, le=1000, description="Live sessions at once; 0: as many as this machine was measured to hold."
    )
    live_max_gpu_sessions: int = Field(
        default=4, ge=1, le=1000, description="Live sessions at once with engines that need a GPU."
    )
    live_idle_timeout_s: int = Field(
        default=600, ge=10, description="A session in which nobody says anything for this long is ended."
    )
    live_peer_timeout_s: int = Field(
        default=60, ge=1, description="A session that nobody watches for this long is ended."
    )
    live_memory_mb: int = Field(
        default=0, ge=0, description="Memory that the server and its processes may use; 0: 60 % of the machine's."
    )
    live_video_kbps: int = Field(default=1500, ge=100, le=20_000, description="Bit rate of the live picture.")
    stun_url: str = Field(default="", description="STUN server for live video, such as stun:stun.example.org:3478.")
    turn_url: str = Field(default="", description="TURN server for live video, such as turn:turn.example.org:3478.")
    turn_username: str = Field(default="", description="User name at the TURN server.")
    turn_credential: str = Field(default="", repr=False, description="Password at the TURN server; never logged.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        file = config_file()
        sources = [init_settings, env_settings]
        if file.is_file():
            sources.append(TomlConfigSettingsSource(settings_cls, toml_file=file))
        return tuple(sources)


SECRETS = frozenset(name for name, field in Settings.model_fields.items() if not field.repr)
"""The settings that are never shown."""


def set_by_environment() -> frozenset[str]:
    """The settings that the environment sets; what the file says of them does not count."""
    variables = {name.upper() for name in os.environ}
    return frozenset(name for name in Settings.model_fields if f"MIEN_{name.upper()}" in variables)


def environment_without_secrets() -> dict[str, str]:
    """This process's environment for a child that needs none of the keys in it."""
    secret = {f"MIEN_{name.upper()}" for name in SECRETS}
    return {name: value for name, value in os.environ.items() if name.upper() not in secret}


def load() -> Settings:
    """Reads the settings.

    Raises:
        SettingsError: a value is not valid, a name in the file is unknown, the file is not TOML, or the named one is missing.
    """
    # The usual file may be absent; one that was named is missing.
    if os.environ.get("MIEN_CONFIG_FILE") and not config_file().is_file():
        raise SettingsError(
            f"There is no settings file {config_file()}.", hint="Look at the variable MIEN_CONFIG_FILE."
        )
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"The setting {name!r} is not valid: {first['msg']}.",
            hint=f"Look at the variable MIEN_{name.upper().replace('.', '__')} and at {config_file()}.",
        ) from error
    except ValueError as error:
        raise SettingsError(f"{config_file()} cannot be read: {error}.", hint="It must be a TOML file.") from error


def save(changes: Mapping[str, Any]) -> None:
    """Writes settings into the file, whole or not at all; comments and order stay. Blocks.

    Args:
        changes: valid values by name; None takes one out of the file, so that its default counts.

    Raises:
        SettingsError: the file is not TOML.
        OutputError: it cannot be written.
    """
    from filelock import FileLock

    file = Path(os.path.realpath(config_file()))  # a link stays one
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with FileLock(file.with_name(f".{file.name}.lock"), timeout=10):
            _replace(file, _changed(file, changes))
    except OSError as error:
        raise OutputError(
            f"{file} cannot be written: {error.strerror or error}.",
            hint="Let the user who runs Mien write to it, or set MIEN_CONFIG_FILE to another.",
        ) from error


def _changed(file: Path, changes: Mapping[str, Any]) -> str:
    import tomlkit
    from tomlkit.exceptions import TOMLKitError

    try:
        document = tomlkit.parse(file.read_bytes() if file.is_file() else b"")
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read: {error}.", hint="It must be a TOML file.") from error
    for name, value in changes.items():
        if value is None:
            document.pop(name, None)
        else:
            document[name] = value
    return tomlkit.dumps(document)


def _replace(file: Path, text: str) -> None:
    """Only its owner may read a file that may hold keys; one that others could read before and that holds none stays as it was."""
    import tomllib

    private = not file.is_file() or any(tomllib.loads(text).get(name) for name in SECRETS)
    mode = 0o600 if private else file.stat().st_mode & 0o777
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as part:
            part.write(text)
            part.flush()
            os.fsync(part.fileno())
        os.chmod(name, mode)
        os.replace(name, file)
    except BaseException:
        os.unlink(name)
        raise
