"""Settings: environment variables `MIEN_…` over a TOML file over the defaults.

The file is `mien.toml` in the user's configuration folder (`~/.config/mien` on Linux), or the one `MIEN_CONFIG_FILE` names.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import platformdirs
from pydantic import Field, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from mien.errors import SettingsError


def config_file() -> Path:
    """The TOML file that is read; it need not exist."""
    named = os.environ.get("MIEN_CONFIG_FILE")
    return Path(named) if named else Path(platformdirs.user_config_dir("mien")) / "mien.toml"


class Settings(BaseSettings):
    """All settings. Read once at the top of a program with `load()` and passed down."""

    model_config = SettingsConfigDict(env_prefix="MIEN_", env_nested_delimiter="__", extra="forbid")

    data_dir: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("mien")),
        description="Where avatars, and later jobs and their results, are kept.",
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
