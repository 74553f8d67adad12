"""The network of wav2vec 2.0 and HuBERT, with the names that its parts have in checkpoints of Hugging Face.

Sources: Baevski et al., "wav2vec 2.0", 2020; Hsu et al., "HuBERT", 2021. They share one architecture: convolutions from samples to 50 rows
per second, a convolution that tells positions, a transformer; and where a recogniser was trained on top, a linear layer for CTC.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from mien.errors import WeightsError
from mien.motion.features.attention import Attention
from mien.motion.features.checkpoint import Tensors, fill, read_folder
from mien.motion.features.folder import read_config

MODEL_TYPES = ("wav2vec2", "hubert")
_POSITION = "encoder.pos_conv_embed.conv"


@dataclass(frozen=True, slots=True)
class Wav2Vec2Config:
    """What differs between checkpoints.

    Args:
        conv_dim, conv_kernel, conv_stride: of each convolution over samples.
        conv_bias: whether these have one.
        norm_every_conv: layer norm after each; otherwise one group norm after the first.
        norm_projection: layer norm before the projection to `width`.
        width, layers, heads, inner: of the transformer.
        norm_first: layer norms stand before attention and before the feed-forward part; otherwise after them.
        position_kernel, position_groups: of the convolution that tells positions.
        epsilon: of all layer norms but those between the first convolutions.
        symbols: outputs of the CTC layer, 0 without one.
    """

    conv_dim: tuple[int, ...]
    conv_kernel: tuple[int, ...]
    conv_stride: tuple[int, ...]
    conv_bias: bool
    norm_every_conv: bool
    norm_projection: bool
    width: int
    layers: int
    heads: int
    inner: int
    norm_first: bool
    position_kernel: int
    position_groups: int
    epsilon: float
    symbols: int = 0

    @classmethod
    def of(cls, config: Mapping[str, Any], source: Path) -> Wav2Vec2Config:
        """From a config.json; what it does not say is as Hugging Face defines it.

        Raises:
            WeightsError: another kind of model, or a variant that is not built here.
        """
        kind = config.get("model_type")
        if kind not in MODEL_TYPES:
            raise WeightsError(
                f"{source} is a {kind!r} model, not one of {', '.join(MODEL_TYPES)}.",
                hint="Name another model's folder.",
            )
        strange = [
            name
            for name in ("add_adapter", "adapter_attn_dim", "conv_pos_batch_norm")
            if config.get(name) not in (None, False)
        ] + [name for name in ("hidden_act", "feat_extract_activation") if config.get(name, "gelu") != "gelu"]
        if strange:
            raise WeightsError(
                f"{source} is a variant that cannot be read: {', '.join(strange)}.", hint="Name another model's folder."
            )
        try:
            read = cls(
                conv_dim=tuple(config.get("conv_dim", (512,) * 7)),
                conv_kernel=tuple(config.get("conv_kernel", (10, 3, 3, 3, 3, 2, 2))),
                conv_stride=tuple(config.get("conv_stride", (5, 2, 2, 2, 2, 2, 2))),
                conv_bias=bool(config.get("conv_bias", False)),
                norm_every_conv=config.get("feat_extract_norm", "group") == "layer",
                norm_projection=kind == "wav2vec2" or bool(config.get("feat_proj_layer_norm", True)),
                width=int(config.get("hidden_size", 768)),
                layers=int(config.get("num_hidden_layers", 12)),
                heads=int(config.get("num_attention_heads", 12)),
                inner=int(config.get("intermediate_size", 3072)),
                norm_first=bool(config.get("do_stable_layer_norm", False)),
                position_kernel=int(config.get("num_conv_pos_embeddings", 128)),
                position_groups=int(config.get("num_conv_pos_embedding_groups", 16)),
                epsilon=float(config.get("layer_norm_eps", 1e-5)),
            )
            read.check()
        except (TypeError, ValueError) as error:
            raise WeightsError(f"{source} cannot be read: {error}.", hint="Fetch its config.json again.") from error
        return read

    def check(self) -> None:
        """Raises `ValueError` where the numbers contradict each other."""
        if not len(self.conv_dim) == len(self.conv_kernel) == len(self.conv_stride) > 0:
            raise ValueError("its convolutions are not all described")
        if self.width % self.heads or self.width % self.position_groups:
            raise ValueError(f"{self.width} channels cannot be shared out evenly")

    @property
    def hop(self) -> int:
        """Samples between rows."""
        return math.prod(self.conv_stride)

    @property
    def reach(self) -> int:
        """Samples that one row is made of."""
        reach = 1
        for kernel, stride in zip(reversed(self.conv_kernel), reversed(self.conv_stride), strict=True):
            reach = (reach - 1) * stride + kernel
        return reach


class _Conv(nn.Module):
    def __init__(self, config: Wav2Vec2Config, index: int) -> None:
        super().__init__()
        before = config.conv_dim[index - 1] if index else 1
        after = config.conv_dim[index]
        self.conv = nn.Conv1d(
            before, after, config.conv_kernel[index], stride=config.conv_stride[index], bias=config.conv_bias
        )
        self.layer_norm: nn.Module | None = None
        if config.norm_every_conv:
            self.layer_norm = nn.LayerNorm(after)
        elif index == 0:
            self.layer_norm = nn.GroupNorm(after, after)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        if isinstance(self.layer_norm, nn.LayerNorm):
            x = self.layer_norm(x.transpose(1, 2)).transpose(1, 2)
        elif self.layer_norm is not None:
            x = self.layer_norm(x)
        return functional.gelu(x)


class _FeatureExtractor(nn.Module):
    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.conv_layers = nn.ModuleList(_Conv(config, index) for index in range(len(config.conv_dim)))

    def forward(self, samples: Tensor) -> Tensor:
        x = samples[:, None]  # (B, 1, samples)
        for layer in self.conv_layers:
            x = layer(x)
        return x.transpose(1, 2)  # (B, T, C)


class _FeatureProjection(nn.Module):
    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.layer_norm = nn.LayerNorm(config.conv_dim[-1], config.epsilon) if config.norm_projection else nn.Identity()
        self.projection = nn.Linear(config.conv_dim[-1], config.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.projection(self.layer_norm(x))


class _Positions(nn.Module):
    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        kernel = config.position_kernel
        self.conv = nn.Conv1d(config.width, config.width, kernel, padding=kernel // 2, groups=config.position_groups)

    def forward(self, x: Tensor) -> Tensor:
        told = self.conv(x.transpose(1, 2))[..., : x.shape[1]]  # an even kernel gives one row too many
        return functional.gelu(told).transpose(1, 2)


class _FeedForward(nn.Module):
    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.intermediate_dense = nn.Linear(config.width, config.inner)
        self.output_dense = nn.Linear(config.inner, config.width)

    def forward(self, x: Tensor) -> Tensor:
        return self.output_dense(functional.gelu(self.intermediate_dense(x)))


class _Layer(nn.Module):
    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.norm_first = config.norm_first
        self.attention = Attention(config.width, config.heads)
        self.layer_norm = nn.LayerNorm(config.width, config.epsilon)
        self.feed_forward = _FeedForward(config)
        self.final_layer_norm = nn.LayerNorm(config.width, config.epsilon)

    def forward(self, x: Tensor) -> Tensor:
        if self.norm_first:
            x = x + self.attention(self.layer_norm(x))
            return x + self.feed_forward(self.final_layer_norm(x))
        x = self.layer_norm(x + self.attention(x))
        return self.final_layer_norm(x + self.feed_forward(x))


class _Encoder(nn.Module):
    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.norm_first = config.norm_first
        self.pos_conv_embed = _Positions(config)
        self.layer_norm = nn.LayerNorm(config.width, config.epsilon)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))

    def forward(self, x: Tensor) -> list[Tensor]:
        x = x + self.pos_conv_embed(x)
        if not self.norm_first:
            x = self.layer_norm(x)
        hidden = [x]
        for layer in self.layers:
            x = layer(x)
            hidden.append(x)
        if self.norm_first:
            hidden[-1] = self.layer_norm(x)
        return hidden


class Wav2Vec2(nn.Module):
    """wav2vec 2.0 or HuBERT, with a CTC layer where `config.symbols` says so."""

    def __init__(self, config: Wav2Vec2Config) -> None:
        super().__init__()
        self.config = config
        self.feature_extractor = _FeatureExtractor(config)
        self.feature_projection = _FeatureProjection(config)
        self.encoder = _Encoder(config)
        self.lm_head = nn.Linear(config.width, config.symbols) if config.symbols else None

    def forward(self, samples: Tensor, rows: int | None = None) -> list[Tensor]:
        """What stands before the first transformer layer and after each.

        Args:
            samples: (B, T) normalised with `mien.motion.features.spectra.unit_variance`, at least `config.reach` long.
            rows: the features of the convolutions are stretched to so many rows before the transformer sees them.

        Returns:
            `config.layers` + 1 tensors (B, rows, width); the last is what Hugging Face calls `last_hidden_state`.
        """
        heard = self.feature_extractor(samples)
        if rows is not None:
            heard = stretched(heard, rows)
        return self.encoder(self.feature_projection(heard))

    def log_probabilities(self, samples: Tensor) -> Tensor:
        """(B, T) → (B, rows, symbols) of the CTC layer."""
        if self.lm_head is None:
            raise WeightsError("This model recognises nothing: it has no CTC layer.", hint="Name a model for CTC.")
        return functional.log_softmax(self.lm_head(self(samples)[-1]), dim=-1)


def stretched(features: Tensor, rows: int) -> Tensor:
    """(B, T, C) → (B, rows, C), linearly, the first and the last row where they were; so that a video's frames have one row each."""
    return functional.interpolate(features.transpose(1, 2), size=rows, mode="linear", align_corners=True).transpose(
        1, 2
    )


