"""structlog set-up: readable lines on a terminal, JSON elsewhere, and no secrets in either."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

SECRET_NAMES = frozenset(
    {"password", "token", "key", "api_key", "cookie", "authorization", "qr", "code", "secret", "text"}
)
"""Fields that never reach a log. ``text`` is in: what people write to each other is nobody's business."""

SECRET_ENDINGS = ("password", "token", "secret")

# Up to the last @ of the word: a password may have one in it.
_URL_PASSWORD = re.compile(r"(\w+://[^:/@\s]*):\S+@")


_IN_TEXTS = (
    (_URL_PASSWORD, r"\1:[hidden]@"),
    # Credentials of ours, wherever a library may have put them.
    (re.compile(r"((?:__Host-)?wh_session=)[^;'\"\s]+"), r"\1[hidden]"),
    (re.compile(r"\bwak_[0-9a-f]+_[\w-]+"), "wak_[hidden]"),
    # Reflex writes an event that it could not process with its headers, its tab's token and what was typed.
    (re.compile(r"\bEvent\(name='([^']*)'[^\n]*"), r"Event(name='\1', [hidden])"),
)


def clean(text: str) -> str:
    """Hide credentials inside a text: passwords of addresses, cookies, API keys, what a page's event carried."""
    for pattern, instead in _IN_TEXTS:
        text = pattern.sub(instead, text)
    return text


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Hide secret fields, and credentials inside texts (structlog processor)."""
    for name, value in event.items():
        if name.lower() in SECRET_NAMES or name.lower().endswith(SECRET_ENDINGS):
            event[name] = "[hidden]"
        elif isinstance(value, str):
            event[name] = clean(value)
    return event


def setup_logging(*, level: str = "INFO", json: bool | None = None) -> None:
    """Configure logging for one process.

    Args:
        level: name of the lowest level that is written.
        json: one JSON object a line; ``None`` means "when stderr is not a terminal".
    """
    as_json = not sys.stderr.isatty() if json is None else json
    # An error's text may hold an address with a password, so it is looked at again once it is text. Plain text on a
    # terminal too: the library's own way shows every local variable, passwords and messages among them.
    errors_as_text: list[Any] = [structlog.processors.format_exc_info, redact]
    console = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    renderer: Any = structlog.processors.JSONRenderer() if as_json else console
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *errors_as_text,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for noisy in ("asyncio", "httpx", "httpcore", "engineio", "socketio", "rq", "alembic"):
        logging.getLogger(noisy).setLevel(max(logging.WARNING, root.level))
