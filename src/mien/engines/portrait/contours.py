"""Puts landmarks on the lines that the picture shows: they are a pixel or two off, the dark between lips and of lashes is exact."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.portrait.curves import smooth_curve
from mien.engines.portrait.mesh import FaceAxes
from mien.engines.portrait.rig import INNER_LOWER, INNER_UPPER, LOWER_LIP, UPPER_LIDS, UPPER_LIP
from mien.engines.portrait.tone import SKIN
from mien.types import Image, Landmarks

FloatArray = NDArray[np.float32]

CLOSED_BELOW = 0.03
"""IOD between the inner lips' landmarks under which a mouth counts as closed."""
SLIT = 0.014
"""IOD of dark between the lips from which on it is an opening, not the line of closed lips."""
LIPS_REACH = (-0.03, 0.03)
LASHES_REACH = (-0.055, 0.012)
"""IOD (up, down) around the landmarks that are searched; below a lid soon comes the iris, which is dark too."""
BLEED = 0.014
"""IOD along the rims where teeth shine into the lips' colour."""
COLUMNS, STEPS = 41, 25


def settle_lips(picture: Image, landmarks: Landmarks) -> Landmarks:
    """Puts the inner lips of a closed mouth on the line where the lips meet.

    Args:
        picture: uint8 RGB (H, W, 3).
        landmarks: (478, 3) pixels.

    Returns:
        The landmarks; upper and lower inner lip coincide if the mouth is closed, else they lie where the red ends.
    """
    axes = FaceAxes.of(landmarks)
    upper, lower = axes.to_face(landmarks[INNER_UPPER]), axes.to_face(landmarks[INNER_LOWER])
    if float((lower - upper)[:, 1].max()) >= CLOSED_BELOW:
        return _settled_opening(picture, axes, landmarks)
    line = _settled(picture, axes, ((upper + lower) / 2).astype(np.float32), LIPS_REACH)
    settled = landmarks.copy()
    settled[INNER_UPPER] = settled[INNER_LOWER] = line
    above, below = _dark_band(picture, axes, axes.to_face(line))
    if float(np.median((above + below)[2:-2])) > SLIT:
        down = axes.rotation[:, 1] * axes.iod
        settled[INNER_UPPER] -= above[:, None] * down
        settled[INNER_LOWER] += below[:, None] * down
    return settled


