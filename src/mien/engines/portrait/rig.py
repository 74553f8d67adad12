"""From an `Articulation` to the vertices of a portrait's mesh.

Each movement is a field of displacements that is prescribed where anatomy is known (lips, chin, jaw line, eyes, nose) and
spread smoothly over the rest of the face by a bi-Laplacian. The opening between the lips is then set exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.engines.portrait.mesh import EAR_POINTS, IRIS_START, N_FACE, PortraitMesh
from mien.face.topology import FACE_OVAL
from mien.motion.articulation import MOUTH_CHANNELS, Articulation

FloatArray = NDArray[np.float32]

UPPER_LIP = (
    (61, 185, 40, 39, 37, 0, 267, 269, 270, 409, 291),
    (76, 184, 74, 73, 72, 11, 302, 303, 304, 408, 306),
    (62, 183, 42, 41, 38, 12, 268, 271, 272, 407, 292),
    (78, 191, 80, 81, 82, 13, 312, 311, 310, 415, 308),
)
"""Rows of the upper lip from the rim of the red to the opening, each from the image's left corner to the right one."""
LOWER_LIP = (
    (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291),
    (76, 77, 90, 180, 85, 16, 315, 404, 320, 307, 306),
    (62, 96, 89, 179, 86, 15, 316, 403, 319, 325, 292),
    (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308),
)
INNER_UPPER = np.array(UPPER_LIP[3])
INNER_LOWER = np.array(LOWER_LIP[3])
UPPER_LIDS = ((33, 246, 161, 160, 159, 158, 157, 173, 133), (362, 398, 384, 385, 386, 387, 388, 466, 263))
"""Upper rims of the eyes on the image's left and right, each from left to right."""
LOWER_LIDS = ((33, 7, 163, 144, 145, 153, 154, 155, 133), (362, 382, 381, 380, 374, 373, 390, 249, 263))

JAW_WEIGHTS = {
    (152, 148, 377, 175, 171, 396, 199, 200, 208, 428, 201, 421, 18, 83, 313): 1.0,
    (176, 400, 140, 369): 0.95,
    (149, 378, 32, 262): 0.87,
    (150, 379, 170, 395): 0.72,
    (136, 365, 169, 394): 0.52,
    (172, 397): 0.33,
    (58, 288): 0.17,
    (132, 361): 0.05,
}
"""How far points of the lower jaw go with the chin; the hinge is at the ears."""
JAW_WAY = np.array([0, 1, 0.15])
"""Down, and back less than a pure hinge would swing: the joint slides forwards as it opens."""
STILL = (
    *(1, 2, 4, 5, 6, 168, 195, 197, 8, 9, 10, 151, 98, 327, 64, 294, 48, 278, 49, 279, 94, 19, 97, 326, 141, 370),
    *(93, 323, 234, 454, 127, 356, 162, 389, 21, 251, 54, 284, 103, 332, 67, 297, 109, 338),
    *(70, 63, 105, 66, 107, 46, 53, 52, 65, 55, 300, 293, 334, 296, 336, 276, 283, 282, 295, 285),
    *(31, 228, 229, 230, 231, 232, 233, 261, 448, 449, 450, 451, 452, 453, 226, 446, 111, 117, 118, 340, 346, 347),
)
"""Points that speaking leaves in place: nose, brows, eye sockets, upper jaw, sides of the head."""
BROWS = ((107, 66, 105, 63, 70, 55, 65, 52, 53, 46), (336, 296, 334, 293, 300, 285, 295, 282, 283, 276))

ROW_OPENS = np.array([0.62, 0.8, 0.93, 1.0], np.float32)
"""How far each row of a lip goes with its inner rim."""
UPPER_SHARE = 0.2
"""The upper lip's part of an opening; the lower lip and the jaw make the rest."""
EYEBALL_RADIUS = 0.136  # 12 mm of 88 mm
MAX_TURN = np.array([4.5, 4.5, 3.5])
"""Degrees of yaw, pitch, roll beyond which one picture would tear."""
MAX_SHIFT = 0.08
"""IOD, likewise."""
USUAL_MOUTH_WIDTH = 0.57  # IOD; 50 mm of 88 mm
FV_OPENING = 0.03
"""IOD between the lips when the lower one touches the upper teeth, which show in that slit."""

_MODES = ("jaw", "lower", "upper", "round", "stretch", "press", "smile", "brow")


