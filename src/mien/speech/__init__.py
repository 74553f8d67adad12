"""Text to speech, PCM in pieces and, where the voice has them, the times of its sounds; and speech to text while it is spoken.

`speak(text, settings, voice)` says a text once; a `Speaker` stays ready. Voices are plug-ins of the group `mien.voices`.
A `Listener` understands speech; recognisers are plug-ins of the group `mien.recognizers`.
"""

from mien.speech.listening import ListedRecognizer, Listener, Utterance, list_recognizers
from mien.speech.listing import ListedVoice, Listing, list_voices
from mien.speech.recognizer import Recognition, Recognizer, RecognizerFactory, RecognizerSpec
from mien.speech.speaker import MAX_TEXT_BYTES, Speaker, speak
from mien.speech.text import LanguageRun, clean, language_runs, speakable, split_sentences
from mien.speech.voice import Voice, VoiceFactory, VoiceInfo, VoiceSpec

__all__ = [
    "MAX_TEXT_BYTES",
    "LanguageRun",
    "ListedRecognizer",
    "ListedVoice",
    "Listener",
    "Listing",
    "Recognition",
    "Recognizer",
    "RecognizerFactory",
    "RecognizerSpec",
    "Speaker",
    "Utterance",
    "Voice",
    "VoiceFactory",
    "VoiceInfo",
    "VoiceSpec",
    "clean",
    "language_runs",
    "list_recognizers",
    "list_voices",
    "speak",
    "speakable",
    "split_sentences",
]
