"""For those who write plug-ins: the tests that every engine must pass. Needs pytest."""

from mien.testing.engine_contract import EngineContract

__all__ = ["EngineContract"]
