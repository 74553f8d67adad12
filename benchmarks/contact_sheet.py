"""Contact sheets: whole frames over close-ups of the mouth, one pair of rows for each picture and sentence.

python -m benchmarks.contact_sheet OUT.jpg PICTURE … [--text TEXT …]
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

import mien
from mien.face import FaceTracker
from mien.settings import load
from mien.types import Image
from mien.weights import WeightStore

ENGLISH = "Big maps show five wild wolves above the mossy beach."
CHINESE = "明天早上我们不妨一起去爬山。"
WIDTH = 150


def sheet(pictures: list[str], texts: list[str], columns: int = 12) -> Image:
    """uint8 RGB; `columns` frames of each sentence, evenly over its speech."""
    tracker = FaceTracker(WeightStore.from_settings(load()))
    rows = []
    for picture in pictures:
        avatar = mien.open(picture)
        for text in texts:
            frames = [frame.image for frame in avatar.render(text=text)]
            picks = np.linspace(2, len(frames) - 4, columns).astype(int)
            rows += [_row([frames[i] for i in picks]), _row([_mouth(frames[i], tracker) for i in picks])]
    return np.vstack(rows)


def _row(images: list[Image]) -> Image:
    tiles = [cv2.resize(image, (WIDTH, WIDTH), interpolation=cv2.INTER_AREA) for image in images]
    return np.hstack(tiles).astype(np.uint8)


def _mouth(frame: Image, tracker: FaceTracker) -> Image:
    face = tracker.find(frame)
    if face is None:
        return frame
    centre = face.landmarks[[13, 14], :2].mean(axis=0)
    half = 0.42 * float(np.linalg.norm(face.landmarks[33] - face.landmarks[263]))
    left, top = np.maximum(centre - half, 0).astype(int)
    return frame[top : int(centre[1] + half), left : int(centre[0] + half)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("pictures", nargs="+")
    parser.add_argument("--text", action="append", default=[])
    options = parser.parse_args()
    picture = sheet(options.pictures, options.text or [ENGLISH, CHINESE])
    cv2.imwrite(str(options.output), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])


if __name__ == "__main__":
    main()
