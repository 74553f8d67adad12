"""The verbs: create an avatar, let it speak, ask what this machine can do."""

from mien.studio.api import Avatar, AvatarSpeech, check_clip, evaluate_avatar
from mien.studio.api import open_ as open
from mien.studio.api import train as train
from mien.studio.create import create_avatar, open_avatar, store
from mien.studio.engines import AUTO, RenderOptions, engine_specs
from mien.studio.importing import export_splats, import_avatar
from mien.studio.inspect import Inspection, inspect_picture
from mien.studio.sources import MAX_TEXT_BYTES, decode_text, read_text
from mien.studio.speak import SpeakOptions, SpeakResult, speak
from mien.studio.train import Preparation, engine_for_training, previews_into, train_avatar

__all__ = [
    "AUTO",
    "MAX_TEXT_BYTES",
    "Avatar",
    "AvatarSpeech",
    "Inspection",
    "Preparation",
    "RenderOptions",
    "SpeakOptions",
    "SpeakResult",
    "check_clip",
    "create_avatar",
    "decode_text",
    "engine_for_training",
    "engine_specs",
    "evaluate_avatar",
    "export_splats",
    "import_avatar",
    "inspect_picture",
    "open",
    "open_avatar",
    "previews_into",
    "read_text",
    "speak",
    "store",
    "train",
    "train_avatar",
]
