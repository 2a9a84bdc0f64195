"""Calls into the page: each one ends within its time, and its answer becomes a value or the right exception."""

from __future__ import annotations

import asyncio
import contextlib
import json
from datetime import timedelta
from typing import Any

from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page
from pydantic import BaseModel, ConfigDict

from session_core.errors import TransientError
from session_core.whatsapp.driver import ReachOutRefused, SendNotTried, SendRefused, SentMessage
from session_core.whatsapp.messages import ack_of, instant

_GRACE = timedelta(seconds=2)
"""How much longer than the page's own limit an answer may take to come over."""

_POPUP = timedelta(seconds=10)

_REACH = timedelta(seconds=10)

_LEAVE = timedelta(seconds=2)
"""A page that hangs is closed with its browser."""

_CALL = "async ([name, args]) => JSON.stringify(await window.__whahook[name](args))"
"""As one text: Playwright wraps each value of an object by itself, which makes a big answer several times as big."""


class Limited(BaseModel):
    """That WhatsApp lets the account begin no conversation; ``until`` in ms since 1970, when the page says it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until: float | None
    tried: bool


class Answer(BaseModel):
    """What every function of ``calls.js`` answers; exactly one of the first five is set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    ok: Any = None
    refused: str | None = None
    notTried: str | None = None
    unknown: str | None = None
    limited: Limited | None = None
    detail: str = ""


async def call(page: Page, name: str, timeout: timedelta, **args: object) -> Any:
    """Call ``window.__whahook[name]`` and return its value.

    Args:
        page: where.
        name: which function of ``calls.js`` or ``bridge.js``.
        timeout: how long the page may take; it is told as ``ms``.
        args: plain JSON.

    Raises:
        TransientError: ``page_timeout`` or ``page_lost``; nobody knows what the page did.
        SendRefused: the page says that it will never work.
        SendNotTried: the page says that nothing was done.
        ReachOutRefused: nothing went out, because WhatsApp lets the account begin no conversation.
    """
    ms = timeout.total_seconds() * 1000
    try:
        value = await asyncio.wait_for(
            page.evaluate(_CALL, [name, {**args, "ms": ms}]), (timeout + _GRACE).total_seconds()
        )
    except TimeoutError:
        raise TransientError("The page did not answer in time.", code="page_timeout") from None
    except Exception as error:
        # Not only Playwright's own error: it ends calls with a bare exception when its process dies.
        raise TransientError(f"The page could not be asked: {str(error)[:200]}", code="page_lost") from error
    try:
        # Not by pydantic's own parser: it takes no half of a surrogate pair, which texts may hold.
        answer = Answer.model_validate(json.loads(value))
    except (ValueError, TypeError):
        raise TransientError("The page answered something else than agreed.", code="page_failed") from None
    if answer.refused is not None:
        raise SendRefused(answer.refused, answer.detail)
    if answer.notTried is not None:
        raise SendNotTried(answer.notTried)
    if answer.limited is not None:
        raise ReachOutRefused(instant(answer.limited.until), tried=answer.limited.tried)
    if answer.unknown is not None:
        raise TransientError(f"WhatsApp Web did not do it: {answer.unknown}", code="page_failed")
    return answer.ok


def sent_message(value: dict[str, Any]) -> SentMessage:
    """Read what the page says about a message of ours."""
    found = value["id"]
    return SentMessage(None if found is None else str(found), str(value["chat"]), ack_of(int(value["ack"])))


def not_now() -> TransientError:
    """Return the error of what a page cannot do in the state that it is in."""
    return TransientError("The account is not in a state for this.", code="not_ready")


async def close_popup(page: Page) -> None:
    """Close a page that the page opened beside itself; one that does not close is left to its browser."""
    with contextlib.suppress(PlaywrightError, TimeoutError):
        await asyncio.wait_for(page.close(), _POPUP.total_seconds())


async def leave(page: Page) -> None:
    """Leave WhatsApp Web before the browser goes: it takes nothing in any more, and has told what it had taken in.

    A browser that is closing goes on for a moment, in which a page acknowledges messages and nobody hears of them.
    """
    with contextlib.suppress(PlaywrightError):
        await page.goto("about:blank", wait_until="commit", timeout=_LEAVE.total_seconds() * 1000)


async def reachable(page: Page) -> bool:
    """Tell whether the page's address answers, whatever it answers.

    Asked by its own browser: that one's switches (proxy, names, certificates) lead where the page comes from, and
    neither a service worker nor a policy of the page has a say.
    """
    with contextlib.suppress(PlaywrightError, TimeoutError):
        async with asyncio.timeout(_REACH.total_seconds()):
            session = await page.context.new_cdp_session(page)
            try:
                tree = await session.send("Page.getFrameTree")
                options = {"disableCache": True, "includeCredentials": False}
                args = {"frameId": tree["frameTree"]["frame"]["id"], "url": page.url, "options": options}
                resource = (await session.send("Network.loadNetworkResource", args))["resource"]
                return bool(resource["success"] or resource.get("httpStatusCode"))
            finally:
                await session.detach()
    return False
