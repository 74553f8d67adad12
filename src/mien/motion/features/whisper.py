"""The encoder of Whisper, with the names that its parts have in checkpoints of Hugging Face.

Source: Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision", 2022.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from mien.errors import WeightsError
from mien.motion.features.attention import Attention
from mien.motion.features.checkpoint import fill, read_folder
from mien.motion.features.folder import read_config

HOP = 320
"""Samples between rows: two columns of log-mel."""


@dataclass(frozen=True, slots=True)
class WhisperConfig:
    """What differs between checkpoints.

    Args:
        bands: of the log-mel.
        rows: positions; the encoder always hears so many rows, `rows * HOP` samples.
        width, layers, heads, inner: of the transformer.
    """

    bands: int
    rows: int
    width: int
    layers: int
    heads: int
    inner: int

    @classmethod
    def of(cls, config: Mapping[str, Any], source: Path) -> WhisperConfig:
        """From a config.json.

        Raises:
            WeightsError: another kind of model, or a variant that is not built here.
        """
        if config.get("model_type") != "whisper" or config.get("activation_function", "gelu") != "gelu":
            raise WeightsError(
                f"{source} is a {config.get('model_type')!r} model, not 'whisper'.", hint="Name another model's folder."
            )
        try:
            read = cls(
                bands=int(config.get("num_mel_bins", 80)),
                rows=int(config.get("max_source_positions", 1500)),
                width=int(config.get("d_model", 384)),
                layers=int(config.get("encoder_layers", 4)),
                heads=int(config.get("encoder_attention_heads", 6)),
                inner=int(config.get("encoder_ffn_dim", 1536)),
            )
            if read.width % read.heads:
                raise ValueError(f"{read.width} channels cannot be shared out evenly")
        except (TypeError, ValueError) as error:
            raise WeightsError(f"{source} cannot be read: {error}.", hint="Fetch its config.json again.") from error
        return read


class _Layer(nn.Module):
    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        self.self_attn = Attention(config.width, config.heads, key_bias=False)
        self.self_attn_layer_norm = nn.LayerNorm(config.width)
        self.fc1 = nn.Linear(config.width, config.inner)
        self.fc2 = nn.Linear(config.inner, config.width)
        self.final_layer_norm = nn.LayerNorm(config.width)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.self_attn(self.self_attn_layer_norm(x))
        return x + self.fc2(functional.gelu(self.fc1(self.final_layer_norm(x))))


class WhisperEncoder(nn.Module):
    """Log-mel → rows at 50 Hz. Positions are sinusoids, which every checkpoint holds as weights."""

    def __init__(self, config: WhisperConfig) -> None:
        super().__init__()
        self.config = config
        self.conv1 = nn.Conv1d(config.bands, config.width, 3, padding=1)
        self.conv2 = nn.Conv1d(config.width, config.width, 3, stride=2, padding=1)
        self.embed_positions = nn.Embedding(config.rows, config.width)
        self.layers = nn.ModuleList(_Layer(config) for _ in range(config.layers))
        self.layer_norm = nn.LayerNorm(config.width)

    def forward(self, log_mel: Tensor) -> list[Tensor]:
        """What stands before the first transformer layer and after each.

        Args:
            log_mel: (B, bands, 2 * rows), of `mien.motion.features.spectra.whisper_log_mel`.

        Returns:
            `config.layers` + 1 tensors (B, rows, width); the last is what Hugging Face calls `last_hidden_state`.
        """
        x = functional.gelu(self.conv2(functional.gelu(self.conv1(log_mel))))
        x = x.transpose(1, 2) + self.embed_positions.weight  # (B, T, C)
        hidden = [x]
        for layer in self.layers:
            x = layer(x)
            hidden.append(x)
        hidden[-1] = self.layer_norm(x)
        return hidden


def load(folder: Path, device: str = "cpu") -> WhisperEncoder:
    """The encoder of the model in a folder as Hugging Face keeps it; its decoder is not read into the network.

    Raises:
        WeightsError: files are missing, damaged or of another model.
    """
    config = WhisperConfig.of(read_config(folder), folder / "config.json")
    tensors = {
        name.removeprefix("model.").removeprefix("encoder."): value for name, value in read_folder(folder).items()
    }
    return fill(lambda: WhisperEncoder(config), tensors, folder, device)
