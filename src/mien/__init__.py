"""Mien: a self-hosted digital human.

import mien

avatar = mien.open("me.jpg")
avatar.speak("Hello, nice to meet you.").save("hello.mp4")
for frame in avatar.render("speech.wav"):
    frame.image, frame.audio

mien.train("me.mp4", "me").speak("Hello.").save("me_hello.mp4")

mien.Client("http://host:8600").speak("astronaut", text="Hello.").wait().save("hello.mp4")
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mien.client import Client
    from mien.evaluation import QualityReport, SyncReport, evaluate_quality, evaluate_sync
    from mien.studio import Avatar, AvatarSpeech, SpeakResult, check_clip, evaluate_avatar, open, train
    from mien.training import ClipCheck

__version__ = "0.1.0"
__all__ = [
    "Avatar",
    "AvatarSpeech",
    "Client",
    "ClipCheck",
    "QualityReport",
    "SpeakResult",
    "SyncReport",
    "__version__",
    "check_clip",
    "evaluate_avatar",
    "evaluate_quality",
    "evaluate_sync",
    "open",
    "train",
]

# onnxruntime 1.29 and later report every session to Microsoft and keep an identifier of the machine in the home folder,
# unless this stands in the environment before it is loaded. Here, because nothing of Mien's is imported earlier.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")


def __getattr__(name: str) -> Any:
    # What draws is heavy: it is imported when it is first used, so that `import mien` and the command line start at once.
    if name in __all__:
        if name == "Client":
            return import_module("mien.client").Client
        if name in ("QualityReport", "SyncReport", "evaluate_quality", "evaluate_sync"):
            return getattr(import_module("mien.evaluation"), name)
        if name == "ClipCheck":
            return import_module("mien.training").ClipCheck
        from mien import studio

        return getattr(studio, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
