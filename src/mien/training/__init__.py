"""What every avatar learns from: a checked video, what is seen and heard in it, the space of one person's faces."""

from mien.training.check import ClipCheck, check_clip
from mien.training.dataset import Dataset
from mien.training.items import Item
from mien.training.person import COEFFICIENTS, Person
from mien.training.prepare import prepare
from mien.training.split import FPS, Split

__all__ = ["COEFFICIENTS", "FPS", "ClipCheck", "Dataset", "Item", "Person", "Split", "check_clip", "prepare"]
