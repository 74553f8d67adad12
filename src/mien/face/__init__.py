"""What is seen of a face: where it is, its landmarks, its pose, its eyes, its outline."""

from mien.face.align import Similarity, similarity
from mien.face.detector import FaceDetector
from mien.face.eyes import au45, eye_aspect_ratio
from mien.face.filters import OneEuro, savitzky_golay
from mien.face.gaps import bridge_gaps
from mien.face.landmarker import Face, FaceTracker
from mien.face.matting import Matting
from mien.face.pose import head_pose, pose_of, rotation_of
from mien.face.require import eye_distance, require_face

__all__ = [
    "Face",
    "FaceDetector",
    "FaceTracker",
    "Matting",
    "OneEuro",
    "Similarity",
    "au45",
    "bridge_gaps",
    "eye_aspect_ratio",
    "eye_distance",
    "head_pose",
    "pose_of",
    "require_face",
    "rotation_of",
    "savitzky_golay",
    "similarity",
]
