"""One frame of a portrait from one `Articulation`."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.engines.portrait.lids import draw_lids
from mien.engines.portrait.mesh import build_mesh
from mien.engines.portrait.mouth import Mouth, MouthColours, SkullFit
from mien.engines.portrait.rig import INNER_LOWER, INNER_UPPER, LOWER_LIP, UPPER_LIP, USUAL_MOUTH_WIDTH, Rig
from mien.engines.portrait.scene import Scene
from mien.engines.portrait.shading import Shading
from mien.engines.portrait.teeth import TEETH_PIXELS, draw_teeth, lay_over, photo_teeth
from mien.engines.portrait.tone import tone_of
from mien.engines.portrait.warp import draw_mesh, pack
from mien.motion.articulation import MOUTH_CHANNELS, Articulation
from mien.types import Image

FloatArray = NDArray[np.float32]

UNDER_LIPS = np.array([*UPPER_LIP[2], *LOWER_LIP[2]])
"""Vertices between which lip colour is laid under the lips, so that nothing shines through where they touch."""
UNDER_LIPS_COLOUR = np.array([*LOWER_LIP[2], *LOWER_LIP[1]])
"""Vertices in the photo whose colour that is: the red of the lower lip."""
UNDER_LIPS_TRIANGLES = np.array([t for k in range(10) for t in ((k, k + 1, k + 11), (k + 1, k + 12, k + 11))], np.int32)

TONGUE = MOUTH_CHANNELS.index("tongue")
INCISORS_BELOW_LINE = 0.032
"""IOD that the upper incisors reach below the line where closed lips meet (2.8 mm; women show 3.4, men 1.9 mm at rest)."""
DULLEST_TEETH = 0.72
"""Brightness of what may pass for the photo's own teeth, of what its skin lets expect."""
OVERBITE = 0.02
"""IOD that the lower incisors' edges lie above the upper ones' when the teeth are closed."""


class Renderer:
    """Draws frames of one scene.

    Args:
        scene: the portrait, cut and scaled.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.size = scene.frame.shape[1], scene.frame.shape[0]
        self.mesh = build_mesh(scene.landmarks)
        points = self.mesh.points
        self.rig = Rig(self.mesh, np.maximum(points[INNER_LOWER, 1] - points[INNER_UPPER, 1], 0))
        self.source = self.mesh.axes.to_picture(points)
        self._texture = pack(scene.texture)
        self._plain = np.ones(len(points), np.float32)
        self.shading = Shading(self.mesh, self.rig.neutral, scene.texture, self.source)
        self.mouth = self._make_mouth()
        self._frame = scene.frame.copy()
        self._triangles = self._draw_what_never_moves()

    def _draw_what_never_moves(self) -> NDArray[np.int32]:
        """Puts the still part of the person into the frame; returns the triangles that are left to be drawn."""
        triangles = self.mesh.triangles
        moving = self.rig.moving()[triangles].any(axis=1)
        left, top, right, bottom = self._scene.roi
        part = np.ascontiguousarray(self._frame[top:bottom, left:right])
        draw_mesh(part, self._texture, triangles[~moving], self.source, self.source, self._plain)
        self._frame[top:bottom, left:right] = part
        return np.ascontiguousarray(triangles[moving & self._shows_person(triangles)])

    def _shows_person(self, triangles: NDArray[np.int32]) -> NDArray[np.bool_]:
        """(T,) whether any of the person lies in a triangle's bounding box."""
        covered = cv2.integral((self._scene.texture[..., 3] > 0).astype(np.uint8))
        corners = self.source[triangles]
        end = np.array([covered.shape[1] - 1, covered.shape[0] - 1])
        x0, y0 = np.clip(np.floor(corners.min(axis=1)) - 1, 0, end).astype(int).T
        x1, y1 = np.clip(np.ceil(corners.max(axis=1)) + 2, 0, end).astype(int).T
        return covered[y1, x1] - covered[y0, x1] - covered[y1, x0] + covered[y0, x0] > 0

    def _make_mouth(self) -> Mouth:
        tone = tone_of(self._scene.texture, self._scene.landmarks)
        rest, photo = self.rig.neutral, self.mesh.points
        scale = self.mesh.axes.iod * TEETH_PIXELS
        x, line = float(rest[13, 0]), float(rest[INNER_UPPER[5], 1])
        to_picture = SkullFit(photo[:, :2])(self.source).astype(np.float32)
        own = photo_teeth(self._scene.texture, to_picture, photo[INNER_UPPER, :2], photo[INNER_LOWER, :2], scale)
        if own is not None and own.colour().mean() < DULLEST_TEETH * tone.teeth.mean():
            own = None  # tongue or lip in the shade
        edge = line + INCISORS_BELOW_LINE
        if own is not None:
            edge = max(edge, own.edge_at(x))  # where the lower lip hides the edge, it is lower than what is seen
        colour = tone.teeth if own is None else own.colour()
        like = self._scene.grade()
        width = float(rest[291, 0] - rest[61, 0]) / USUAL_MOUTH_WIDTH
        size = float(np.clip(width, 0.8, 1.1))
        upper = draw_teeth((x, edge), colour, scale, size=size).graded(like)
        lower = draw_teeth((x, edge - OVERBITE), colour * 0.92, scale, size=size, lower=True).graded(like)
        colours = MouthColours(tone.cavity, tone.tongue)
        return Mouth(rest[:, :2], upper if own is None else lay_over(own, upper), lower, colours)

    def draw(self, pose: Articulation) -> Image:
        """The whole frame, uint8 RGB (H, W, 3), a fresh array."""
        points = self.rig.vertices(pose)
        vertices = self.mesh.axes.to_picture(points)
        return self.draw_vertices(vertices, pose.blink, float(pose.mouth[TONGUE]), self.shading(points))

    def draw_vertices(
        self,
        vertices: FloatArray,
        blink: tuple[float, float] = (0.0, 0.0),
        tongue: float = 0.0,
        shade: FloatArray | None = None,
    ) -> Image:
        """The frame of a mesh that was moved by hand.

        Args:
            vertices: (V, 2) pixels of the redrawn part.
            blink: of the eyes on the image's left and right.
            tongue: 0 … 1.
            shade: (V,) factors on the colours; None: as in the photo.
        """
        frame = self._frame.copy()
        left, top, right, bottom = self._scene.roi
        part = np.ascontiguousarray(frame[top:bottom, left:right])
        self._draw_under_lips(part, vertices)
        draw_mesh(part, self._texture, self._triangles, self.source, vertices, self._plain if shade is None else shade)
        self.mouth.draw(part, vertices, tongue)
        draw_lids(part, vertices, blink, self.mesh.axes.iod)
        frame[top:bottom, left:right] = part
        return frame

    def _draw_under_lips(self, part: Image, vertices: FloatArray) -> None:
        source = self.source[UNDER_LIPS_COLOUR]
        draw_mesh(part, self._texture, UNDER_LIPS_TRIANGLES, source, vertices[UNDER_LIPS], self._plain[UNDER_LIPS])
