"""Structured logs: one JSON object a line on stderr, the same in every process, whoever speaks.

Also what libraries log and what ends a process unasked comes as such a line, so that one reader serves for all.
"""

import json
import logging
import os
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from types import TracebackType
from typing import Any, Final, TextIO, cast

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

LINES_LOST: Final = "log.lines_lost"
"""Said once the log takes lines again."""

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
NOISY = ("aiosqlite", "asyncio", "aiohttp")


class LogStream:
    """Where lines go, for whoever logs: a line that cannot be written is lost, and nothing else is.

    The disk of the log is full, the terminal was closed, whoever read the pipe is gone: no call may pay for that.  Each
    line goes out at once and by itself, so that none waits in a buffer for the next; how many were lost is said as soon
    as there is room.
    """

    def __init__(self, process: str, file: TextIO | None) -> None:
        """`file` is stderr as the process has it; without one (it was started with none) all is silence."""
        self._process = process
        self._handle = None if file is None else file.fileno()
        self._lock = threading.Lock()
        self._lost = 0

    def write(self, text: str) -> None:
        """One or more whole lines."""
        with self._lock:
            if self._put(f"{self._losses()}{text}".encode("utf-8", "backslashreplace")):
                self._lost = 0
            else:
                self._lost += 1

    def flush(self) -> None:
        """Nothing waits."""

    def _losses(self) -> str:
        if not self._lost:
            return ""
        when = datetime.now().isoformat()  # noqa: DTZ005  as every line has it: local time
        line = {
            "timestamp": when,
            "process": self._process,
            "level": "warning",
            "event": LINES_LOST,
            "lines": self._lost,
        }
        return f"\n{json.dumps(line)}\n"  # the last line, ours or another process's, may have been written in part

    def _put(self, data: bytes) -> bool:
        if self._handle is None:
            return False
        while data:
            try:
                written = os.write(self._handle, data)
            except OSError:
                return False
            data = data[written:]
        return True


def set_up_logs(process: str, level: str = "info") -> None:
    """Configure all logging of this process; `process` stands in every line."""
    stream = LogStream(process, sys.stderr)

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
        logger_factory=structlog.WriteLoggerFactory(file=cast("TextIO", stream)),  # it asks for no more
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(stream)
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