class Rig:
    """The movable face of one portrait.

    Args:
        mesh: the mesh of the photo.
        open_gap: (11,) IOD, how far the photo's lips are apart at each column; zeros if the mouth is closed.
    """

    def __init__(self, mesh: PortraitMesh, open_gap: FloatArray) -> None:
        self.mesh = mesh
        spread = _Spread(mesh)
        self.neutral = mesh.points + spread.solve(_closing(mesh, open_gap)[None])[0]
        self._modes = spread.solve(np.stack([_mode(name, self.neutral) for name in _MODES]))
        self._modes = self._modes.reshape(len(_MODES), -1)
        self._pivot = self.neutral[list(EAR_POINTS)].mean(axis=0)
        self._columns = _across(self.neutral, INNER_UPPER)[1:-1]
        self._eye_heights = [_height(self.neutral, up, low) for up, low in zip(UPPER_LIDS, LOWER_LIDS, strict=True)]

    def moving(self) -> NDArray[np.bool_]:
        """(V,) which vertices ever leave their place."""
        moved = np.abs(self._modes.reshape(len(_MODES), -1, 3)).max(axis=(0, 2)) > 1e-4
        return moved | (self.mesh.follow > 0)

    def vertices(self, pose: Articulation) -> FloatArray:
        """The mesh in one frame: (V, 3) face coordinates, before the projection."""
        mouth = dict(zip(MOUTH_CHANNELS, pose.mouth.tolist(), strict=True))
        gap = 0.0 if mouth["closure"] >= 1 else max(mouth["gap"], FV_OPENING * mouth["fv"])
        upper = UPPER_SHARE * gap + 0.02 * mouth["fv"]
        amounts = np.array(
            [
                mouth["jaw"],
                gap - upper - 0.9 * mouth["jaw"],
                upper,
                mouth["round"],
                mouth["stretch"],
                mouth["closure"],
                pose.smile,
                pose.brow,
            ],
            np.float32,
        )
        points = self.neutral + (amounts @ self._modes).reshape(-1, 3)
        self._set_opening(points, gap, mouth["round"])
        self._move_eyes(points, pose)
        return self._turn(points, pose)

    def _set_opening(self, points: FloatArray, gap: float, rounded: float) -> None:
        """Makes the distance between the inner lips exactly what it should be in every column."""
        shape = (1 - np.abs(self._columns) ** (2 + rounded)) ** 0.7
        wrong = gap * shape - (points[INNER_LOWER[1:-1], 1] - points[INNER_UPPER[1:-1], 1])
        for rows, share in ((UPPER_LIP, -UPPER_SHARE), (LOWER_LIP, 1 - UPPER_SHARE)):
            for row, weight in zip(rows, (0.15, 0.45, 0.8, 1.0), strict=True):
                points[list(row[1:-1]), 1] += (share * weight * wrong).astype(np.float32)

    def _move_eyes(self, points: FloatArray, pose: Articulation) -> None:
        shift = np.sin(np.radians(pose.gaze)) * EYEBALL_RADIUS
        points[IRIS_START:, :2] += shift.astype(np.float32)
        for up, low, height, blink in zip(UPPER_LIDS, LOWER_LIDS, self._eye_heights, pose.blink, strict=True):
            points[list(low[1:-1]), 1] -= np.float32(0.08 * blink) * height
            if (
                blink < 0
            ):  # a lid that closes is painted over the eye; one that opens wider uncovers no more than it has
                points[list(up[1:-1]), 1] += np.float32(blink) * height

    def _turn(self, points: FloatArray, pose: Articulation) -> FloatArray:
        angles = np.clip((pose.yaw, pose.pitch, pose.roll), -MAX_TURN, MAX_TURN)
        turned = (points - self._pivot) @ rotation(*angles.tolist()).T + self._pivot
        turned[:, :2] += np.clip(pose.shift, -MAX_SHIFT, MAX_SHIFT).astype(np.float32)
        return points + (turned - points) * self.mesh.follow[:, None]


def rotation(yaw: float, pitch: float, roll: float) -> FloatArray:
    """The matrix (3, 3) of a head turn in degrees, signs as in `mien.types.HeadPose`."""
    (cy, cp, cr), (sy, sp, sr) = (f(np.radians([yaw, pitch, roll])) for f in (np.cos, np.sin))
    about_y = np.array([[cy, 0, -sy], [0, 1, 0], [sy, 0, cy]])
    about_x = np.array([[1, 0, 0], [0, cp, -sp], [0, sp, cp]])
    about_z = np.array([[cr, -sr, 0], [sr, cr, 0], [0, 0, 1]])
    return (about_z @ about_x @ about_y).astype(np.float32)


def _across(points: FloatArray, row: NDArray[np.int64]) -> FloatArray:
    """-1 … 1 from the left to the right end of a row of vertices."""
    x = points[row, 0]
    return np.clip(2 * (x - x[0]) / max(float(x[-1] - x[0]), 1e-6) - 1, -1, 1)


def _height(points: FloatArray, upper: tuple[int, ...], lower: tuple[int, ...]) -> FloatArray:
    return points[list(lower[1:-1]), 1] - points[list(upper[1:-1]), 1]


def _lip_rows() -> list[tuple[NDArray[np.int64], int, int]]:
    """(vertices of a row, which row 0–3, -1 for the upper and 1 for the lower lip)."""
    return [(np.array(row), i, side) for rows, side in ((UPPER_LIP, -1), (LOWER_LIP, 1)) for i, row in enumerate(rows)]


