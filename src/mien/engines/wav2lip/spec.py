"""What is known of the Wav2Lip engines before they are loaded."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from mien.types import EngineSpec


class Wav2LipOptions(BaseModel):
    """How a picture or a film is shown; size and frame rate of a film are its own."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    fps: float = Field(default=25, ge=10, le=60, description="Frames per second of a picture.")
    frame: Literal["head", "full"] = Field(
        default="head", description="Of a picture. `head`: a square around the head; `full`: the whole of it."
    )
    size: int = Field(default=512, ge=128, le=1080, multiple_of=2, description="Side of the square, pixels.")
    seed: int = Field(default=0, ge=0, description="Makes no difference: all that moves is the film's or the sound's.")
    paste: Literal["blended", "official"] = Field(
        default="blended",
        description="`blended`: the lower face, its colour matched, its edge soft; `official`: the whole square as it is.",
    )
    shift: int = Field(
        default=0,
        ge=-5,
        le=5,
        description="Frames by which the sound is read later; -1 is how the network was trained.",
    )


SPEC = EngineSpec(
    name="wav2lip",
    summary="Any face speaks with Wav2Lip's mouth of 96 pixels; the user brings its weights.",
    licence="Apache-2.0; weights: personal, research and non-commercial use only",
    factory="mien.engines.wav2lip.engine:Wav2LipEngine",
    options=Wav2LipOptions,
    weights=("face-detector", "face-landmarks"),
    terms="Made with weights of Wav2Lip: personal, research and non-commercial use only.",
    creates_from=("image", "video"),
    prepare="mien.engines.wav2lip.prepare:prepare",
    train="mien.engines.wav2lip.prepare:train",
    data_version=1,
)

SPEC_256 = EngineSpec(
    name="wav2lip256",
    summary="Any face speaks with a mouth of 256 pixels, LiveTalking's Wav2Lip; the user brings its weights.",
    licence="Apache-2.0; weights: terms unknown, non-commercial use only to be safe",
    factory="mien.engines.wav2lip.engine:Wav2Lip256Engine",
    options=Wav2LipOptions,
    weights=("face-detector", "face-landmarks"),
    terms="Made with weights of wav2lip256, whose terms nobody knows: take it for non-commercial.",
    creates_from=("image", "video"),
    prepare="mien.engines.wav2lip.prepare:prepare",
    train="mien.engines.wav2lip.prepare:train",
    data_version=1,
)
