"""Pictures."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Image: TypeAlias = NDArray[np.uint8]
"""uint8 RGB, shape (H, W, 3), C-contiguous, origin top left. Every picture in Mien is RGB, also where OpenCV is used."""

Later: TypeAlias = Callable[[], Image]
"""A picture that is made when it is first asked for; the same one whenever it is."""

Matte: TypeAlias = NDArray[np.float32]
"""float32 in [0, 1], shape (H, W); 1 = person."""
