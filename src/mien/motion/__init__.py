"""From speech to movement: mouth, head, eyes."""

from mien.motion.articulation import MOUTH_CHANNELS, MOUTH_RATE, Articulation, MouthTrack
from mien.motion.coarticulation import mouth_from_phonemes
from mien.motion.performance import Performance

__all__ = [
    "MOUTH_CHANNELS",
    "MOUTH_RATE",
    "Articulation",
    "MouthTrack",
    "Performance",
    "mouth_from_phonemes",
]
