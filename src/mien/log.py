"""Logging to standard error: an event word plus fields, never speech, prompts, faces or keys."""

from __future__ import annotations

import logging

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime"}


class FieldFormatter(logging.Formatter):
    """`12:00:01 info mien.weights fetched name=face seconds=2.1`."""

    def format(self, record: logging.LogRecord) -> str:
        line = f"{self.formatTime(record, '%H:%M:%S')} {record.levelname.lower()} {record.name} {record.getMessage()}"
        fields = {key: value for key, value in vars(record).items() if key not in _STANDARD}
        line += "".join(f" {key}={value}" for key, value in fields.items())
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


def configure(level: str) -> None:
    """Sends the log of Mien's own modules to standard error at `level`; called once by a program's outermost code."""
    handler = logging.StreamHandler()
    handler.setFormatter(FieldFormatter())
    logger = logging.getLogger("mien")
    logger.handlers = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False
