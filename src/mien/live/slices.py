"""What a session gives out: one picture with its sound per frame, all on one clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

OUTPUT_RATE = 48_000
"""Hz; of all sound that leaves a session. What WebRTC's Opus and every browser use."""

Picture: TypeAlias = NDArray[np.uint8]
"""A picture in I420 (planar YUV 4:2:0, BT.601, limited range), uint8 (H * 3 / 2, W), as `cv2.COLOR_RGB2YUV_I420` makes it."""

Pcm: TypeAlias = NDArray[np.int16]
"""Sound, int16 mono at `OUTPUT_RATE`, shape (T,)."""


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One frame of a session.

    Args:
        tick: counts frames since the session began; where the machine was too late, numbers are left out. Its time is `tick / fps`
            seconds and its first sample `frame_bounds(tick, fps, OUTPUT_RATE)[0]`.
        picture: I420; the receiver must not write into it. The very same object as before if nothing new could be shown.
        sound: the avatar's, exactly the samples that the tick owns.
        user: what was heard from the user in that time, of the same length; silence if nobody speaks.
        generation: of the turn it belongs to.
        idle: no speech belongs to it.
    """

    tick: int
    picture: Picture
    sound: Pcm
    user: Pcm
    generation: int
    idle: bool


class Sink(Protocol):
    """Something that shows, sends or stores slices."""

    def put(self, piece: Slice) -> None:
        """Takes the next slice. Called on the event loop at the slice's time; must not block. What it cannot keep up with it drops,
        oldest first, picture and sound together."""
        ...

    async def close(self) -> None:
        """Ends; may be called twice."""
        ...
