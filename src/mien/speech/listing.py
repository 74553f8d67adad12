"""All voices of all speech engines."""

from __future__ import annotations

from dataclasses import dataclass

from mien import plugins
from mien.errors import MienError
from mien.settings import Settings
from mien.speech.speaker import Speaker
from mien.speech.text import same_language
from mien.speech.voice import VoiceInfo, VoiceSpec


@dataclass(frozen=True, slots=True)
class ListedVoice:
    """A voice and the engine that has it; `ENGINE:NAME` is what `speak` takes."""

    engine: str
    info: VoiceInfo


@dataclass(frozen=True, slots=True)
class Listing:
    """Voices, and one sentence for each engine that could not be asked."""

    voices: list[ListedVoice]
    remarks: list[str]


def list_voices(settings: Settings, engine: str = "", language: str = "") -> Listing:
    """The voices that can be used here.

    Args:
        settings: see `mien.settings`.
        engine: only its voices; "" for those of every engine that can tell without the network.
        language: only voices of it: a tag of any length, "zh" also finds "cmn" and "zh-CN", "zh-CN" also "cmn".

    Raises:
        MienError: the one engine that was named cannot be used.
    """
    if engine:
        return Listing(_wanted(engine, _voices(settings, engine), language), [])
    found: list[ListedVoice] = []
    remarks: list[str] = []
    for name in plugins.names(plugins.VOICES):
        spec: VoiceSpec = plugins.spec(plugins.VOICES, name)
        if spec.network:
            remarks.append(f"{name}: {spec.summary}. Ask it: mien voices --engine {name}")
            continue
        try:
            found += _wanted(name, _voices(settings, name), language)
        except MienError as error:
            remarks.append(f"{name}: {error.message} {error.hint}")
    return Listing(found, remarks)


def _voices(settings: Settings, engine: str) -> list[VoiceInfo]:
    with Speaker(settings, engine) as speaker:
        return speaker.voices()


def _wanted(engine: str, infos: list[VoiceInfo], language: str) -> list[ListedVoice]:
    return [ListedVoice(engine, info) for info in infos if not language or same_language(info.language, language)]
