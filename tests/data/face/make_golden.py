"""Makes the golden landmarks: what MediaPipe 0.10.21's FaceMesh (refine_landmarks, tracking) sees.

Run it in an environment of its own, because mediapipe 0.10.21 wants an old numpy and protobuf:

    python3.11 -m venv /tmp/mp && /tmp/mp/bin/pip install mediapipe==0.10.21
    /tmp/mp/bin/python tests/data/face/make_golden.py ../shared/media

Writes beside itself astronaut.npz (the built-in picture, public domain) and clips.npz (the clips of shared/media/video:
positions only, the clips themselves are not part of the project). Both hold int16 landmarks in 1/16 pixel.
"""

import sys
from pathlib import Path

import cv2
import mediapipe
import numpy as np

HERE = Path(__file__).parent
ASTRONAUT = HERE.parents[2] / "src/mien/avatars/builtin/astronaut.jpg"
STEPS = 16
FRAMES, EVERY = 150, 10  # without the first frame, where MediaPipe has only the detector's square


def track(pictures):
    with mediapipe.solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True) as mesh:
        for picture in pictures:
            height, width = picture.shape[:2]
            (face,) = mesh.process(picture).multi_face_landmarks
            points = [(point.x * width, point.y * height, point.z * width) for point in face.landmark]
            yield np.round(np.array(points) * STEPS).astype(np.int16)


def frames(file):
    video = cv2.VideoCapture(str(file))
    for _ in range(FRAMES):
        more, picture = video.read()
        if not more:
            return
        yield cv2.cvtColor(picture, cv2.COLOR_BGR2RGB)


def astronaut():
    picture = cv2.cvtColor(cv2.imread(str(ASTRONAUT)), cv2.COLOR_BGR2RGB)
    *_, last = track([picture] * 20)  # until the square that is looked at rests
    return last


if __name__ == "__main__":
    np.savez_compressed(HERE / "astronaut.npz", landmarks=astronaut())
    clips = sorted(Path(sys.argv[1], "video").glob("*.mp4"))
    golden = {clip.stem: np.stack(list(track(frames(clip)))[EVERY - 1 :: EVERY]) for clip in clips}
    np.savez_compressed(HERE / "clips.npz", **golden)
