"""Which language model answers: the presets, and what the settings and a request make of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mien.errors import SettingsError, UsageError
from mien.live.request import SessionRequest
from mien.settings import Settings

SCRIPTED = "scripted"

PERSONA = "You are a friendly, curious and helpful person who talks with the user face to face."
_SPOKEN = (
    "Your words are spoken aloud. Answer in the language of the user, in one to three short sentences, as people talk; "
    "no lists, headings, code, links, emoji or stage directions."
)


@dataclass(frozen=True, slots=True)
class Preset:
    """A well-known server.

    Args:
        base_url: "" if there is no usual one.
        model: a quick one that calls functions; "" if the server has no usual one.
        needs_key: it answers nobody without a key.
        extra: fields of the request of its own; here they turn thinking aloud off, which keeps a listener waiting.
    """

    base_url: str = ""
    model: str = ""
    needs_key: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


PRESETS: Mapping[str, Preset] = {
    # Source: developers.openai.com/docs/models and docs/guides/latest-model ("none" is what allows a temperature).
    "openai": Preset("https://api.openai.com/v1", "gpt-5.4-mini", True, {"reasoning_effort": "none"}),
    # Source: docs.bigmodel.cn/cn/guide/start/model-overview and /cn/guide/capabilities/thinking-mode
    "zhipu": Preset("https://open.bigmodel.cn/api/paas/v4", "glm-4.7-flash", True, {"thinking": {"type": "disabled"}}),
    # Source: alibabacloud.com/help/en/model-studio/compatibility-of-openai-with-dashscope; help.aliyun.com/zh/model-studio/deep-thinking
    "qwen": Preset("https://dashscope.aliyuncs.com/compatible-mode/v1", "qwen-flash", True, {"enable_thinking": False}),
    # Source: api-docs.deepseek.com (quick start; thinking mode); the older name deepseek-chat ended in July 2026.
    "deepseek": Preset("https://api.deepseek.com", "deepseek-v4-flash", True, {"thinking": {"type": "disabled"}}),
    # Source: docs.ollama.com/api/openai-compatibility. The model speaks English and Chinese, calls functions and does not think aloud.
    "ollama": Preset("http://localhost:11434/v1", "qwen2.5:3b"),
    # Source: docs.vllm.ai, serving/openai_compatible_server; it serves the model it was started with.
    "vllm": Preset("http://localhost:8000/v1"),
    "custom": Preset(),
    SCRIPTED: Preset(),
}


@dataclass(frozen=True, slots=True)
class LlmChoice:
    """A language model that a session uses.

    Args:
        history: how many messages before the user's last one it is shown.
        extra: see `Preset`.
    """

    preset: str
    base_url: str
    api_key: str = field(repr=False)
    model: str
    temperature: float
    history: int
    system_prompt: str = field(repr=False)
    extra: Mapping[str, Any] = field(default_factory=dict)


def resolve(settings: Settings, request: SessionRequest) -> LlmChoice:
    """The language model of a session.

    A request chooses preset, model, temperature and persona. Address and key are the settings' alone, and only for the preset that the
    settings name: a key is never sent to a server it was not meant for.

    Raises:
        UsageError: there is no such preset.
        SettingsError: its key, address or model is not set; the hint names the variable.
    """
    name = request.llm or settings.llm
    preset = PRESETS.get(name)
    if preset is None:
        raise UsageError(f"There is no language model preset {name!r}.", hint=f"Known are: {', '.join(PRESETS)}.")
    ours = name == settings.llm
    choice = LlmChoice(
        preset=name,
        base_url=((settings.llm_base_url if ours else "") or preset.base_url).rstrip("/"),
        api_key=settings.llm_api_key if ours else "",
        model=request.model or (settings.llm_model if ours else "") or preset.model,
        temperature=settings.llm_temperature if request.temperature is None else request.temperature,
        history=settings.llm_history,
        system_prompt=f"{request.persona or settings.llm_system_prompt or PERSONA}\n\n{_SPOKEN}",
        extra=preset.extra,
    )
    if name != SCRIPTED:
        _require(choice, preset, "" if ours else f"MIEN_LLM={name} and ")
    return choice


def _require(choice: LlmChoice, preset: Preset, first: str) -> None:
    for missing, what, variable in (
        (not choice.base_url, "address", "MIEN_LLM_BASE_URL"),
        (preset.needs_key and not choice.api_key, "key", "MIEN_LLM_API_KEY"),
        (not choice.model, "model", "MIEN_LLM_MODEL"),
    ):
        if missing:
            raise SettingsError(
                f"The language model {choice.preset!r} has no {what}.", hint=f"Set {first}{variable}, and start again."
            )
