"""What this machine can do and what is missing."""

from __future__ import annotations

import importlib.util
import os
import platform
import shlex
import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import av.codec
import onnxruntime

from mien import __version__, plugins
from mien.errors import MienError
from mien.settings import Settings, config_file
from mien.studio.engines import engine_specs
from mien.weights import WeightStore

_LOW_MEMORY = 1 << 30
"""Rendering itself needs about 0.5 GB."""
_LOW_DISK = 500 << 20


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Args:
        what: its name.
        state: "ok"; "note": works, but worth knowing; "missing": something needed is not there.
        found: what is there.
        advice: what to do; "" if nothing.
    """

    what: str
    state: Literal["ok", "note", "missing"]
    found: str
    advice: str = ""


def examine(settings: Settings) -> list[Finding]:
    """Looks at everything that Mien needs; fetches and changes nothing."""
    return [
        Finding("mien", "ok", f"{__version__}, Python {platform.python_version()} on {platform.platform(terse=True)}"),
        _settings_file(),
        _cores(settings),
        *_memory(),
        _folder("data folder", settings.data_dir, "MIEN_DATA_DIR"),
        _folder("cache folder", settings.cache_dir, "MIEN_CACHE_DIR"),
        *_secrets(settings),
        _codecs(),
        _networks(),
        *_weights(settings),
        *_engines(),
        *_voices(settings),
        *_live(settings),
    ]


def healthy(findings: Sequence[Finding]) -> bool:
    """Nothing that is needed is missing."""
    return all(finding.state != "missing" for finding in findings)


def _settings_file() -> Finding:
    file = config_file()
    return Finding("settings", "ok", str(file) if file.is_file() else f"defaults (no {file})")


def _cores(settings: Settings) -> Finding:
    cores = len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
    return Finding("cores", "ok", f"{cores}; the face networks use up to {min(settings.threads, cores)}")


def _memory() -> Iterator[Finding]:
    if sys.platform == "win32":
        return
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    low = total < _LOW_MEMORY
    yield Finding(
        "memory", "note" if low else "ok", f"{total / 1e9:.1f} GB", "Rendering may run out of it." if low else ""
    )


def _folder(what: str, folder: Path, variable: str) -> Finding:
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        return Finding(what, "missing", f"{folder} cannot be written", f"Set {variable} to another folder.")
    free = shutil.disk_usage(existing).free
    low = free < _LOW_DISK
    advice = f"Free some space, or set {variable} to another disk." if low else ""
    return Finding(what, "note" if low else "ok", f"{folder}, {free / 1e9:.1f} GB free", advice)


def _secrets(settings: Settings) -> Iterator[Finding]:
    """What the server keeps of tokens and sessions, if others can read it."""
    if sys.platform == "win32":
        return
    for name in ("tokens.json", "session.key"):
        file = settings.data_dir / name
        if file.is_file() and file.stat().st_mode & 0o077:
            yield Finding("tokens", "note", f"others can read {file}", f"chmod 600 {shlex.quote(str(file))}")


def _codecs() -> Finding:
    missing = [name for name in ("libx264", "aac") if not _encodes(name)]
    if missing:
        return Finding(
            "video",
            "missing",
            f"PyAV {av.__version__} cannot encode {', '.join(missing)}",
            "pip install --force-reinstall av",
        )
    return Finding("video", "ok", f"H.264 and AAC by PyAV {av.__version__}")


def _encodes(name: str) -> bool:
    try:
        av.codec.Codec(name, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def _networks() -> Finding:
    providers = [name.removesuffix("ExecutionProvider") for name in onnxruntime.get_available_providers()]
    return Finding("networks", "ok", f"onnxruntime {onnxruntime.__version__}: {', '.join(providers)}")


def _weights(settings: Settings) -> Iterator[Finding]:
    needed = {weights for spec in engine_specs() for weights in spec.weights}
    for status in WeightStore.from_settings(settings).list():
        here = status.state == "ready"
        state = "ok" if here else "note" if status.name not in needed or not settings.offline else "missing"
        advice = (
            "" if here else f"mien weights pull {status.name}" if not settings.offline else "mien weights import FILE"
        )
        yield Finding(f"weights {status.name}", state, status.state, advice)


def _engines() -> Iterator[Finding]:
    specs = engine_specs()
    if not specs:
        yield Finding("engines", "missing", "none is installed", "pip install --force-reinstall mien")
    yield from (_plugin("engine", spec) for spec in specs)


def _voices(settings: Settings) -> Iterator[Finding]:
    for name in plugins.names(plugins.VOICES):
        yield _plugin("voice", plugins.spec(plugins.VOICES, name))
    chosen = settings.voice.partition(":")[0]
    try:
        plugins.load(plugins.spec(plugins.VOICES, chosen))
    except MienError as error:
        yield Finding("default voice", "missing", error.message, error.hint)
    else:
        yield Finding("default voice", "ok", settings.voice)


_LIVE_MODULES = ("aiortc", "fastapi", "pipecat", "psutil", "uvicorn", "websockets")


def _live(settings: Settings) -> Iterator[Finding]:
    missing = [name for name in _LIVE_MODULES if importlib.util.find_spec(name) is None]
    if missing:
        yield Finding("live", "note", f"needs {', '.join(missing)}", "pip install 'mien[serve]'")
        return
    if not _network_addresses():
        yield Finding("live", "note", "this machine has no network address: WebRTC works on it alone")
    else:
        yield Finding("live", "ok", "mien live")
    for name in plugins.names(plugins.RECOGNIZERS):
        yield _plugin("recogniser", plugins.spec(plugins.RECOGNIZERS, name))
    named = settings.recognizer.partition(":")[0]
    if named not in plugins.names(plugins.RECOGNIZERS):
        yield Finding("default recogniser", "missing", f"there is none called {named!r}", "Look at MIEN_RECOGNIZER.")
    scripted = settings.llm == "scripted"
    yield Finding(
        "language model",
        "note" if scripted else "ok",
        "none: the avatar repeats what it hears" if scripted else settings.llm,
        "Set MIEN_LLM, for example to ollama or openai." if scripted else "",
    )


def _network_addresses() -> list[str]:
    """Of this machine, beside the loopback ones."""
    import psutil

    families = (socket.AF_INET, socket.AF_INET6)
    found = [one for addresses in psutil.net_if_addrs().values() for one in addresses if one.family in families]
    return [one.address for one in found if not one.address.startswith(("127.", "::1"))]


def _plugin(kind: str, spec: plugins.Spec) -> Finding:
    missing = spec.missing()
    if missing:
        return Finding(f"{kind} {spec.name}", "note", f"needs {', '.join(missing)}", spec.install)
    return Finding(f"{kind} {spec.name}", "ok", spec.summary)
