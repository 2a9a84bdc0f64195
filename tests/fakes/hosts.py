"""Hosts without browsers, on the real bus and the real store. Each is named by how it fails; `RecordingHost` works."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Self
from uuid import UUID, uuid4

from pydantic import BaseModel

from session_core.bus import lease
from session_core.bus.commands import AnyCommand, CommandServer
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.commands import NOT_THE_OWNER, SendMessage, SendOutcome
from session_core.errors import PolicyError, WhahookError
from session_core.store import messages, outbox

LEASE = timedelta(minutes=5)
"""Longer than any test: these hosts do not renew."""


@dataclass(frozen=True)
class Sent:
    """A text that WhatsApp has. ``at``: the instant of sending on the monotonic clock, in seconds."""

    account_id: UUID
    message_id: UUID
    wa_key: str
    text: str
    at: float


class RecordingHost:
    """Sends everything, as the real host does it: look for an earlier try, fence, send, write down, answer.

    Attributes:
        commands: every command that arrived.
        sent: every text that went out, in order.
        refused: ids of messages whose command came with a token that no longer owned the row.
    """

    def __init__(self, core: Core, *, latency: Callable[[], float] = lambda: 0.0) -> None:
        """Prepare.

        Args:
            core: store and bus.
            latency: seconds before and again after the instant of sending.
        """
        self.core = core
        self.host_id = f"host-{uuid4().hex}"
        self.commands: list[SendMessage] = []
        self.sent: list[Sent] = []
        self.refused: list[UUID] = []
        self._latency = latency
        self._leases: list[lease.Lease] = []
        self._server = CommandServer(core.redis, self.host_id, self._handle)

    async def run(self, *account_ids: UUID) -> Self:
        """Hold the accounts' leases and listen."""
        await self._server.start()
        await self.hold(*account_ids)
        return self

    async def hold(self, *account_ids: UUID) -> None:
        """Take the leases (again, after the bus lost its data)."""
        for account_id in account_ids:
            held = await lease.acquire(self.core.redis, account_id, self.host_id, LEASE)
            assert held is not None
            self._leases.append(held)

    async def stop(self) -> None:
        """Give the accounts back and stop listening."""
        for held in self._leases:
            await lease.release(self.core.redis, held)
        await self._server.stop()

    @property
    def texts(self) -> list[str]:
        """The texts that went out, in order."""
        return [sent.text for sent in self.sent]

    async def _handle(self, command: AnyCommand) -> BaseModel:
        assert isinstance(command, SendMessage)
        self.commands.append(command)
        return await self.answer(command)

    async def answer(self, command: SendMessage) -> SendOutcome:
        """Carry one command out."""
        if command.look_first and self._knows(command):
            return await self.write_down(command)
        async with self.core.db.read() as session:
            if not await messages.owns(session, command.message_id, command.token, utcnow()):
                self.refused.append(command.message_id)
                return SendOutcome(result="not_sent", failure=NOT_THE_OWNER)
        await asyncio.sleep(self._latency())
        self.send(command)
        await asyncio.sleep(self._latency())
        return await self.write_down(command)

    def _knows(self, command: SendMessage) -> bool:
        return any(sent.wa_key == command.wa_key for sent in self.sent)

    def send(self, command: SendMessage) -> None:
        """Let WhatsApp have the text."""
        self.sent.append(
            Sent(command.account_id, command.message_id, command.wa_key, command.content.plain_text, time.monotonic())
        )

    async def write_down(self, command: SendMessage) -> SendOutcome:
        """Note in the store that WhatsApp has the text."""
        wa_message_id = f"true_{command.chat_id}_{command.wa_key}"
        now = utcnow()
        async with self.core.db.begin() as session:
            if await messages.mark_sent(session, command.message_id, wa_message_id, now):
                await outbox.add(session, command.account_id, "message.sent", {"id": str(command.message_id)})
        return SendOutcome(result="sent", wa_message_id=wa_message_id, sent_at=now)


class SilentHost(RecordingHost):
    """Does not answer the first ``times`` commands. The text went out all the same when ``went_out``."""

    def __init__(self, core: Core, *, times: int = 1, went_out: bool = True) -> None:
        super().__init__(core)
        self._times = times
        self._went_out = went_out

    async def answer(self, command: SendMessage) -> SendOutcome:
        if len(self.commands) > self._times:
            return await super().answer(command)
        if self._went_out and not self._knows(command):
            self.send(command)
        return await asyncio.get_running_loop().create_future()


class RefusingHost(RecordingHost):
    """WhatsApp refuses every text for good."""

    async def answer(self, command: SendMessage) -> SendOutcome:
        return SendOutcome(result="failed", failure="not_on_whatsapp")


class ForgetfulHost(SilentHost):
    """Has lost its memory when it is asked to look for an earlier try: its login was restored."""

    def __init__(self, core: Core) -> None:
        super().__init__(core, times=1)

    async def answer(self, command: SendMessage) -> SendOutcome:
        return SendOutcome(result="unknown") if command.doubt is not None else await super().answer(command)


class UnwillingHost(RecordingHost):
    """Cannot send for the first ``times`` commands, which it proves; ``why`` says what is wrong."""

    def __init__(self, core: Core, *, times: int, why: str = "page_not_usable") -> None:
        super().__init__(core)
        self._times = times
        self._why = why

    async def answer(self, command: SendMessage) -> SendOutcome:
        if len(self.commands) > self._times:
            return await super().answer(command)
        return SendOutcome(result="not_sent", failure=self._why)


class RaisingHost(RecordingHost):
    """Answers every command with the error it was given: refused (`PolicyError`) or in doubt (anything else)."""

    def __init__(self, core: Core, error: WhahookError | None = None) -> None:
        super().__init__(core)
        self.error = error or PolicyError("The account is busy.", code="busy", status_code=409)

    async def answer(self, command: SendMessage) -> SendOutcome:
        raise self.error
