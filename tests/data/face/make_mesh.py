"""Makes src/mien/face/mesh.npz: the triangles of MediaPipe's face mesh.

mediapipe's Python package lists the mesh's edges only; its triangles are the edges' 3-cliques, less those that stand
around other triangles. Run it where mediapipe 0.10.21 is installed:

    python tests/data/face/make_mesh.py src/mien/face/mesh.npz
"""

import sys
from collections import Counter
from itertools import combinations

import numpy as np
from mediapipe.python.solutions.face_mesh_connections import FACEMESH_TESSELATION

NOSE_TIP, NOSE_BRIDGE, RIGHT_EYE_INNER = 4, 168, 133


def cliques(edges):
    near = {}
    for a, b in edges:
        near.setdefault(a, set()).add(b)
        near.setdefault(b, set()).add(a)
    return {tuple(sorted((a, b, c))) for a, b in edges for c in near[a] & near[b]}


def without_outlines(found):
    """An edge has at most two triangles; where all three edges of a clique have three, it is no triangle itself."""
    shared = Counter(edge for triangle in found for edge in combinations(triangle, 2))
    return {triangle for triangle in found if any(shared[edge] < 3 for edge in combinations(triangle, 2))}


def oriented(found, first):
    """All triangles turned the way of `first`: two neighbours run along their edge in opposite directions."""
    by_edge = {}
    for triangle in found:
        for edge in combinations(triangle, 2):
            by_edge.setdefault(edge, []).append(triangle)
    result, queue = {tuple(sorted(first)): first}, [first]
    while queue:
        a, b, c = queue.pop()
        for start, end in ((a, b), (b, c), (c, a)):
            for triangle in by_edge[tuple(sorted((start, end)))]:
                if triangle not in result:
                    (third,) = set(triangle) - {start, end}
                    result[triangle] = (end, start, third)
                    queue.append(result[triangle])
    return np.array(sorted(result.values()), np.int16)


if __name__ == "__main__":
    edges = {tuple(sorted(edge)) for edge in FACEMESH_TESSELATION}
    found = without_outlines(cliques(edges))
    # 8 lies above 168, 193 to its left in the picture: (8, 168, 193) runs clockwise as it is seen.
    triangles = oriented(found, (8, 168, 193))
    assert len(triangles) == 852, len(triangles)
    np.savez_compressed(sys.argv[1], triangles=triangles)
