"""What is seen of a face: where it is, its landmarks, its pose, its eyes, its outline."""

from mien.face.detector import FaceDetector
from mien.face.landmarker import Face, FaceTracker

__all__ = ["Face", "FaceDetector", "FaceTracker"]
