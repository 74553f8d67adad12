"""How far one drawn frame is from the real one, and what each number of the face has to do with it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mien.engines.gaussian.compose import apart, composed
from mien.engines.gaussian.footage import importance, mask
from mien.engines.gaussian.losses import loss
from mien.engines.gaussian.model import FaceModel, Pose, pack_gradient
from mien.engines.gaussian.raster import PROCESSOR, Rasterizer, projection_gradients
from mien.engines.gaussian.region import Region

Floats = NDArray[np.float32]

SHAPE = 8
"""Numbers of a Gaussian that do not follow the expression: logarithms of size, quaternion, share in the torso's movement."""


class Comparison(NamedTuple):
    """Args:
    loss: see `losses`.
    values: (N, 7), its gradient for the values of the frame.
    shape: (N, 8), its gradient for log_scale, quaternion and torso.
    """

    loss: float
    values: Floats
    shape: Floats


def compare(
    model: FaceModel,
    region: Region,
    coefficients: Floats,
    pose: Pose,
    real: Floats,
    behind: Floats,
    looks: Floats | None = None,
    raster: Rasterizer = PROCESSOR,
) -> Comparison:
    """Draws a frame and compares.

    Args:
        model: that draws.
        region: of the person.
        coefficients: (K,), the expression.
        pose: in the window.
        real: (H, W, 3), 0 … 1, the window of the real frame.
        behind: (3,), the colour behind the face.
        looks: (K,), coefficients that colours and opacities follow; None: the same.
        raster: that draws and differentiates.
    """
    size = real.shape[1], real.shape[0]
    share = mask(region.outline, pose, size)
    values = model.values(coefficients) if looks is None else model.values_of(coefficients, looks)
    splats, projection = model.splats(values, pose)
    image, clear, drawing = raster.render(splats, size)
    picture = composed(image, clear, behind, real, share)
    value, slope = loss(picture, real, importance(region, pose, coefficients, share))
    found = raster.gradients(drawing, *apart(slope, behind, share))
    back = projection_gradients(projection, found.mean, found.conic)
    torso = back.position @ pose.torso_in_head()
    return Comparison(
        value,
        pack_gradient(back.position, found.colour, found.opacity, splats.opacity),
        np.concatenate([back.log_scale, back.quaternion, torso[:, None]], axis=1),
    )
