"""Model files: fetched once, verified, converted, kept in the user's cache folder."""

from mien.weights.catalog import Catalog
from mien.weights.store import EntryStatus, Verification, WeightStore

__all__ = ["Catalog", "EntryStatus", "Verification", "WeightStore"]
