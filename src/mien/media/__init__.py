"""Pictures, sound and video: read from files of any kind, written whole or not at all."""

from mien.media.audio import AudioReader, is_silent, read_audio, write_wav
from mien.media.encoder import AUDIO_FORMATS, AudioEncoder, AudioFormat
from mien.media.files import atomic_output, check_output, sync_file, sync_folder
from mien.media.images import read_image, write_image
from mien.media.label import METADATA, XMP, Label
from mien.media.poster import write_poster
from mien.media.resample import Resampler, resample
from mien.media.subtitles import Cue, write_srt
from mien.media.video import VideoReader
from mien.media.writer import VideoWriter

__all__ = [
    "AUDIO_FORMATS",
    "METADATA",
    "XMP",
    "AudioEncoder",
    "AudioFormat",
    "AudioReader",
    "Cue",
    "Label",
    "Resampler",
    "VideoReader",
    "VideoWriter",
    "atomic_output",
    "check_output",
    "is_silent",
    "read_audio",
    "read_image",
    "resample",
    "sync_file",
    "sync_folder",
    "write_image",
    "write_poster",
    "write_srt",
    "write_wav",
]
