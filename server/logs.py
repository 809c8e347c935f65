"""Logs: JSON lines on standard error, each with its request's id, none with a secret in it."""

from __future__ import annotations

import logging
import sys
import traceback
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import structlog

from ledger.errors import brief

HIDDEN = "…"
HELD_BACK_MAX = 1_000
ERRORS_MAX = 5  # that led to one another
FRAMES_MAX = -40  # the innermost
# A part of a name is enough: `access_token`, `pinHash` and `Set-Cookie` are all covered.
SECRET_NAMES = (
    "authorization", "challenge", "code", "cookie", "dsn", "key", "password", "pin", "seal",
    "secret", "signature", "token", "totp",
)  # fmt: skip
NOT_SECRET_NAMES = ("key_id", "keyid", "responsecode", "response_code", "status_code")
# Their own messages say nothing that ours do not, and uvicorn's access log has query strings.
QUIET = ("uvicorn.access", "apscheduler", "httpx", "httpcore", "alembic", "sqlalchemy", "asyncio")


def configure(level: str) -> None:
    """Send structlog's and the standard library's records to standard error as JSON lines."""
    number = logging.getLevelNamesMapping()[level.upper()]
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
        without_words,
        hide_secrets,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )
    # Whoever reads our lines may die. That must not stop what was about to be logged.
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), first_line, *shared],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                hide_secrets,
                structlog.processors.JSONRenderer(default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(number)
    for name in QUIET:
        logging.getLogger(name).setLevel(max(number, logging.WARNING))


@contextmanager
def held_back() -> Iterator[None]:
    """What is logged meanwhile is written afterwards: a line in the midst of a screen tears it."""
    root = logging.getLogger()
    before, kept = root.handlers[:], _Kept()
    root.handlers[:] = [kept]
    try:
        yield
    finally:
        root.handlers[:] = before
        for record in kept.records:
            root.handle(record)


class _Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.records: deque[logging.LogRecord] = deque(maxlen=HELD_BACK_MAX)

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


def without_words(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Of an exception its types and places: its words may quote whatever it was given."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = "\n".join(_told(error, ERRORS_MAX))
    return event


def _told(error: BaseException, many: int) -> Iterator[str]:
    """What led to it first, as Python shows it."""
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    for each in (*([before] if before else []), *inner)[:many]:
        yield from _told(each, many - 1)
    yield from (line.rstrip() for line in traceback.format_tb(error.__traceback__, FRAMES_MAX))
    yield brief(error)


def first_line(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Of what a library says, the first line: asyncio's next one quotes the exception."""
    event["event"] = str(event["event"]).partition("\n")[0]
    return event


def hide_secrets(
    _logger: Any, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Hide the value of everything whose name says that it is secret, at any depth."""
    return {name: _shown(name, value) for name, value in event.items()}


def _shown(name: str, value: Any) -> Any:
    lowered = name.lower().replace("-", "_")
    if lowered not in NOT_SECRET_NAMES and any(part in lowered for part in SECRET_NAMES):
        return HIDDEN
    if isinstance(value, Mapping):
        return {str(inner): _shown(str(inner), each) for inner, each in value.items()}
    return value