def _dark_band(picture: Image, axes: FaceAxes, line: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How far the dark around a line (11, 3) of lips reaches up and down at each point, IOD; 0 at its ends."""
    steps = np.linspace(-0.06, 0.06, 49, dtype=np.float32)
    dark = _sampled(picture, axes, line, steps)
    middle = len(steps) // 2
    light = dark > 0.45 * np.percentile(dark, 70, axis=1, keepdims=True)  # the shadow of a lip is not that dark
    up = light[:, middle::-1].argmax(axis=1) * (steps[1] - steps[0])
    down = light[:, middle:].argmax(axis=1) * (steps[1] - steps[0])
    ends = np.r_[0, np.ones(len(line) - 2), 0]
    above, below = (np.maximum(cv2.blur(each.reshape(1, -1), (3, 1))[0] - 0.005, 0) * ends for each in (up, down))
    return above.astype(np.float32), below.astype(np.float32)


def _settled_opening(picture: Image, axes: FaceAxes, landmarks: Landmarks) -> Landmarks:
    """Puts the inner lips of an open mouth where the lips' colour gives way to teeth or to the dark."""
    redness = _redness(picture, axes, landmarks)
    if redness is None:
        return landmarks
    upper, lower = axes.to_face(landmarks[INNER_UPPER]), axes.to_face(landmarks[INNER_LOWER])
    red_upper, red_lower = (axes.to_face(landmarks[list(rows[2])]) for rows in (UPPER_LIP, LOWER_LIP))
    share = np.linspace(0, 1, STEPS, dtype=np.float32)[None, :, None]
    across = red_upper[:, None] + share * (red_lower - red_upper)[:, None]  # (columns, steps, 3) from red to red
    xy = axes.to_picture(across.reshape(-1, 3).astype(np.float32)).reshape(len(upper), STEPS, 2) - np.float32(0.5)
    red = cv2.remap(redness, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) - 0.5
    settled = landmarks.copy()
    for row, away, rim in ((INNER_UPPER, red, upper), (INNER_LOWER, red[:, ::-1], lower)):
        gain = np.cumsum(away, axis=1)[:, : STEPS // 2 + 3]
        end = gain.argmax(axis=1)
        end = end if row is INNER_UPPER else STEPS - 1 - end
        y = across[np.arange(len(row)), end, 1]
        inwards = 1 if row is INNER_UPPER else -1
        change = np.clip(inwards * (y - rim[:, 1]) - BLEED, -0.02, 0.045)
        smooth = cv2.GaussianBlur(np.pad(change, 2, mode="edge").reshape(1, -1), (0, 0), 0.8)[0, 2:-2]
        rim[1:-1, 1] += inwards * smooth[1:-1]
    middle = (upper[:, 1] + lower[:, 1]) / 2
    upper[:, 1], lower[:, 1] = np.minimum(upper[:, 1], middle), np.maximum(lower[:, 1], middle)
    for row, rim in ((INNER_UPPER, upper), (INNER_LOWER, lower)):
        settled[row] = rim @ axes.rotation.T * axes.iod + axes.origin
    return settled


def _redness(picture: Image, axes: FaceAxes, landmarks: Landmarks) -> NDArray[np.float32] | None:
    """How much of the lips' own colour each pixel has, 0 … 1; None if the lips are not redder than the skin."""
    smooth = cv2.GaussianBlur(picture, (0, 0), max(0.5, 0.006 * axes.iod)).astype(np.float32) / 255
    lab = cv2.cvtColor(smooth, cv2.COLOR_RGB2LAB).astype(np.float32)
    lips = _median(lab, landmarks, [*UPPER_LIP[1][2:9], *LOWER_LIP[1][2:9]])
    skin = _median(lab, landmarks, SKIN)
    if lips[1] < skin[1] + 4:
        return None
    red = np.clip((lab[..., 1] / lips[1] - 0.4) / 0.35, 0, 1)
    light = np.clip((lab[..., 0] / lips[0] - 0.45) / 0.25, 0, 1)
    return (red * light).astype(np.float32)


def _median(lab: NDArray[np.float32], landmarks: Landmarks, points: Sequence[int]) -> FloatArray:
    xy = np.clip(landmarks[list(points), :2].astype(int), 0, [lab.shape[1] - 1, lab.shape[0] - 1])
    return np.median(lab[xy[:, 1], xy[:, 0]], axis=0).astype(np.float32)


def settle_lids(picture: Image, landmarks: Landmarks) -> Landmarks:
    """Puts the upper lids' rims on the lashes: drawn eyes are often larger than the landmarks say.

    Args:
        picture: uint8 RGB (H, W, 3).
        landmarks: (478, 3) pixels.
    """
    axes = FaceAxes.of(landmarks)
    settled = landmarks.copy()
    for lid in UPPER_LIDS:
        row = list(lid)
        settled[row] = _settled(picture, axes, axes.to_face(landmarks[row]), LASHES_REACH)
    return settled


def _settled(picture: Image, axes: FaceAxes, points: FloatArray, reach: tuple[float, float]) -> FloatArray:
    """Moves a row of points (N, 3) in face coordinates, its ends apart, onto the dark line near it; (N, 3) pixels."""
    grid = np.linspace(points[0, 0], points[-1, 0], COLUMNS, dtype=np.float32)
    y, z = smooth_curve(points[:, :2], grid), np.interp(grid, points[:, 0], points[:, 2])
    offset = _dark_line(picture, axes, np.stack([grid, y, z], axis=1).astype(np.float32), reach)
    moved = points.copy()
    moved[:, 1] += np.interp(points[:, 0], grid, offset)
    return (moved @ axes.rotation.T * axes.iod + axes.origin).astype(np.float32)


def _dark_line(picture: Image, axes: FaceAxes, line: FloatArray, reach: tuple[float, float]) -> FloatArray:
    """IOD by which a line (N, 3) must be moved down, column by column, to follow the darkest way near it."""
    steps = np.linspace(*reach, STEPS, dtype=np.float32)
    dark = _sampled(picture, axes, line, steps)
    spread = max(float(dark.std()), 4.0)
    cost = dark / spread + 0.8 * (steps / max(-reach[0], reach[1])) ** 2
    total, came = cost.copy(), np.zeros(cost.shape, int)
    jump = 0.15 * np.abs(np.arange(STEPS)[:, None] - np.arange(STEPS)[None]) ** 1.5
    for column in range(1, len(line)):
        way = total[column - 1][None] + jump
        came[column] = way.argmin(axis=1)
        total[column] += way.min(axis=1)
    path = np.empty(len(line), int)
    path[-1] = total[-1].argmin()
    for column in range(len(line) - 1, 0, -1):
        path[column - 1] = came[column][path[column]]
    offset = cv2.GaussianBlur(steps[path].reshape(1, -1), (0, 0), 1.5).ravel()
    return offset * np.clip((1 - np.abs(np.linspace(-1, 1, len(line)))) / 0.15, 0, 1).astype(np.float32)


def _sampled(picture: Image, axes: FaceAxes, line: FloatArray, steps: FloatArray) -> FloatArray:
    """(N, S) brightness at `steps` IOD below the points of a line (N, 3)."""
    points = line[:, None] + steps[None, :, None] * np.array([0, 1, 0], np.float32)
    xy = axes.to_picture(points.reshape(-1, 3).astype(np.float32)).reshape(len(line), len(steps), 2) - np.float32(0.5)
    grey = cv2.GaussianBlur(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), (0, 0), max(0.5, 0.006 * axes.iod))
    sampled = cv2.remap(grey, xy[..., 0], xy[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return sampled.astype(np.float32)
