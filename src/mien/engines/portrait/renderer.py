"""One frame of a portrait from one `Articulation`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.engines.portrait.lids import draw_lids
from mien.engines.portrait.mesh import build_mesh
from mien.engines.portrait.mouth import Mouth, MouthColours
from mien.engines.portrait.rig import INNER_LOWER, INNER_UPPER, Rig
from mien.engines.portrait.scene import Scene
from mien.engines.portrait.teeth import draw_teeth, soften
from mien.engines.portrait.tone import tone_of
from mien.engines.portrait.warp import draw_mesh
from mien.motion.articulation import MOUTH_CHANNELS, Articulation
from mien.types import Image

FloatArray = NDArray[np.float32]

TONGUE = MOUTH_CHANNELS.index("tongue")
INCISORS_BELOW_LINE = 0.018
"""IOD that the upper incisors reach below the line where closed lips meet (1.6 mm)."""
OVERBITE = 0.02
"""IOD that the lower incisors' edges lie above the upper ones' when the teeth are closed."""


class Renderer:
    """Draws frames of one scene.

    Args:
        scene: the portrait, cut and scaled.
        blur: pixels, how unsharp the picture is; what is added is made as unsharp.
    """

    def __init__(self, scene: Scene, blur: float = 0.5) -> None:
        self._scene = scene
        self.size = scene.frame.shape[1], scene.frame.shape[0]
        self._mesh = build_mesh(scene.landmarks)
        points = self._mesh.points
        self._rig = Rig(self._mesh, np.maximum(points[INNER_LOWER, 1] - points[INNER_UPPER, 1], 0))
        self._source = self._mesh.axes.to_picture(points)
        self._shade = np.ones(len(points), np.float32)
        self._mouth = self._make_mouth(blur)

    def _make_mouth(self, blur: float) -> Mouth:
        tone = tone_of(self._scene.texture, self._scene.landmarks)
        rest = self._rig.neutral
        x, y = float(rest[13, 0]), float(rest[INNER_UPPER[5], 1])
        scale = self._mesh.axes.iod * 1.5
        upper = draw_teeth((x, y + INCISORS_BELOW_LINE), tone.teeth, scale)
        lower = draw_teeth((x, y + INCISORS_BELOW_LINE - OVERBITE), tone.teeth * 0.92, scale, lower=True)
        colours = MouthColours(tone.cavity, tone.tongue)
        return Mouth(rest[:, :2], soften(upper, 1.5 * blur), soften(lower, 1.5 * blur), colours)

    def draw(self, pose: Articulation) -> Image:
        """The whole frame, uint8 RGB (H, W, 3), a fresh array."""
        return self.draw_vertices(
            self._mesh.axes.to_picture(self._rig.vertices(pose)), pose.blink, float(pose.mouth[TONGUE])
        )

    def draw_vertices(self, vertices: FloatArray, blink: tuple[float, float], tongue: float = 0.0) -> Image:
        """The frame of a mesh that was moved by hand.

        Args:
            vertices: (V, 2) pixels of the redrawn part.
            blink: of the eyes on the image's left and right.
            tongue: 0 … 1.
        """
        frame = self._scene.frame.copy()
        left, top, right, bottom = self._scene.roi
        part = np.ascontiguousarray(frame[top:bottom, left:right])
        draw_mesh(part, self._scene.texture, self._mesh.triangles, self._source, vertices, self._shade)
        self._mouth.draw(part, vertices, tongue)
        draw_lids(part, vertices, blink, self._mesh.axes.iod)
        frame[top:bottom, left:right] = part
        return frame
