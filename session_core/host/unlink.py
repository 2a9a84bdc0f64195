"""Logging out: from a page that is logged in, or with a browser that is started only for that."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import structlog

from session_core.errors import TransientError
from session_core.host.attempt import close_driver
from session_core.whatsapp.driver import Driver, Gated, LoggedOut, Lost, QrExpired, QrShown, Ready

log = structlog.get_logger(__name__)

LOGOUT_TIMEOUT = timedelta(seconds=45)
"""Above the driver's own limits for asking the page and for seeing it done."""

UNLINK_TIMEOUT = timedelta(seconds=90)
"""For a browser that is started only to log out: loading, connecting, logging out."""


async def log_out(driver: Driver, name: str) -> bool:
    """Log a page out that is logged in; True when it worked. ``name`` is for the log. Never raises."""
    try:
        async with asyncio.timeout(LOGOUT_TIMEOUT.total_seconds()):
            await driver.logout()
    except Exception as error:
        log.warning("logout_failed", session=name, error=repr(error))
        return False
    return True


async def unlink(driver: Driver, name: str) -> bool:
    """Start a fresh driver, log out and close it; True when the login is gone, whoever ended it. Never raises."""
    try:
        async with asyncio.timeout(UNLINK_TIMEOUT.total_seconds()):
            await driver.start()
            await _until_logged_out(driver)
    except Exception as error:
        log.warning("unlink_failed", session=name, error=repr(error))
        return False
    finally:
        await close_driver(driver, name)
    return True


async def _until_logged_out(driver: Driver) -> None:
    async for event in driver.events():
        match event:
            case QrShown() | QrExpired() | LoggedOut():
                return
            case Ready():
                await driver.logout()
                return
            case Gated(gate):
                raise TransientError("WhatsApp lets nobody in now.", code=gate)
            case Lost(loss, detail):
                raise TransientError(detail or "The browser or its page is gone.", code=loss)
    raise TransientError("The page is gone.")
