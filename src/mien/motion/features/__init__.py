"""What large speech networks hear: wav2vec 2.0, HuBERT and Whisper encoders, for drivers and for engines that were trained on them.

The user brings the weights: a folder as Hugging Face keeps it (config.json and the weights beside it), or an ONNX file.

    spectra      what the networks are given: log-mel, MFCC, normalised samples
    checkpoint   weights of any file, read without running anything in it
    wav2vec2     the network of wav2vec 2.0 and HuBERT
    whisper      the encoder of Whisper
    exported     the same as ONNX
    encoder      one contract for them, and how a long sound is cut
    ctc          from frame-wise probabilities to phonemes with times
    phonemes     a recogniser of phonemes in many languages
"""

from mien.motion.features.encoder import Features, FeatureStream, SpeechEncoder, features, open_encoder
from mien.motion.features.phonemes import PhonemeRecognizer

__all__ = ["FeatureStream", "Features", "PhonemeRecognizer", "SpeechEncoder", "features", "open_encoder"]