def load(folder: Path, device: str = "cpu") -> Wav2Vec2:
    """The model in a folder as Hugging Face keeps it.

    Raises:
        WeightsError: files are missing, damaged or of another model.
    """
    config = Wav2Vec2Config.of(read_config(folder), folder / "config.json")
    tensors = _plain(read_folder(folder))
    if "lm_head.weight" in tensors:
        config = replace(config, symbols=len(tensors["lm_head.weight"]))
    return fill(lambda: Wav2Vec2(config), tensors, folder, device)


def _plain(tensors: Tensors) -> Tensors:
    """Without the prefix of the model's kind, and with the weight of the position's convolution made of length and direction."""
    for kind in MODEL_TYPES:
        tensors = {name.removeprefix(f"{kind}."): value for name, value in tensors.items()}
    for length, direction in (
        (f"{_POSITION}.weight_g", f"{_POSITION}.weight_v"),
        (f"{_POSITION}.parametrizations.weight.original0", f"{_POSITION}.parametrizations.weight.original1"),
    ):
        if length in tensors and direction in tensors:
            along = tensors[direction].float()
            norm = torch.linalg.vector_norm(along, dim=(0, 1), keepdim=True)
            tensors[f"{_POSITION}.weight"] = along * (tensors[length].float() / norm)
    return tensors
