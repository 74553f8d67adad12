from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mien.errors import SettingsError, UsageError
from mien.live.request import SessionRequest
from mien.live.services.llm import PRESETS, LlmChoice, resolve
from mien.settings import Settings


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MIEN_CONFIG_FILE", str(tmp_path / "none.toml"))


def chosen(request: dict[str, Any] | None = None, **settings: Any) -> LlmChoice:
    return resolve(Settings(**settings), SessionRequest(**(request or {})))


def test_without_settings_the_partner_is_scripted() -> None:
    assert chosen().preset == "scripted"


@pytest.mark.parametrize("preset", ["openai", "zhipu", "qwen", "deepseek", "ollama"])
def test_preset_needs_no_more_than_a_key(preset: str) -> None:
    choice = chosen(llm=preset, llm_api_key="key")
    assert choice.base_url == PRESETS[preset].base_url
    assert choice.model == PRESETS[preset].model != ""
    assert choice.api_key == "key"


def test_settings_and_request_are_followed() -> None:
    settings = {
        "llm": "custom",
        "llm_base_url": "http://host/v1/",
        "llm_model": "ours",
        "llm_system_prompt": "Be brief.",
        "llm_temperature": 0.1,
        "llm_history": 3,
    }
    choice = chosen(None, **settings)
    assert (choice.base_url, choice.model, choice.temperature, choice.history) == ("http://host/v1", "ours", 0.1, 3)
    assert choice.system_prompt.startswith("Be brief.")
    choice = chosen({"model": "theirs", "temperature": 0, "persona": "A pirate."}, **settings)
    assert (choice.base_url, choice.model, choice.temperature) == ("http://host/v1", "theirs", 0)
    assert choice.system_prompt.startswith("A pirate.")
    assert "spoken aloud" in choice.system_prompt


def test_unknown_preset_names_the_known_ones() -> None:
    with pytest.raises(UsageError) as caught:
        chosen({"llm": "skynet"})
    assert "skynet" in caught.value.message
    assert all(name in caught.value.hint for name in PRESETS)


@pytest.mark.parametrize(
    ("settings", "variable"),
    [
        ({"llm": "openai"}, "MIEN_LLM_API_KEY"),
        ({"llm": "custom"}, "MIEN_LLM_BASE_URL"),
        ({"llm": "custom", "llm_base_url": "http://host/v1"}, "MIEN_LLM_MODEL"),
        ({"llm": "vllm"}, "MIEN_LLM_MODEL"),
    ],
)
def test_what_is_missing_is_named(settings: dict[str, str], variable: str) -> None:
    with pytest.raises(SettingsError) as caught:
        chosen(None, **settings)
    assert caught.value.hint == f"Set {variable}, and start again."


def test_key_and_address_go_to_no_other_preset_than_theirs() -> None:
    ours = {"llm": "openai", "llm_api_key": "key", "llm_base_url": "http://proxy/v1", "llm_model": "ours"}
    choice = chosen({"llm": "ollama"}, **ours)
    assert (choice.api_key, choice.base_url) == ("", PRESETS["ollama"].base_url)
    assert choice.model == PRESETS["ollama"].model
    with pytest.raises(SettingsError) as caught:
        chosen({"llm": "deepseek"}, **ours)
    assert "MIEN_LLM=deepseek and MIEN_LLM_API_KEY" in caught.value.hint


def test_a_request_cannot_name_a_server_or_a_key() -> None:
    assert not {"llm_base_url", "llm_api_key", "base_url", "api_key"} & set(SessionRequest.model_fields)


def test_key_and_persona_are_not_shown() -> None:
    shown = repr(chosen({"persona": "A spy."}, llm="openai", llm_api_key="hidden"))
    assert "hidden" not in shown
    assert "spy" not in shown
