"""Remakes speech.json and speech.npz: what the official networks give for the weights and inputs of `tests.motion.features.official`.

Run from the repository's root in an environment of its own, with the packages that are the reference:

    pip install transformers==4.49.0 torch==2.13.0 python_speech_features==0.6
    python -m tests.motion.features.data.make

The code of transformers is Apache-2.0, that of python_speech_features MIT; nothing of it is here, only numbers that they computed.
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path

import numpy as np
import torch
from tests.motion.features.official import wave, weights

HERE = Path(__file__).parent
transformers = importlib.import_module("transformers")
python_speech_features = importlib.import_module("python_speech_features")

SMALL = {
    "hidden_size": 32,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "conv_dim": [16] * 7,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 4,
    "vocab_size": 12,
}
LARGE_KIND = {"feat_extract_norm": "layer", "conv_bias": True, "do_stable_layer_norm": True}
WHISPER = {
    "d_model": 32,
    "encoder_layers": 2,
    "encoder_attention_heads": 4,
    "encoder_ffn_dim": 48,
    "decoder_layers": 1,
    "decoder_attention_heads": 4,
    "decoder_ffn_dim": 32,
    "vocab_size": 20,
    "max_source_positions": 100,
    "max_target_positions": 8,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "decoder_start_token_id": 1,
}
MODELS = {
    "wav2vec2_base": ("Wav2Vec2Config", "Wav2Vec2Model", SMALL),
    "wav2vec2_large_ctc": ("Wav2Vec2Config", "Wav2Vec2ForCTC", SMALL | LARGE_KIND),
    "hubert_base": ("HubertConfig", "HubertModel", SMALL),
    "hubert_large_ctc": ("HubertConfig", "HubertForCTC", SMALL | LARGE_KIND),
    "hubert_unnormed": ("HubertConfig", "HubertModel", SMALL | {"feat_proj_layer_norm": False}),
    "whisper": ("WhisperConfig", "WhisperModel", WHISPER),
}


def filled(config_class: str, model_class: str, options: dict[str, object]):
    config = getattr(transformers, config_class)(**options)
    model = getattr(transformers, model_class)(config).eval()
    shapes = {name: list(value.shape) for name, value in model.state_dict().items()}
    model.load_state_dict({name: torch.from_numpy(value) for name, value in weights(shapes).items()})
    return config, model, shapes


def main() -> None:
    sound = wave()
    described: dict[str, object] = {}
    arrays: dict[str, np.ndarray] = {}
    for name, (config_class, model_class, options) in MODELS.items():
        config, model, shapes = filled(config_class, model_class, options)
        described[name] = {"config": options | {"model_type": config.model_type}, "shapes": shapes}
        with torch.no_grad():
            if name == "whisper":
                extractor = transformers.WhisperFeatureExtractor(chunk_length=2)
                given = extractor(sound, sampling_rate=16000, return_tensors="pt").input_features
                hidden = model.encoder(given, output_hidden_states=True).hidden_states
            else:
                given = transformers.Wav2Vec2FeatureExtractor()(sound, sampling_rate=16000, return_tensors="pt")
                base = getattr(model, config.model_type, model)
                hidden = base(given.input_values, output_hidden_states=True).hidden_states
                if name.endswith("_ctc"):
                    logits = model(given.input_values).logits
                    arrays[f"{name}.log_probabilities"] = logits.log_softmax(-1)[0, ::7].numpy()
        arrays[name] = torch.stack(hidden, dim=2)[0, :49:7].numpy()
    sixteen_bit = np.clip(np.rint(sound.astype(float) * 32768), -32768, 32767).astype(np.int16)
    for count in (16000, 561, 300):
        cepstra = python_speech_features.mfcc(sixteen_bit[:count], 16000)
        arrays[f"mfcc_{count}"] = cepstra[::7].astype(np.float32)
    (HERE / "speech.json").write_text(json.dumps(described) + "\n")
    np.savez_compressed(HERE / "speech.npz", allow_pickle=False, **arrays)


if __name__ == "__main__":
    main()
