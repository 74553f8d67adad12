"""How good a talking head is, measured on its video."""

from mien.evaluation.page import write_page
from mien.evaluation.sync import SyncReport, evaluate_sync

__all__ = ["SyncReport", "evaluate_sync", "write_page"]
