"""How the library's log lines leave the process: JSON on stderr, one object a line, from a chosen level on.

Belongs here: the set-up, called once by whoever starts a process. Does not belong here: what is logged, which the rooms
decide; no line carries a secret.
"""

from __future__ import annotations

import logging
import sys

import structlog


def configure_logs(level: str) -> None:
    """Let lines of `level` (debug, info, warning, error) and above through; one line per call is debug."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
