"""LSE-C and LSE-D: what a network that learnt from broadcast video thinks of lips and their sound.

Two networks are known, told apart by the names in the file that the user brings:

    syncnet_v2      Chung & Zisserman, "Out of time: automated lip sync in the wild", 2016; file `syncnet_v2.model` of syncnet_python.
                    LSE-C and LSE-D in papers are made with it.
    lipsync_expert  Prajwal et al., "A Lip Sync Expert Is All You Need", 2020; file `lipsync_expert.pth` of Wav2Lip. Its figures come about
                    in the same way, but have another scale: they compare videos with each other, not with papers.

LSE-D is the mean distance between what is seen and what is heard, at the offset where that is smallest; LSE-C is by how much the median over
all offsets is larger. The boxes of faces are those of the landmarks, where papers use a detector's; and pictures are not compressed again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from mien.errors import FaceError, MediaError, WeightsError
from mien.face import FaceTracker, bridge_gaps
from mien.media import VideoReader, read_audio
from mien.media.resample import resample
from mien.motion.features.encoder import require_torch
from mien.motion.features.spectra import MFCC_HOP, WAV2LIP_HOP, mfcc, wav2lip_mel
from mien.types import SAMPLE_RATE, Image, Samples

if TYPE_CHECKING:
    from torch import Tensor

    from mien.evaluation.syncnet_networks import LipSyncExpert, SyncNetV2

FPS = 25
"""Frames per second that the networks know."""

FRAMES = 5
"""Frames, and 0.2 s of sound, that are looked at at once."""

OFFSETS = 15
"""Frames by which the sound is shifted, to either side."""

Network: TypeAlias = Literal["syncnet_v2", "lipsync_expert"]
Tracked: TypeAlias = NDArray[np.float32]
"""float32, shape (N, 478, 3): `mien.types.Landmarks` of every frame."""

_BATCH = 20
_SAMPLES_PER_FRAME = SAMPLE_RATE // FPS
_FEWEST = 2 * OFFSETS + 1
"""Windows: with fewer, more of what is compared lies beyond the ends than between them."""
_LONGEST_GAP = FPS
"""Frames: for one second a face may be lost."""

_MEDIAN_FRAMES = 13
_MARGIN = 0.4
_GREY = 110
"""Faces of syncnet_v2: their boxes smoothed over so many frames, so much wider, this around the picture."""
_SIDE_V2, _SIDE_EXPERT = 224, 96
_MFCC_COLUMNS, _MEL_COLUMNS = 20, 16
"""0.2 s of `mfcc` and of `wav2lip_mel`."""


@dataclass(frozen=True, slots=True)
class SyncScores:
    """How well lips and sound go together.

    Args:
        lse_c: confidence, higher is better.
        lse_d: distance, lower is better.
        offset_frames: at 25 fps, where they go together best; > 0: the picture is late.
        network: which one judged. Figures of different ones cannot be compared.
    """

    lse_c: float
    lse_d: float
    offset_frames: int
    network: Network


class SyncNet:
    """A judge of lips and sound.

    Args:
        path: its weights.
        device: as PyTorch names it.

    Raises:
        WeightsError: the file is missing, damaged or of another network.
        MissingDependency: PyTorch is not installed.
    """

    network: Network

    def __init__(self, path: Path, device: str = "cpu") -> None:
        require_torch("Judging synchrony with SyncNet")
        from mien.evaluation.syncnet_networks import LipSyncExpert, SyncNetV2
        from mien.motion.features.checkpoint import fill, read_tensors

        tensors = read_tensors(path)
        if any(name.startswith("netcnnlip.") for name in tensors):
            self.network, make = "syncnet_v2", SyncNetV2
        elif any(name.startswith("face_encoder.") for name in tensors):
            self.network, make = "lipsync_expert", LipSyncExpert
        else:
            raise WeightsError(
                f"{path} holds no SyncNet.",
                hint="Name syncnet_v2.model of syncnet_python, or lipsync_expert.pth of Wav2Lip.",
            )
        self._device = device
        self._judge: SyncNetV2 | LipSyncExpert = fill(make, tensors, path, device)

    def crops(self, images: Iterable[Image], tracked: Tracked) -> Iterator[Image]:
        """The faces as the network wants them: RGB, 224 or 96 pixels wide and high.

        Args:
            images: of a video at `FPS`.
            tracked: the landmarks of each.
        """
        if self.network == "syncnet_v2":
            return _padded_faces(images, tracked)
        return _tight_faces(images, tracked)

    def scores(self, crops: Iterable[Image], samples: Samples) -> SyncScores:
        """Compares faces with sound.

        Args:
            crops: what `crops` gives, one for each frame; it is gone through once.
            samples: the sound, 16 kHz, from the first frame on.

        Raises:
            MediaError: less than 1.5 s.
        """
        import torch

        from mien.evaluation.syncnet_networks import distances

        most = len(samples) // _SAMPLES_PER_FRAME - FRAMES
        with torch.inference_mode():
            batches = _batches(crops, most + 1)
            seen = [self._judge.see(torch.from_numpy(batch).to(self._device)) for batch in batches]
            # The published procedure leaves out the last window.
            count = sum(map(len, seen)) - 1
            if count < _FEWEST:
                raise MediaError(
                    f"{max(0, count + FRAMES) / FPS:.2f} s of a face and its sound are too little to be judged.",
                    hint=f"At least {(_FEWEST + FRAMES) / FPS:.2f} s are needed.",
                )
            mean = distances(torch.cat(seen)[:count], self._heard(samples, count), OFFSETS).cpu().numpy()
        best = int(mean.argmin())
        return SyncScores(
            lse_c=float(np.median(mean) - mean[best]),
            lse_d=float(mean[best]),
            offset_frames=OFFSETS - best,
            network=self.network,
        )

    def _heard(self, samples: Samples, count: int) -> Tensor:
        """(count, D): what is heard in 0.2 s from each frame on."""
        import torch

        if self.network == "syncnet_v2":
            spectrum, hop, columns = mfcc(samples).T, MFCC_HOP, _MFCC_COLUMNS
        else:
            spectrum, hop, columns = wav2lip_mel(samples), WAV2LIP_HOP, _MEL_COLUMNS
        starts = _SAMPLES_PER_FRAME * np.arange(count) // hop
        windows = spectrum[:, starts[:, None] + np.arange(columns)].swapaxes(0, 1)  # (count, bands, columns)
        given = torch.from_numpy(np.ascontiguousarray(windows)).to(self._device)
        return torch.cat([self._judge.hear(batch) for batch in given.split(_BATCH)])


def score_video(video: Path, syncnet: SyncNet, tracker: FaceTracker) -> SyncScores:
    """Judges the largest face of a video by the video's own sound.

    Raises:
        FaceError: the face is not seen for more than a second.
        MediaError: the video cannot be read, has no sound or is too short.
    """
    with VideoReader(video, fps=FPS) as frames:
        tracked = bridge_gaps(list(tracker.track(frames)), _LONGEST_GAP)
    sound = read_audio(video)
    samples = resample(sound.samples, sound.sample_rate, SAMPLE_RATE)
    with VideoReader(video, fps=FPS) as frames:
        return syncnet.scores(syncnet.crops(frames, tracked), samples)


def _batches(crops: Iterable[Image], most: int) -> Iterator[NDArray[np.uint8]]:
    """Up to `most` windows of consecutive faces, some at a time: (B, FRAMES, side, side, 3)."""
    recent: deque[Image] = deque(maxlen=FRAMES)
    batch: list[NDArray[np.uint8]] = []
    for index, crop in enumerate(crops):
        if index >= most + FRAMES - 1:
            break
        recent.append(crop)
        if len(recent) == FRAMES:
            batch.append(np.stack(recent))
        if len(batch) == _BATCH:
            yield np.stack(batch)
            batch = []
    if batch:
        yield np.stack(batch)


def _boxes(tracked: Tracked) -> NDArray[np.float64]:
    """(N, 4): left, top, right, bottom of the landmarks, forehead to chin, as face detectors are taught to draw them."""
    flat = tracked[:, :, :2].astype(np.float64)
    return np.concatenate([flat.min(axis=1), flat.max(axis=1)], axis=1)


def _padded_faces(images: Iterable[Image], tracked: Tracked) -> Iterator[Image]:
    boxes = _boxes(tracked)
    size = boxes[:, 2:] - boxes[:, :2]
    half = _median(size.max(axis=1) / 2)
    middle = boxes[:, :2] + size / 2
    for image, radius, x, y in zip(images, half, _median(middle[:, 0]), _median(middle[:, 1]), strict=False):
        room = int(radius * (1 + 2 * _MARGIN))
        around = cv2.copyMakeBorder(image, room, room, room, room, cv2.BORDER_CONSTANT, value=(_GREY,) * 3)
        top, bottom = int(y + room - radius), int(y + room + radius * (1 + 2 * _MARGIN))
        left, right = int(x + room - radius * (1 + _MARGIN)), int(x + room + radius * (1 + _MARGIN))
        yield _resized(np.asarray(around, np.uint8)[max(0, top) : bottom, max(0, left) : right], _SIDE_V2)


def _tight_faces(images: Iterable[Image], tracked: Tracked) -> Iterator[Image]:
    for image, (left, top, right, bottom) in zip(images, _boxes(tracked).astype(int), strict=False):
        yield _resized(image[max(0, top) : max(0, bottom), max(0, left) : max(0, right)], _SIDE_EXPERT)


def _resized(face: Image, side: int) -> Image:
    if not face.size:
        raise FaceError("The face is outside the picture.", hint="Use a video in which one face is clearly visible.")
    return np.asarray(cv2.resize(face, (side, side)), np.uint8)


def _median(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The running median, zeros beyond the ends as in scipy.signal.medfilt, which the published figures are made with."""
    padded = np.pad(values, _MEDIAN_FRAMES // 2)
    return np.median(np.lib.stride_tricks.sliding_window_view(padded, _MEDIAN_FRAMES), axis=-1)
