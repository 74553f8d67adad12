"""The way of least difference through a recording (rows) and a text as it was spoken by another voice (columns)."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from mien.motion.alignment.reference import STEEPEST

_STAY, _SKIP = 0.2, 0.2
"""What it costs to stay on a column, or to leave one out; the difference of two frames of different sounds is about 1.3."""

_RIDGE = 5.0
"""How much the map to the other voice is held back, in frames of evidence."""


@njit(cache=True, nogil=True)
def cheapest_way(
    differences: NDArray[np.float32],
    pause: NDArray[np.float32],
    columns: NDArray[np.int64],
    earliest: NDArray[np.int64],
    latest: NDArray[np.int64],
    anywhere: bool,
) -> NDArray[np.int64]:  # pragma: no cover
    """The column of each row; never falling, one row after the other.

    Args:
        differences: (N, M), of row and reference frame.
        pause: (N,), what it costs to pass a row in a pause.
        columns: (C,), the reference frame of each column; -1: a pause that may be there, of any length. The first and last are pauses.
        earliest, latest: (C,), the rows [earliest, latest] in which a column may be.
        anywhere: the way may end in any column; else it ends in the last sound or the pause after it.

    Returns:
        (N,); all -1 if there is no way.
    """
    rows, count = len(differences), len(columns)
    back = np.zeros((rows, count), np.uint8)  # columns that were gone forward
    before = np.full(count, np.inf, np.float32)
    here = np.full(count, np.inf, np.float32)
    for column in range(min(2, count)):
        if earliest[column] <= 0:
            before[column] = pause[0] if columns[column] < 0 else differences[0, columns[column]]
    for row in range(1, rows):
        for column in range(count):
            here[column] = np.inf
            if row < earliest[column] or row > latest[column]:
                continue
            silent = columns[column] < 0
            best = before[column] if silent else before[column] + _STAY
            step = 0
            left_out = 0
            for forward in range(1, 2 * STEEPEST):
                source = column - forward
                if source < 0 or left_out >= STEEPEST or (silent and left_out):
                    break
                cost = before[source] + _SKIP * left_out
                if cost < best:
                    best = cost
                    step = forward
                if columns[source] >= 0:
                    left_out += 1
            back[row, column] = step
            here[column] = best + (pause[row] if silent else differences[row, columns[column]])
        before, here = here, before
    way = np.full(rows, -1, np.int64)
    column = count - 1
    for other in range(0 if anywhere else max(0, count - 2), count):
        if before[other] < before[column]:
            column = other
    if not np.isfinite(before[column]):
        return way
    for row in range(rows - 1, -1, -1):
        way[row] = column
        column -= back[row, column]
    return way


def differences(sound: NDArray[np.float32], reference: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, F) and (M, F) → (N, M): the distance of each frame of the one from each of the other."""
    result = sound @ reference.T
    result *= -2.0
    result += np.einsum("ij,ij->i", sound, sound)[:, None]
    result += np.einsum("ij,ij->i", reference, reference)
    return np.sqrt(np.maximum(result, 0.0, out=result), out=result)


def adapted(
    reference: NDArray[np.float32], sound: NDArray[np.float32], pairs: tuple[NDArray[np.int64], NDArray[np.int64]]
) -> NDArray[np.float32]:
    """The reference as the speaker of the sound would have said it: an affine map of its frames, learnt where the two were laid together.

    Args:
        reference: (M, F).
        sound: (N, F).
        pairs: frames of the reference, and those of the sound that lie over them.
    """
    ours = np.concatenate([reference, np.ones((len(reference), 1), np.float32)], axis=1).astype(np.float64)
    inputs, outputs = ours[pairs[0]], sound[pairs[1]].astype(np.float64)
    # Ridge regression towards leaving it as it is: little speech teaches little.
    unchanged = np.eye(ours.shape[1], reference.shape[1])
    pull = np.full(ours.shape[1], _RIDGE)
    pull[-1] = 0.0
    weights = np.linalg.solve(
        inputs.T @ inputs + np.diag(pull) + 1e-6 * np.eye(len(pull)), inputs.T @ outputs + pull[:, None] * unchanged
    )
    return (ours @ weights).astype(np.float32)
