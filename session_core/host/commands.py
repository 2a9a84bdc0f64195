"""Commands from the bus, carried out by the session of the account."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from uuid import UUID

import structlog
from pydantic import BaseModel

from session_core.bus import numbers
from session_core.bus.connection import BUS_ERRORS
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.commands import (
    NOT_THE_OWNER,
    REACH_OUT,
    AnyCommand,
    Doubt,
    ForceStop,
    ForceStopped,
    PairingCode,
    PairingCodeShown,
    SendMessage,
    SendOutcome,
)
from session_core.domain.status import SessionStatus
from session_core.errors import Conflict
from session_core.host import doings, reach_out
from session_core.host import messages as told
from session_core.host.house import Profiles
from session_core.host.leases import LeaseKeeper
from session_core.host.media_sending import FileGone, FileNotHere, file_in_page
from session_core.host.session import Session
from session_core.store import accounts, consent, messages
from session_core.store.errors import STORE_ERRORS
from session_core.store.opting_out import OPTED_OUT
from session_core.whatsapp.driver import Driver, ReachOutRefused, SendNotTried, SendRefused, SentMessage

NOT_ON_WHATSAPP = "not_on_whatsapp"

STORED_WITHIN = timedelta(seconds=3)
"""For what a session that was stopped by force still has to store; whoever asked waits ten seconds in all."""

log = structlog.get_logger(__name__)


class CommandHandler:
    """Answers `session_core.bus.commands.CommandServer`.

    The host is the fence: whoever asks to send must still own the message's row, its time must not be over, the account
    must still be ours, and the person must not have opted out meanwhile.
    """

    def __init__(
        self, core: Core, find: Callable[[UUID], Session | None], leases: LeaseKeeper, profiles: Profiles
    ) -> None:
        """Prepare.

        Args:
            core: store and bus.
            find: the account's session on this host.
            leases: tells for how long an account is this host's.
            profiles: tells what a login cannot know.
        """
        self._core = core
        self._find = find
        self._leases = leases
        self._profiles = profiles

    async def __call__(self, command: AnyCommand) -> BaseModel:
        """Carry a command out.

        Raises:
            PolicyError: refused, nothing was done.
            TransientError: nobody knows whether it was done.
        """
        if isinstance(command, PairingCode):
            return await self._pairing_code(command)
        if isinstance(command, ForceStop):
            return await self._force_stop(command)
        if not isinstance(command, SendMessage):
            return await doings.carry_out(self._find(command.account_id), command)
        session = self._find(command.account_id)
        if session is None:
            return _not_sent("not_ready")
        async with session.sending:
            return await self._send(session, command)

    async def _pairing_code(self, command: PairingCode) -> PairingCodeShown:
        session = self._find(command.account_id)
        driver = session.driver if session is not None and session.status is SessionStatus.QR else None
        if driver is None:
            raise Conflict(
                "The account is not waiting to be linked.",
                code="not_waiting_for_link",
                action="Connect it, and ask for the code while its QR is shown.",
            )
        return PairingCodeShown(code=await driver.pairing_code(command.phone))

    async def _force_stop(self, command: ForceStop) -> ForceStopped:
        session = self._find(command.account_id)
        if session is None:
            return ForceStopped(killed=0)
        killed = await session.force_stop()
        # Whoever asked reads the status next. While the database is away the browser's end is answer enough.
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(session.stored(), STORED_WITHIN.total_seconds())
        return ForceStopped(killed=killed)

    async def _send(self, session: Session, command: SendMessage) -> SendOutcome:
        driver = session.driver if session.status is SessionStatus.READY else None
        if driver is None:
            return _not_sent("not_ready")
        if command.look_first:
            try:
                found = await driver.find_sent(command.chat_id, command.wa_key, command.content)
            except SendRefused as error:
                return SendOutcome(result="failed", failure=error.code)
            except ReachOutRefused as error:
                return await self._limited(session, command, error)
            if found is not None:
                return await self._sent(session, command, found)
            if command.doubt is not None and await self._hidden(session, command.doubt):
                log.warning("sent_or_not_nobody_knows", session=session.name, message_id=str(command.message_id))
                return SendOutcome(result="unknown")
        try:
            async with file_in_page(self._core, driver, command.content):
                return await self._hand_over(session, driver, command)
        except FileGone:
            return SendOutcome(result="failed", failure="media_not_found")
        except FileNotHere:
            return _not_sent("media_unavailable")

    async def _hidden(self, session: Session, doubt: Doubt) -> bool:
        """Tell whether the page cannot have what was sent at that time: its login was restored since."""
        gap = await self._profiles.gap(session.name)
        return gap is not None and gap.may_hide(doubt.earliest, doubt.latest, self._core.settings.send_timeout)

    async def _hand_over(self, session: Session, driver: Driver, command: SendMessage) -> SendOutcome:
        if (refusal := await self._fenced_off(session, command)) is not None:
            return refusal
        if await self._is_missing(command.chat_id):
            return SendOutcome(result="failed", failure=NOT_ON_WHATSAPP)
        # Between asking and sending there is no wait. The page refuses what reaches it after that time.
        left = self._leases.left(command.account_id)
        if left <= self._leases.send_margin:
            return _not_sent("lease_not_sure")
        try:
            async with self._leases.while_sure(command.account_id):
                sent = await driver.send(
                    command.chat_id, command.content, command.wa_key, command.quoted_id, within=left
                )
        except SendRefused as error:
            if error.code == NOT_ON_WHATSAPP:
                await self._note_missing(command.chat_id)
            return SendOutcome(result="failed", failure=error.code)
        except ReachOutRefused as error:
            return await self._limited(session, command, error)
        except SendNotTried as error:
            log.info("send_not_tried", session=session.name, reason=str(error))
            return _not_sent("page_not_usable")
        return await self._sent(session, command, sent)

    async def _limited(self, session: Session, command: SendMessage, error: ReachOutRefused) -> SendOutcome:
        """Note that WhatsApp lets the account begin no conversation: without that the lane would try again at once."""
        try:
            await reach_out.refused(self._core, session.user_id, command, error)
        except STORE_ERRORS as problem:
            log.warning("limit_not_stored", error=type(problem).__name__)
            await session.note(partial(reach_out.refused, self._core, session.user_id, command, error))
            return _not_sent("database_unreachable")
        return _not_sent(REACH_OUT)

    async def _is_missing(self, chat_id: str) -> bool:
        """Tell whether WhatsApp said a moment ago that there is no such number."""
        try:
            known = await numbers.kept(self._core.redis, chat_id)
        except BUS_ERRORS:
            return False
        return known is not None and not known[0]

    async def _note_missing(self, chat_id: str) -> None:
        with contextlib.suppress(*BUS_ERRORS):
            await numbers.keep(self._core.redis, chat_id, exists=False)

    async def _fenced_off(self, session: Session, command: SendMessage) -> SendOutcome | None:
        """Ask the database at the instant of sending; None when the message may go out."""
        try:
            async with self._core.db.read() as database:
                owns = await messages.owns(database, command.message_id, command.token, utcnow())
                ours = await accounts.holds(database, command.account_id, session.epoch)
                # What was sent can be taken back from anybody.
                asks = owns and ours and command.content.type != "revoke"
                out = asks and await consent.refused(database, session.user_id, command.account_id, command.chat_id)
        except STORE_ERRORS as error:
            log.warning("fence_not_readable", error=type(error).__name__)
            return _not_sent("database_unreachable")
        if not ours:
            return _not_sent("lease_not_sure")
        if not owns:
            return _not_sent(NOT_THE_OWNER)
        return SendOutcome(result="failed", failure=OPTED_OUT) if out else None

    async def _sent(self, session: Session, command: SendMessage, sent: SentMessage) -> SendOutcome:
        at = utcnow()
        store = partial(
            told.sent, self._core, session.user_id, session.account_id, command.message_id, sent.wa_message_id, at
        )
        try:
            await store()
        except STORE_ERRORS as error:
            # It is out, whatever the database says now: that is the answer, and it is written down later.
            log.warning("sent_not_stored_yet", session=session.name, error=type(error).__name__)
            await session.note(store)
        return SendOutcome(result="sent", wa_message_id=sent.wa_message_id, sent_at=at)


def _not_sent(why: str) -> SendOutcome:
    return SendOutcome(result="not_sent", failure=why)
