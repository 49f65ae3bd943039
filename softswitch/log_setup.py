"""Structured logs: one JSON object a line on stderr, the same in every process, whoever speaks.

Also what libraries log and what ends a process unasked comes as such a line, so that one reader serves for all.
"""

import logging
import sys
from collections.abc import Callable
from types import TracebackType
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
NOISY = ("aiosqlite", "asyncio", "aiohttp")


def set_up_logs(process: str, level: str = "info") -> None:
    """Configure all logging of this process; `process` stands in every line."""

    def named(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        line["process"] = process  # not a context variable: threads would not have it
        return line

    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        named,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=False),
        # Without the values of local variables: a password or a token might be among them.
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
    ]
    as_json = structlog.processors.JSONRenderer(ensure_ascii=False, default=repr)
    structlog.configure(
        processors=[*shared, _in_order, as_json],
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.add_logger_name],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _in_order, as_json],
        )
    )
    logging.basicConfig(handlers=[handler], level=LEVELS[level], force=True)
    for noisy in NOISY:
        logging.getLogger(noisy).setLevel(max(logging.WARNING, LEVELS[level]))
    logging.captureWarnings(capture=True)
    sys.excepthook = _last_words


class CallNames:
    """Names the call in each line that names a leg of it alone: the edge, for one, knows nothing of calls."""

    def __init__(self, call_of: Callable[[str], str]) -> None:
        """`call_of` knows the call of a leg, "" of one that is none."""
        self._call_of = call_of

    def __call__(self, _logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
        """Take a line on its way out."""
        leg_id = line.get("leg_id")
        if isinstance(leg_id, str) and not line.get("call_id") and (call_id := self._call_of(leg_id)):
            line["call_id"] = call_id
        return line


def name_calls(call_of: Callable[[str], str]) -> None:
    """From now on every line of this process that names a leg names its call too."""
    # In place: loggers that have spoken already hold this very list.
    structlog.get_config()["processors"].insert(0, CallNames(call_of))


def _in_order(_logger: WrappedLogger, _method: str, line: EventDict) -> EventDict:
    """When, who, how bad, what: then the rest, as it was said."""
    first = {name: line.pop(name, "") for name in ("timestamp", "process", "level", "event")}
    return {**first, **line}


def _last_words(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> Any:
    """What ends the process is a line of the log too; Ctrl-C is nobody's fault."""
    if not issubclass(kind, KeyboardInterrupt):
        structlog.get_logger(__name__).critical("process.failed", exc_info=(kind, error, trace))
