"""How good a talking head is, measured on its video."""

from mien.evaluation.sync import SyncReport, evaluate_sync

__all__ = ["SyncReport", "evaluate_sync"]