_LIPS = sorted({int(v) for row, _, _ in _lip_rows() for v in row})
_JAW = {v: weight for points, weight in JAW_WEIGHTS.items() for v in points}
_EYES = sorted({v for rows in (UPPER_LIDS, LOWER_LIDS) for row in rows for v in row})


class _Spread:
    """Spreads displacements from the vertices where they are known over the whole mesh."""

    def __init__(self, mesh: PortraitMesh) -> None:
        count = len(mesh.points)
        outside = np.arange(N_FACE + len(FACE_OVAL), count)
        self._known = np.unique(np.concatenate([_LIPS, list(_JAW), STILL, _EYES, outside]).astype(int))
        self._free = np.setdiff1d(np.arange(count), self._known)
        laplacian = _laplacian(mesh.points.astype(np.float64), mesh.triangles)
        bending = laplacian.T @ laplacian + 0.05 * laplacian
        self._matrix = np.linalg.solve(
            bending[np.ix_(self._free, self._free)], -bending[np.ix_(self._free, self._known)]
        )

    def solve(self, fields: FloatArray) -> FloatArray:
        """Fields (K, V, 3), of which only the known vertices are read → (K, V, 3) everywhere."""
        out = np.zeros_like(fields)
        out[:, self._known] = fields[:, self._known]
        out[:, self._free] = np.einsum("fk,mkc->mfc", self._matrix, fields[:, self._known])
        return out


def _laplacian(points: NDArray[np.float64], triangles: NDArray[np.int32]) -> NDArray[np.float64]:
    matrix = np.zeros((len(points), len(points)))
    for a, b in ((0, 1), (1, 2), (2, 0)):
        i, j = triangles[:, a], triangles[:, b]
        weight = 1 / np.maximum(np.linalg.norm(points[i] - points[j], axis=1), 0.01)
        matrix[i, j] = matrix[j, i] = -weight
    np.fill_diagonal(matrix, -matrix.sum(axis=1))
    return matrix / np.abs(np.diag(matrix)).mean()


def _closing(mesh: PortraitMesh, open_gap: FloatArray) -> FloatArray:
    """What shuts the photo's mouth: the lips meet, and the jaw comes up by what lips alone would not cover."""
    field = np.zeros_like(mesh.points)
    widest = float(open_gap.max(initial=0))
    jaw_up = 0.8 * max(0.0, widest - 0.07)
    for vertex, weight in _JAW.items():
        field[vertex, 1] = -weight * jaw_up
    for row, i, side in _lip_rows():
        share = 0.3 if side < 0 else -0.7
        weight = (0.35, 0.6, 0.85, 1.0)[i] if side < 0 else (0.5, 0.7, 0.9, 1.0)[i]
        field[row, 1] = share * weight * open_gap
    return field


def _mode(name: str, points: FloatArray) -> FloatArray:
    """One movement at unit size, set at the known vertices: (V, 3) IOD."""
    field = np.zeros_like(points)
    half_width = float(points[291, 0] - points[61, 0]) / 2
    centre_x = float(points[291, 0] + points[61, 0]) / 2
    if name == "jaw":
        for vertex, weight in _JAW.items():
            field[vertex] = weight * JAW_WAY
    if name == "brow":
        for brow in BROWS:
            for vertex, weight in zip(brow, (0.85, 1, 1, 0.9, 0.7) * 2, strict=True):
                field[vertex, 1] = -weight
        return field
    for row, i, side in _lip_rows():
        across = _across(points, row)
        arch = (1 - across**2) ** 0.8
        x = points[row, 0] - centre_x
        depth = (3 - i) / 3  # 1 on the outer rim, 0 on the inner one
        if name == "jaw" and side > 0:
            field[row] = (0.35 + 0.55 * arch)[:, None] * JAW_WAY
        elif name == "jaw":
            field[row, 1] = 0.35 * (1 - arch)
        elif name == "lower" and side > 0:
            field[row, 1] = ROW_OPENS[i] * arch
        elif name == "upper" and side < 0:
            field[row, 1] = -ROW_OPENS[i] * arch
        elif name == "round":
            field[row, 0] = -(0.26 + 0.8 * max(0.0, 2 * half_width - USUAL_MOUTH_WIDTH)) * x  # a smile gives way
            field[row, 1] = side * depth * 0.018 * arch
            field[row, 2] = -0.08 * (0.4 + 0.6 * arch)
        elif name == "stretch":
            field[row, 0] = 0.036 * x / half_width
            field[row, 1] = -side * depth * 0.008 * arch - 0.006 * across**2
            field[row, 2] = 0.02 * across**2
        elif name == "press":
            field[row, 1] = -side * depth * 0.014 * arch
        elif name == "smile":
            field[row, 0] = 0.03 * x / half_width
            field[row, 1] = -0.03 * across**2 - side * depth * 0.004 * arch
    return field
