"""What a user should know of a prepared video, one sentence each; nothing where all is well."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mien.training.split import FPS

_NAMED = 5
"""Cuts, in a sentence."""
_WIDEST_PERCENT, _NARROW = 95.0, 0.15
"""Percentile of how far the lips are parted that counts as the widest, and what is told below."""


def of_pictures(seen: NDArray[np.bool_], cuts: NDArray[np.int64]) -> list[str]:
    """Lost faces and sudden changes; see `Dataset`."""
    told = []
    if not seen.all():
        lost = np.flatnonzero(~seen)
        told.append(f"No face is seen in {len(lost)} of {len(seen)} frames, first at {lost[0] / FPS:.1f} s.")
    if len(cuts):
        at = ", ".join(f"{cut / FPS:.1f}" for cut in cuts[:_NAMED]) + (" …" if len(cuts) > _NAMED else "")
        told.append(f"The picture changes suddenly at {at} s; one scene without a break is learnt better.")
    return told


def of_sound(heard: bool, late_ms: int) -> list[str]:
    """Its absence, or by how much it was moved; see `Dataset`."""
    if not heard:
        return ["Nothing is heard in it, so the mouth follows a voice as anybody's would, not as this person's does."]
    if late_ms:
        return [f"The sound was {abs(late_ms)} ms too {'late' if late_ms > 0 else 'early'}, which is mended."]
    return []


def of_mouth(parted: NDArray[np.float32]) -> list[str]:
    """Lips that part too little to show speech with them; see `Dataset`."""
    widest = float(np.percentile(parted, _WIDEST_PERCENT))
    if widest >= _NARROW:
        return []
    return [
        f"The mouth opens little, by {widest * 100:.0f} % of what speech may need; what is not seen cannot be shown."
    ]
