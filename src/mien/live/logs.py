"""Pipecat logs through loguru, with the words of users in it; here only its errors are kept, and in our own log."""

from __future__ import annotations

import logging
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from loguru import Message

logger = logging.getLogger(__name__)


@cache
def quiet_pipecat() -> None:
    """For the whole process, once."""
    from loguru import logger as loguru

    loguru.remove()
    loguru.add(_pass_on, level="ERROR", diagnose=False, backtrace=False)


def _pass_on(message: Message) -> None:
    record = message.record
    # Not its text: that may quote what somebody said.
    logger.error(
        "pipecat_error", extra={"where": f"{record['name']}:{record['line']}"}, exc_info=_exception(record["exception"])
    )


def _exception(found: object) -> BaseException | None:
    return getattr(found, "value", None)
