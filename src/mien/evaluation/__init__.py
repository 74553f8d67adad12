"""How good a talking head is, measured on its video."""

from mien.evaluation.page import write_page
from mien.evaluation.page.quality import write_quality_page
from mien.evaluation.quality import QualityReport, evaluate_quality
from mien.evaluation.sync import SyncReport, evaluate_sync

__all__ = ["QualityReport", "SyncReport", "evaluate_quality", "evaluate_sync", "write_page", "write_quality_page"]
