"""The networks of `mien.evaluation.syncnet`; parts have the names that they have in the official checkpoints."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional


class SyncNetV2(nn.Module):
    """SyncNet as published for measuring: MFCC and whole faces, a vector of 1024 numbers for each."""

    def __init__(self) -> None:
        super().__init__()
        self.netcnnaud = nn.Sequential(
            *_conv2d(1, 64, 3, padding=1),
            nn.Identity(),
            *_conv2d(64, 192, 3, padding=1),
            nn.MaxPool2d(3, stride=(1, 2)),
            *_conv2d(192, 384, 3, padding=1),
            *_conv2d(384, 256, 3, padding=1),
            *_conv2d(256, 256, 3, padding=1),
            nn.MaxPool2d(3, stride=2),
            *_conv2d(256, 512, (5, 4)),
        )
        self.netcnnlip = nn.Sequential(
            *_conv3d(3, 96, (5, 7, 7), stride=2),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2)),
            *_conv3d(96, 256, (1, 5, 5), stride=2, padding=1),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2), padding=(0, 1, 1)),
            *_conv3d(256, 256, (1, 3, 3), padding=1),
            *_conv3d(256, 256, (1, 3, 3), padding=1),
            *_conv3d(256, 256, (1, 3, 3), padding=1),
            nn.MaxPool3d((1, 3, 3), stride=(1, 2, 2)),
            *_conv3d(256, 512, (1, 6, 6)),
        )
        self.netfcaud, self.netfclip = _head(), _head()

    def hear(self, mfcc: Tensor) -> Tensor:
        """(B, 13, 20) → (B, 1024)"""
        return self.netfcaud(self.netcnnaud(mfcc[:, None]).flatten(1))

    def see(self, faces: Tensor) -> Tensor:
        """(B, 5, 224, 224, 3) uint8 RGB → (B, 1024)"""
        blue_first = faces.flip(-1).permute(0, 4, 1, 2, 3).float()  # (B, 3, 5, 224, 224), 0 … 255
        return self.netfclip(self.netcnnlip(blue_first).flatten(1))


class LipSyncExpert(nn.Module):
    """The judge that Wav2Lip was trained with: log-mel and the lower halves of faces, a unit vector of 512 numbers for each."""

    def __init__(self) -> None:
        super().__init__()
        self.face_encoder = nn.Sequential(
            _Block(15, 32, 7, padding=3),
            _Block(32, 64, 5, stride=(1, 2), padding=1),
            *_residual(64, 2),
            _Block(64, 128, 3, stride=2, padding=1),
            *_residual(128, 3),
            _Block(128, 256, 3, stride=2, padding=1),
            *_residual(256, 2),
            _Block(256, 512, 3, stride=2, padding=1),
            *_residual(512, 2),
            _Block(512, 512, 3, stride=2, padding=1),
            _Block(512, 512, 3),
            _Block(512, 512, 1),
        )
        self.audio_encoder = nn.Sequential(
            _Block(1, 32, 3, padding=1),
            *_residual(32, 2),
            _Block(32, 64, 3, stride=(3, 1), padding=1),
            *_residual(64, 2),
            _Block(64, 128, 3, stride=3, padding=1),
            *_residual(128, 2),
            _Block(128, 256, 3, stride=(3, 2), padding=1),
            *_residual(256, 2),
            _Block(256, 512, 3),
            _Block(512, 512, 1),
        )

    def hear(self, mel: Tensor) -> Tensor:
        """(B, 80, 16) → (B, 512)"""
        return functional.normalize(self.audio_encoder(mel[:, None]).flatten(1))

    def see(self, faces: Tensor) -> Tensor:
        """(B, 5, 96, 96, 3) uint8 RGB → (B, 512)"""
        lower = faces[:, :, faces.shape[2] // 2 :].flip(-1).permute(0, 1, 4, 2, 3).float() / 255.0  # (B, 5, 3, 48, 96)
        return self.see_lower_halves(lower.flatten(1, 2))

    def see_lower_halves(self, faces: Tensor) -> Tensor:
        """(B, 15, 48, 96) BGR of one frame after the other, 0 … 1 → (B, 512)"""
        return functional.normalize(self.face_encoder(faces).flatten(1))


class _Block(nn.Module):
    """Convolution and batch norm; a residual one adds what it was given; rectified."""

    def __init__(
        self,
        before: int,
        after: int,
        kernel: int,
        *,
        stride: int | tuple[int, int] = 1,
        padding: int = 0,
        residual: bool = False,
    ) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(nn.Conv2d(before, after, kernel, stride, padding), nn.BatchNorm2d(after))
        self.residual = residual

    def forward(self, x: Tensor) -> Tensor:
        made = self.conv_block(x)
        return functional.relu(made + x if self.residual else made)


def _residual(width: int, count: int) -> list[_Block]:
    return [_Block(width, width, 3, padding=1, residual=True) for _ in range(count)]


def _conv2d(before: int, after: int, kernel: int | tuple[int, int], *, padding: int = 0) -> Sequence[nn.Module]:
    return nn.Conv2d(before, after, kernel, padding=padding), nn.BatchNorm2d(after), nn.ReLU()


def _conv3d(
    before: int, after: int, kernel: tuple[int, int, int], *, stride: int = 1, padding: int = 0
) -> Sequence[nn.Module]:
    """`stride` and `padding` are those of height and width."""
    conv = nn.Conv3d(before, after, kernel, stride=(1, stride, stride), padding=(0, padding, padding))
    return conv, nn.BatchNorm3d(after), nn.ReLU()


def _head() -> nn.Sequential:
    return nn.Sequential(nn.Linear(512, 512), nn.BatchNorm1d(512), nn.ReLU(), nn.Linear(512, 1024))


def distances(seen: Tensor, heard: Tensor, offsets: int) -> Tensor:
    """The mean distance of what is seen in window i and heard in window i + offset, silence of the network beyond the ends.

    Args:
        seen, heard: (N, D).
        offsets: to either side.

    Returns:
        (2 * offsets + 1,), from -offsets on.
    """
    padded = functional.pad(heard, (0, 0, offsets, offsets))
    shifted = [padded[offset : offset + len(seen)] for offset in range(2 * offsets + 1)]
    return torch.stack([functional.pairwise_distance(seen, other).mean() for other in shifted])
