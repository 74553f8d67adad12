"""Avatars as files: the `.mien` package, the store of a user's own, and the built-in ones."""

from mien.avatars.builder import PackageBuilder
from mien.avatars.builtin import builtin_names, builtin_picture
from mien.avatars.cache import PreparedCache
from mien.avatars.film import Film, Frames, Reel, add_film, best_stretch
from mien.avatars.manifest import Manifest, check_name
from mien.avatars.package import SUFFIX, AvatarPackage
from mien.avatars.store import AvatarStore, Stored, package_name, write_zip

__all__ = [
    "SUFFIX",
    "AvatarPackage",
    "AvatarStore",
    "Film",
    "Frames",
    "Manifest",
    "PackageBuilder",
    "PreparedCache",
    "Reel",
    "Stored",
    "add_film",
    "best_stretch",
    "builtin_names",
    "builtin_picture",
    "check_name",
    "package_name",
    "write_zip",
]
