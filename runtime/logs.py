"""Logs: one JSON line per event on standard error, fields by name, never a value from a message.

An exception's text may quote a message; its type and place may not. So no text of an exception is ever written, ours
or a library's.
"""

import logging
import sys
from collections.abc import Mapping

import structlog


def configure(role: str, level: str = "INFO") -> None:
    """Set up once, at the start of a role."""
    number = logging.getLevelNamesMapping()[level]
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_TypeOnly())
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[handler], force=True)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _error_type_only,
            structlog.processors.JSONRenderer(ensure_ascii=False, default=_without_text),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
    structlog.contextvars.bind_contextvars(role=role)


def shown(error: BaseException) -> str:
    """What may be said of an exception: `ValueError parse:31`."""
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    where = f"{frame.tb_frame.f_code.co_name}:{frame.tb_lineno}" if frame else ""
    return f"{type(error).__name__} {where}".strip()


def _error_type_only(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    told = event.pop("exc_info", None)
    if told:  # an exception, or true for the one being handled
        event["error"] = told if isinstance(told, BaseException) else sys.exc_info()[1]
    return {name: _safe(value) for name, value in event.items()}


class _TypeOnly(logging.Formatter):
    """For libraries that log by themselves: their message without the exceptions in it."""

    def format(self, record: logging.LogRecord) -> str:
        args = record.args
        if isinstance(args, Mapping):
            text = str(_safe(record.msg)) % {name: _safe(value) for name, value in args.items()}
        else:
            text = str(_safe(record.msg)) % tuple(map(_safe, args)) if args else str(_safe(record.msg))
        error = record.exc_info[1] if record.exc_info else None
        # asyncio writes the failed task, with its exception, into the lines below the first
        return text if error is None else f"{text.partition(chr(10))[0]}: {shown(error)}"


def _safe(value: object) -> object:
    return shown(value) if isinstance(value, BaseException) else value


def _without_text(value: object) -> str:
    """For what JSON has no form for: an exception inside a list, a path (a file may be named after its patient)."""
    return shown(value) if isinstance(value, BaseException) else type(value).__name__


def get(name: str) -> structlog.stdlib.BoundLogger:
    logger: structlog.stdlib.BoundLogger = structlog.get_logger(room=name)
    return logger
