"""What is done at once in a chat and is no message: read marks, typing, presence, whether a number exists."""

from __future__ import annotations

from datetime import timedelta

from pydantic import BaseModel

from session_core.domain.commands import CheckNumber, Done, MarkRead, NumberChecked, ShowState, WatchPresence
from session_core.domain.status import SessionStatus
from session_core.errors import Conflict, NotFound
from session_core.host.session import Session
from session_core.whatsapp.driver import Driver, SendRefused

Doing = MarkRead | ShowState | WatchPresence | CheckNumber


async def carry_out(session: Session | None, command: Doing) -> BaseModel:
    """Do it on the account's page.

    Raises:
        Conflict: 409 ``account_not_ready``.
        NotFound: 404 ``chat_not_found``, WhatsApp knows no such chat.
        TransientError: WhatsApp did not answer.
    """
    driver = session.driver if session is not None and session.status is SessionStatus.READY else None
    if driver is None:
        raise Conflict(
            "The account is not connected now.", code="account_not_ready", action="Try again when it is ready."
        )
    try:
        return await _do(driver, command)
    except SendRefused as error:
        raise NotFound("chat") from error


async def _do(driver: Driver, command: Doing) -> BaseModel:
    match command:
        case MarkRead():
            await driver.mark_read(command.chat_id)
        case ShowState():
            await driver.show_state(command.chat_id, command.state, timedelta(seconds=command.seconds))
        case WatchPresence():
            await driver.watch(command.chat_id)
        case CheckNumber():
            facts = await driver.number_exists(command.chat_id)
            return NumberChecked(exists=facts.exists, lid=facts.lid)
    return Done()
