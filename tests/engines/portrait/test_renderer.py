"""Whole frames of the built-in astronaut."""

from __future__ import annotations

import numpy as np

from engines.portrait.conftest import SIZE, pose
from mien.engines.portrait.renderer import Renderer
from mien.engines.portrait.scene import Scene
from mien.face import FaceTracker, eye_aspect_ratio
from mien.motion import Articulation
from mien.types import Image


def lips(image: Image, tracker: FaceTracker) -> float:
    """Opening of the inner lips as tracked in a frame, of the distance between the eyes."""
    face = tracker.find(image)
    assert face is not None
    points = face.landmarks[:, :2]
    return float(np.linalg.norm(points[14] - points[13]) / np.linalg.norm(points[263] - points[33]))


def test_the_frame_has_the_scenes_size_and_is_new_each_time(renderer: Renderer) -> None:
    first, second = renderer.draw(pose()), renderer.draw(pose())
    assert first.shape == (SIZE, SIZE, 3)
    assert first is not second
    np.testing.assert_array_equal(first, second)


def test_the_untouched_mesh_shows_the_photo(renderer: Renderer, scene: Scene) -> None:
    image = renderer.draw_vertices(renderer.source)
    left, top, right, bottom = scene.roi
    alpha = scene.texture[..., 3]
    face = np.zeros(alpha.shape, bool)
    x, y = np.round(scene.landmarks[[50, 280, 151, 5, 199], :2]).astype(int).T
    for dx in range(-6, 7):
        face[y + dx, x] = face[y, x + dx] = True
    part = image[top:bottom, left:right]
    np.testing.assert_allclose(part[face].astype(int), scene.texture[..., :3][face].astype(int), atol=1)


def test_the_mouth_opens_and_shuts_in_the_picture(renderer: Renderer, tracker: FaceTracker) -> None:
    shut = lips(renderer.draw(pose()), tracker)
    pressed = lips(renderer.draw(pose(closure=1)), tracker)
    wide = lips(renderer.draw(pose(gap=0.14, jaw=0.1)), tracker)
    assert shut < 0.025
    assert pressed < 0.025
    assert 0.10 < wide < 0.18


def test_eyes_close_in_the_picture(renderer: Renderer, tracker: FaceTracker) -> None:
    ratios = []
    for blink in (0.0, 1.0):
        face = tracker.find(renderer.draw(pose(blink=(blink, blink))))
        assert face is not None
        ratios.append(np.mean(eye_aspect_ratio(face.landmarks)))
    assert ratios[1] < 0.55 * ratios[0]


def test_nothing_behind_the_person_moves(renderer: Renderer, scene: Scene) -> None:
    poses = [
        Articulation(pose(gap=0.1, jaw=0.08).mouth, yaw=yaw, pitch=pitch, roll=roll, shift=(shift, -shift))
        for yaw, pitch, roll, shift in ((4, 3, 2, 0.05), (-4, -3, -2, -0.05), (2, -4, 3, 0.0))
    ]
    frames = np.stack([renderer.draw(each) for each in poses])
    moved = np.ptp(frames, axis=0).max(axis=2) > 0
    left, top, right, bottom = scene.roi
    person = np.zeros(moved.shape, np.uint8)
    person[top:bottom, left:right] = scene.texture[..., 3] > 0
    reach = round(0.3 * renderer.mesh.axes.iod)
    y, x = np.nonzero(person)
    near = np.zeros_like(moved)
    for dy, dx in ((0, 0), (-reach, 0), (reach, 0), (0, -reach), (0, reach)):
        near[np.clip(y + dy, 0, SIZE - 1), np.clip(x + dx, 0, SIZE - 1)] = True
    near |= person.astype(bool)
    assert moved.any()
    assert not moved[~near].any()
    assert (~near).mean() > 0.15  # there is a background to speak of
