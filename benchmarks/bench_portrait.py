"""What a portrait costs per frame, stage by stage, and how well one could look at best.

CPU time of the drawing thread, so that other work on the machine disturbs it little.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from benchmarks.upper_bound import upper_bound
from mien.avatars import builtin_picture
from mien.engines.portrait.contours import settle_lids, settle_lips
from mien.engines.portrait.lids import draw_lids
from mien.engines.portrait.renderer import Renderer
from mien.engines.portrait.scene import Scene
from mien.face import FaceTracker, Matting
from mien.media import read_image
from mien.motion import MOUTH_CHANNELS, Articulation
from mien.settings import load
from mien.weights import WeightStore

CLIPS = Path("../shared/media/video")
UPPER_BOUND_OF = ("may.mp4", "newsreader_de.mp4")
REPEATS = 200


def cpu_ms(work: Callable[[], object]) -> dict[str, float]:
    """Median and the 10th and 90th percentile over `REPEATS` runs after a warm-up."""
    for _ in range(5):
        work()
    times = []
    for _ in range(REPEATS):
        start = time.thread_time()
        work()
        times.append((time.thread_time() - start) * 1e3)
    p10, median, p90 = (round(float(value), 3) for value in np.percentile(times, [10, 50, 90]))
    return {"median": median, "p10": p10, "p90": p90}


def stages(renderer: Renderer, scene: Scene) -> dict[str, dict[str, float]]:
    mouth = dict.fromkeys(MOUTH_CHANNELS, 0.0) | {"jaw": 0.08, "gap": 0.11}
    pose = Articulation(np.array(list(mouth.values()), np.float32), yaw=2, pitch=1, blink=(0.5, 0.5))
    open_eyes = Articulation(pose.mouth, yaw=2, pitch=1)
    points = renderer.rig.vertices(pose)
    vertices = renderer.mesh.axes.to_picture(points)
    left, top, right, bottom = scene.roi
    part = np.ascontiguousarray(scene.frame[top:bottom, left:right])
    return {
        "frame": cpu_ms(lambda: renderer.draw(open_eyes)),
        "frame while blinking": cpu_ms(lambda: renderer.draw(pose)),
        "rig": cpu_ms(lambda: renderer.rig.vertices(pose)),
        "shading": cpu_ms(lambda: renderer.shading(points)),
        "mesh": cpu_ms(lambda: renderer.draw_vertices(vertices)),
        "mouth": cpu_ms(lambda: renderer.mouth.draw(part, vertices, 0.0)),
        "lids": cpu_ms(lambda: draw_lids(part, vertices, (0.5, 0.5), renderer.mesh.axes.iod)),
    }


def main() -> None:
    store = WeightStore.from_settings(load())
    file = builtin_picture("astronaut")
    assert file is not None
    picture = read_image(file)
    face = FaceTracker(store).find(picture)
    assert face is not None
    landmarks = settle_lids(picture, settle_lips(picture, face.landmarks))
    scene = Scene.head(picture, Matting(store).matte(picture, face), landmarks, 512)
    result: dict[str, object] = {"cpu_ms_at_512": stages(Renderer(scene), scene)}
    clips = [CLIPS / name for name in UPPER_BOUND_OF if (CLIPS / name).is_file()]
    result["upper_bound"] = {clip.name: asdict(upper_bound(clip, store)) for clip in clips}
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
