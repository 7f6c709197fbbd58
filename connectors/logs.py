"""How log lines leave the process: JSON on stderr, one object a line, from a chosen level on.

Belongs here: the set-up, called once by whoever starts a process, for our own lines (`configure_logs`) and, where the
process is ours, for those of the libraries in it (`configure_process_logs`). Does not belong here: what is logged,
which the rooms decide; no line carries a secret.
"""

from __future__ import annotations

import logging
import re
import sys
from types import TracebackType
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

SERVER, ACCESS = "uvicorn", "uvicorn.access"
HANDLER = "omni"
_USER = re.compile(r"""(\w://)[^\s/"']*@""")
_QUERY = re.compile(r"""(\w://[^\s?"']*)\?[^\s"']*""")
_NAMED: tuple[Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
)
_AS_JSON = structlog.processors.JSONRenderer(ensure_ascii=False)


def configure_logs(level: str) -> None:
    """Let lines of `level` (debug, info, warning, error) and above through; one line per call is debug.

    Lines of libraries are left to whoever owns the process: Dagster captures those of its runs itself.
    """
    structlog.configure(
        processors=[*_NAMED, _AS_JSON],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def configure_process_logs(level: str, *, libraries: str = "") -> None:
    """The same in a process of ours, where lines of libraries look like ours: from warning on, uvicorn's from info on.

    They keep to `level`, too, unless `libraries` names one for them. May be called again; the last call counts.
    Handlers of others on the root logger stay.
    """
    configure_logs(level)
    root = logging.getLogger()
    for former in [one for one in root.handlers if one.name == HANDLER]:
        root.removeHandler(former)
    root.addHandler(_LibraryLines(sys.stderr, _number(libraries or level)))
    for name in (SERVER, ACCESS):  # uvicorn brings handlers of its own; where it has none, it was told to be silent
        logger = logging.getLogger(name)
        if logger.handlers:
            logger.handlers.clear()
            logger.propagate = True
    logging.captureWarnings(capture=True)


def log_crashes() -> None:
    """An exception that ends this process is a line, too, instead of a traceback over many."""
    sys.excepthook = _log_crash


def _log_crash(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    logging.getLogger(__name__).critical("the process ends", exc_info=(kind, error, trace))


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


class _LibraryLines(logging.Handler):
    """Writes lines of the standard library's logging as ours are written, one at a time with them."""

    def __init__(self, stream: TextIO, level: int) -> None:
        super().__init__()
        self.name = HANDLER
        self._lines = structlog.PrintLogger(stream)  # has one lock per stream, as structlog's own lines have
        self._level = level
        chain = [structlog.stdlib.add_logger_name, _tell_request, *_NAMED, _without_secrets]
        last: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta, _AS_JSON]
        self.formatter = structlog.stdlib.ProcessorFormatter(
            processors=last, foreign_pre_chain=chain, pass_foreign_args=True
        )

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is wanted at all."""
        least = logging.INFO if record.name.partition(".")[0] == SERVER else logging.WARNING
        return record.levelno >= max(least, self._level) and bool(super().filter(record))

    def emit(self, record: logging.LogRecord) -> None:
        """Write one line; what fails in it must not fail whoever logs."""
        try:
            self._lines.msg(self.format(record))
        except Exception:  # noqa: BLE001 - as every handler does
            self.handleError(record)


def _tell_request(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """A line of the access log in fields, without the query: a careless caller may have put a key into it."""
    told = line.pop("positional_args", None)
    if line.get("logger") == ACCESS and isinstance(told, tuple) and len(told) == 5:
        caller, method, path, _version, status = told
        path = str(path).partition("?")[0]
        line.update(event="request", client=caller, method=method, path=path, status=status)
    return line


def _without_secrets(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """Libraries name addresses in what they say: users, passwords and queries of them are left out."""
    for name in ("event", "exception"):
        if name in line:
            line[name] = _QUERY.sub(r"\1", _USER.sub(r"\1", str(line[name]))).strip()
    return line
