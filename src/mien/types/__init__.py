"""Data that crosses rooms; frozen, NumPy only."""

from mien.types.audio import SAMPLE_RATE, Samples, Sound, frame_bounds, frame_count
from mien.types.engine import AvatarFrame, Engine, EngineSpec, Metric, RenderSession, TrainingRun
from mien.types.face import FaceBox, HeadPose, Landmarks
from mien.types.image import Image, Later, Matte
from mien.types.progress import Progress, Report, silent
from mien.types.speech import DRIVERS, Driver, Phoneme, SpeechChunk, Word

__all__ = [
    "DRIVERS",
    "SAMPLE_RATE",
    "AvatarFrame",
    "Driver",
    "Engine",
    "EngineSpec",
    "FaceBox",
    "HeadPose",
    "Image",
    "Landmarks",
    "Later",
    "Matte",
    "Metric",
    "Phoneme",
    "Progress",
    "RenderSession",
    "Report",
    "Samples",
    "Sound",
    "SpeechChunk",
    "TrainingRun",
    "Word",
    "frame_bounds",
    "frame_count",
    "silent",
]
