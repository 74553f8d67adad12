"""Which landmark is where, and the triangles between them.

Sides are the person's: the right eye is on the left of the picture. Rings are closed: the last joins the first.

Source: MediaPipe 0.10.21 (Apache-2.0): `face_mesh_connections.py` for rings and mesh, the attention network's own
operator options (`subset_idxs`) for what it refines.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

Indices = NDArray[np.int32]
Triangles = NDArray[np.int32]


def _indices(text: str) -> Indices:
    values = np.array(text.split(), np.int32)
    values.setflags(write=False)
    return values


N_MESH = 468

FACE_OVAL = _indices(
    "10 338 297 332 284 251 389 356 454 323 361 288 397 365 379 378 400 377 152 148 176 149 150 136 172 58 132 93 234 "
    "127 162 21 54 103 67 109"
)
"""Ring: from the top of the forehead over the image's right to the chin (152) and back."""

LIPS_OUTER = _indices("61 185 40 39 37 0 267 269 270 409 291 375 321 405 314 17 84 181 91 146")
"""Ring: right corner, upper lip, left corner (index 10), lower lip."""

LIPS_INNER = _indices("78 191 80 81 82 13 312 311 310 415 308 324 318 402 317 14 87 178 88 95")
"""Ring, in step with `LIPS_OUTER`."""

RIGHT_EYE = _indices("33 246 161 160 159 158 157 173 133 155 154 153 145 144 163 7")
"""Ring along the lids: outer corner, upper lid, inner corner (index 8), lower lid."""

LEFT_EYE = _indices("263 466 388 387 386 385 384 398 362 382 381 380 374 373 390 249")
"""Ring, in step with `RIGHT_EYE`."""

RIGHT_IRIS = _indices("468 469 470 471 472")
"""Centre, then its rim: towards the image's right, top, left, bottom."""

LEFT_IRIS = _indices("473 474 475 476 477")
"""Centre, then its rim: towards the image's right, top, left, bottom."""

RIGHT_BROW = _indices("70 63 105 66 107 55 65 52 53 46")
"""Ring: upper edge from outside to inside, lower edge back."""

LEFT_BROW = _indices("300 293 334 296 336 285 295 282 283 276")
"""Ring, in step with `RIGHT_BROW`."""

NOSE_BRIDGE = _indices("168 6 197 195 5 4 1")
"""From between the eyes to the tip (1)."""

RIGID = _indices("33 133 362 263 168 6 197 195 5 4 1 2 98 327 8 9 151 10 109 338 67 297 127 356")
"""24 points that hardly move with speech or blinking: eye corners, nose, forehead, temples."""

ATTENTION_LIPS = _indices(
    "61 146 91 181 84 17 314 405 321 375 291 185 40 39 37 0 267 269 270 409 78 95 88 178 87 14 317 402 318 324 308 191 "
    "80 81 82 13 312 311 310 415 76 77 90 180 85 16 315 404 320 307 306 184 74 73 72 11 302 303 304 408 62 96 89 179 86 "
    "15 316 403 319 325 292 183 42 41 38 12 268 271 272 407"
)
"""Landmarks in the order of the network's refined lips."""

ATTENTION_RIGHT_EYE = _indices(
    "33 7 163 144 145 153 154 155 133 246 161 160 159 158 157 173 130 25 110 24 23 22 26 112 243 247 30 29 27 28 56 190 "
    "226 31 228 229 230 231 232 233 244 113 225 224 223 222 221 189 35 124 46 53 52 65 143 111 117 118 119 120 121 128 "
    "245 156 70 63 105 66 107 55 193"
)
"""Landmarks in the order of the network's refined eye region on the image's left; the lid line comes first."""

ATTENTION_LEFT_EYE = _indices(
    "263 249 390 373 374 380 381 382 362 466 388 387 386 385 384 398 359 255 339 254 253 252 256 341 463 467 260 259 257 "
    "258 286 414 446 261 448 449 450 451 452 453 464 342 445 444 443 442 441 413 265 353 276 283 282 295 372 340 346 347 "
    "348 349 350 357 465 383 300 293 334 296 336 285 417"
)
"""The same on the image's right."""


@cache
def triangles() -> Triangles:
    """int32 (898, 3): the whole face as one sheet bounded by `FACE_OVAL`; clockwise as seen in a picture.

    The first 852 are MediaPipe's own and leave the mouth and the eyes open; see `mouth_triangles`, `eye_triangles`.
    """
    with resources.files("mien.face").joinpath("mesh.npz").open("rb") as file, np.load(file) as arrays:
        skin = arrays["triangles"].astype(np.int32)
    sheet = np.concatenate([skin, mouth_triangles(), eye_triangles()])
    sheet.setflags(write=False)
    return sheet


def mouth_triangles() -> Triangles:
    """int32 (18, 3): between the inner lips."""
    return _fill(LIPS_INNER)


def eye_triangles() -> Triangles:
    """int32 (28, 3): between the lids, first the right eye's 14, then the left's."""
    return np.concatenate([_fill(RIGHT_EYE), _fill(LEFT_EYE)[:, ::-1]])


def _fill(ring: Indices) -> Triangles:
    """A strip between the upper and the lower half of a ring that runs clockwise from corner to corner."""
    half = len(ring) // 2
    upper, lower = ring[1:half], ring[:half:-1]
    inner = [
        corner
        for k in range(half - 2)
        for corner in ((upper[k], upper[k + 1], lower[k]), (upper[k + 1], lower[k + 1], lower[k]))
    ]
    return np.array([(ring[0], upper[0], lower[0]), *inner, (upper[-1], ring[half], lower[-1])], np.int32)
