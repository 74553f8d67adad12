"""From the checkpoint that the user brought to the file that is run: made once, and kept by the checkpoint's hash."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

from filelock import FileLock

from mien.engines.wav2lip.network import VERSION, exported, recognised
from mien.errors import WeightsError
from mien.weights import disk
from mien.weights.checkpoint import read_tensors

logger = logging.getLogger(__name__)

MOST_BYTES = 2 << 30
"""Of a checkpoint: the larger network with all that its training remembers has 0.7 GB."""


def network_file(
    checkpoint: Path, wanted: Literal["wav2lip", "wav2lip256"], folder: Path, *, lower: bool = False
) -> Path:
    """The ONNX file of a checkpoint; seconds when it is made, at once afterwards.

    Args:
        checkpoint: of any form that `mien.weights.checkpoint` reads.
        wanted: which network it must hold.
        folder: where such files are kept.
        lower: it draws but the lower part of a face.

    Raises:
        WeightsError: the checkpoint is missing, damaged, too large, or of another network.
        OutputError: the folder cannot be written to.
    """
    if checkpoint.is_file() and checkpoint.stat().st_size > MOST_BYTES:
        raise WeightsError(
            f"{checkpoint} has {checkpoint.stat().st_size >> 20} MB, which is too much for a Wav2Lip.",
            hint="Bring wav2lip.pth, wav2lip_gan.pth, or LiveTalking's wav2lip256.pth.",
        )
    part = "-lower" if lower else ""
    target = folder / f"{wanted}-{disk.sha256_of(checkpoint)[:16]}{part}.v{VERSION}.onnx"
    if target.is_file():
        return target
    with disk.writing(target):
        folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{target.name}.lock"):
        if not target.is_file():
            tensors = read_tensors(checkpoint)
            topology = recognised(tensors, checkpoint)
            if topology.name != wanted:
                raise WeightsError(
                    f"{checkpoint} holds the network of the engine {topology.name!r}.",
                    hint=f"Use that engine, or bring weights for {wanted!r}.",
                )
            disk.place([exported(topology, tensors, lower)], target)
            logger.info("exported", extra={"network": wanted, "file": target.name})
    return target
