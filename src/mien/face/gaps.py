"""Short losses of a face in a video."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mien.errors import FaceError
from mien.face.landmarker import Face


def bridge_gaps(faces: Sequence[Face | None], longest: int) -> NDArray[np.float32]:
    """The landmarks of every frame, float32 (T, 478, 3): straight lines where a face was lost for a moment.

    Args:
        faces: of consecutive frames, as `FaceTracker.track` gives them.
        longest: frames that a gap may have; at the ends the nearest face is held.

    Raises:
        FaceError: no face at all, or a longer gap.
    """
    seen = np.array([index for index, face in enumerate(faces) if face is not None])
    if not len(seen):
        raise FaceError(
            f"No face was found in {len(faces)} frames.", hint="Use a video in which one face is clearly visible."
        )
    edges = np.concatenate([[-1], seen, [len(faces)]])
    gap = np.diff(edges) - 1
    worst = int(gap.argmax())
    if gap[worst] > longest:
        raise FaceError(
            f"The face is lost from frame {edges[worst] + 1} to {edges[worst + 1] - 1}; at most {longest} frames can be bridged.",
            hint="Cut that part out of the video.",
        )
    known = np.stack([face.landmarks for face in faces if face is not None])
    time = np.arange(len(faces))
    right = np.clip(np.searchsorted(seen, time), 0, len(seen) - 1)
    left = np.clip(np.searchsorted(seen, time, side="right") - 1, 0, len(seen) - 1)
    length = np.maximum(seen[right] - seen[left], 1)
    share = np.where(right == left, 0, (time - seen[left]) / length).astype(np.float32)[:, None, None]
    return np.asarray(known[left] + share * (known[right] - known[left]), np.float32)
