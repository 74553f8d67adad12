"""Adam (Kingma and Ba, 2015) in one pass over the parameters."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

_BETA1, _BETA2 = 0.9, 0.99
_TINY = 1e-15


class Adam:
    """Of one matrix of parameters.

    Args:
        shape: (R, C).
        row_rate: (R,), how fast each row learns.
        column_rate: (C,), times how fast each column does.
        rest_rate: (R,), in the place of `row_rate` in all columns but the first; None: the same.
    """

    def __init__(
        self, shape: tuple[int, int], row_rate: Floats, column_rate: Floats, rest_rate: Floats | None = None
    ) -> None:
        self._row_rate, self._column_rate = row_rate.astype(np.float32), column_rate.astype(np.float32)
        self._rest_rate = self._row_rate if rest_rate is None else rest_rate.astype(np.float32)
        self.first = np.zeros(shape, np.float32)
        self.second = np.zeros(shape, np.float32)

    def step(self, values: Floats, gradient: Floats, number: int, rate: float) -> None:
        """Changes `values` (R, C) in place.

        Args:
            gradient: (R, C).
            number: 0, 1, 2 … of this step.
            rate: a factor for all.
        """
        grown1, grown2 = 1 - _BETA1 ** (number + 1), 1 - _BETA2 ** (number + 1)
        _step(
            values,
            gradient,
            self.first,
            self.second,
            self._row_rate,
            self._rest_rate,
            self._column_rate,
            np.float32(rate / grown1),
            np.float32(1 / grown2),
        )


@numba.njit(cache=True, nogil=True, fastmath=True, error_model="numpy")
def _step(values, gradient, first, second, row_rate, rest_rate, column_rate, rate, unbias):  # noqa: ANN001
    keep1, keep2 = np.float32(_BETA1), np.float32(_BETA2)
    for row in range(values.shape[0]):
        for column in range(values.shape[1]):
            row_step = rate * (row_rate[row] if column == 0 else rest_rate[row])
            slope = gradient[row, column]
            m = keep1 * first[row, column] + (np.float32(1) - keep1) * slope
            v = keep2 * second[row, column] + (np.float32(1) - keep2) * slope * slope
            first[row, column] = m
            second[row, column] = v
            values[row, column] -= row_step * column_rate[column] * m / (np.sqrt(v * unbias) + np.float32(_TINY))
