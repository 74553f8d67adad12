"""Light that moves with the face."""

from __future__ import annotations

import numpy as np
import pytest

from engines.portrait.conftest import pose
from mien.engines.portrait.mesh import IRIS_START, N_FACE
from mien.engines.portrait.renderer import Renderer
from mien.engines.portrait.rig import rotation
from mien.engines.portrait.shading import STRONGEST, Shading
from mien.motion import Articulation


def test_a_face_at_rest_keeps_its_light(renderer: Renderer) -> None:
    np.testing.assert_allclose(renderer.shading(renderer.rig.neutral), 1, atol=1e-5)


def test_the_change_is_bounded_and_only_the_face_is_shaded(renderer: Renderer) -> None:
    shade = renderer.shading(renderer.rig.vertices(Articulation(pose(gap=0.2, jaw=0.2).mouth, yaw=4, pitch=-4)))
    assert np.abs(shade - 1).max() <= STRONGEST + 1e-6
    assert np.abs(shade[:N_FACE] - 1).max() > 0.005
    np.testing.assert_array_equal(shade[N_FACE:IRIS_START], 1)


@pytest.mark.parametrize(("yaw", "brighter"), [(15, True), (-15, False)])
def test_a_face_that_turns_to_the_light_gets_brighter(renderer: Renderer, yaw: float, brighter: bool) -> None:
    mesh, pixels = renderer.mesh, renderer.source
    side = int(pixels.max()) + 2
    lit_from_the_right = np.broadcast_to(np.linspace(40, 230, side)[None, :, None], (side, side, 3)).astype(np.uint8)
    shading = Shading(mesh, mesh.points, lit_from_the_right, pixels)
    bridge_of_the_nose = shading(mesh.points @ rotation(yaw, 0, 0).T)[5]
    assert (bridge_of_the_nose > 1) == brighter
