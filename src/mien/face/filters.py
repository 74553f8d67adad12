"""Smoothing over time: One-Euro while frames come in, Savitzky–Golay when all are there."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from mien.errors import UsageError


class OneEuro:
    """Low-pass filter whose cut-off rises with speed: still things are calm, quick ones do not lag.

    Source: Casiez, Roussel, Vogel, "1€ Filter" (2012).

    Args:
        rate: Hz, of the values that come in.
        min_cutoff: Hz, for values that do not move.
        beta: how fast the cut-off rises, Hz per unit a second.
        derivative_cutoff: Hz, for the speed itself.
    """

    def __init__(self, rate: float, min_cutoff: float = 1.0, beta: float = 0.0, derivative_cutoff: float = 1.0) -> None:
        for name, value in (("rate", rate), ("min_cutoff", min_cutoff), ("derivative_cutoff", derivative_cutoff)):
            if not value > 0:
                raise UsageError(f"The filter's {name} is {value}.", hint="It must be above 0 Hz.")
        self._rate, self._min_cutoff, self._beta = rate, min_cutoff, beta
        self._derivative_weight = float(_weight(derivative_cutoff, rate))
        self._value: NDArray[np.float64] | None = None
        self._speed: NDArray[np.float64] | None = None

    def __call__(self, values: NDArray[np.floating]) -> NDArray[np.float64]:
        """The smoothed values at this moment; each element has a cut-off of its own."""
        new = np.asarray(values, np.float64)
        if self._value is None or self._speed is None:
            self._value, self._speed = new.copy(), np.zeros_like(new)
        else:
            speed = (new - self._value) * self._rate
            self._speed += self._derivative_weight * (speed - self._speed)
            cutoff = self._min_cutoff + self._beta * np.abs(self._speed)
            self._value = self._value + _weight(cutoff, self._rate) * (new - self._value)
        return self._value.copy()

    def reset(self) -> None:
        """Forgets the past: the next values are taken as they are."""
        self._value = self._speed = None


def _weight(cutoff: NDArray[np.float64] | float, rate: float) -> NDArray[np.float64]:
    return np.asarray(1 / (1 + rate / (2 * math.pi * np.asarray(cutoff))))


def savitzky_golay(values: NDArray[np.floating], window: int = 7, order: int = 2) -> NDArray[np.float64]:
    """Fits a polynomial around each moment: no delay, peaks of blinks and lips keep their height.

    Args:
        values: (T, …), one row a frame.
        window: frames, odd; shortened for fewer frames than that.
        order: of the polynomial, below `window`. At the ends the first and the last whole window's polynomials are used.

    Source: Savitzky and Golay (1964).
    """
    if window % 2 == 0 or window <= order or order < 0:
        raise UsageError(
            f"A window of {window} frames does not fit a polynomial of order {order}.",
            hint="It must be odd and larger than the order.",
        )
    data = np.asarray(values, np.float64)
    window = min(window, len(data) - 1 + len(data) % 2)
    if window <= order:
        return data.copy()
    half = window // 2
    powers = np.arange(-half, half + 1)[:, None] ** np.arange(order + 1)
    hat = powers @ np.linalg.pinv(powers)  # (window, window): values in the window -> the polynomial at each of them
    inner = np.zeros((len(data) - window + 1, *data.shape[1:]))
    for offset, weight in enumerate(hat[half]):
        inner += weight * data[offset : offset + len(inner)]
    return np.concatenate(
        [np.tensordot(hat[:half], data[:window], 1), inner, np.tensordot(hat[half + 1 :], data[-window:], 1)]
    )
