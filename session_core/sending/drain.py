"""Draining a lane: its messages go out one after the other, each one once, as fast as the limits allow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import structlog
from pydantic import ValidationError

from session_core.bus import holds, lease
from session_core.bus.commands import ChangedHands, NoHolder
from session_core.bus.lanes import mark_due, mark_due_after
from session_core.clock import SteadyClock, utcnow
from session_core.core import Core
from session_core.domain.commands import NOT_THE_OWNER, REACH_OUT, Doubt, SendMessage, SendOutcome
from session_core.domain.lane import Hold, HoldCode
from session_core.domain.message import MessageStatus
from session_core.domain.status import SessionStatus
from session_core.errors import PolicyError, TransientError
from session_core.sending import gate, lanes, policy, settle
from session_core.sending.limiter import Denied, Limiter, Limits, MemoryLost, Permit, member_of
from session_core.store import accounts, messages, sending, waiting
from session_core.store.models import Message

log = structlog.get_logger(__name__)

NOT_SUPPORTED = "kind_not_supported"
"""``failure`` of a message that nobody here knows how to send."""

DRAIN_FOR = timedelta(seconds=5)
"""After that time a drain lets other lanes have the worker; the send under way is finished first."""


@dataclass(frozen=True, slots=True)
class _Next:
    user_id: UUID
    found: Message | gate.Held


@dataclass(frozen=True, slots=True)
class _Try:
    """One try to send. ``doubt``: when the try before may have sent it; None: it did not."""

    user_id: UUID
    message: Message
    token: str
    permit: Permit
    look_first: bool
    doubt: Doubt | None


async def drain_lane(core: Core, account_id: UUID, drain_for: timedelta = DRAIN_FOR) -> int:
    """Send what the account's lane holds, in order, until it is empty, held back or ``drain_for`` is over.

    What is left is marked to be drained when it can go on; nothing is waited for here but the host.

    Returns:
        How many commands to send went to a host.
    """
    async with lanes.enter(core.redis, account_id) as lane:
        return 0 if lane is None else await _Drain(core, lane).run(drain_for)


def _head(message: Message) -> policy.Head:
    return policy.Head(message.status, message.attempts, message.updated_at, message.lease_until, message.lease_token)


class _Drain:
    def __init__(self, core: Core, lane: lanes.Lane) -> None:
        self._core = core
        self._lane = lane
        self._account_id = lane.account_id
        self._limiter = Limiter(core.redis, Limits.of(core.settings))
        self._timeout = core.settings.send_timeout
        self._tried = 0

    async def run(self, drain_for: timedelta) -> int:
        clock = SteadyClock()
        until = clock.now() + drain_for
        while self._lane.held:
            following = await self._next()
            if following is None:
                break
            if clock.now() >= until:
                await mark_due(self._core.redis, self._account_id)
                break
            delay = await self._handle(following)
            if delay is not None:
                await mark_due_after(self._core.redis, self._account_id, min(delay, lanes.LOOK_AT_LEAST_EVERY))
                break
        return self._tried

    async def _next(self) -> _Next | None:
        """Return the lane's first message, None when there is none or it cannot go out now (the host wakes us then)."""
        now = utcnow()
        async with self._core.db.read() as session:
            found = await accounts.get(session, self._account_id)
            if found is None:
                return None
            account, runtime = found
            if account.deleted_at is not None or runtime.status is not SessionStatus.READY:
                return None
            scheduled = await waiting.first_scheduled(session, self._account_id)
            limits = Limits.of(self._core.settings, await sending.allowed(session, account.user_id, self._account_id))
        if scheduled is not None and scheduled <= now:
            async with self._core.db.begin() as session:
                await waiting.take_due(session, self._account_id, now)
        async with self._core.db.read() as session:
            following = await gate.next_message(session, self._account_id, now)
        if following is None or await lease.holder(self._core.redis, self._account_id) is None:
            return None
        self._limiter = Limiter(self._core.redis, limits)
        return _Next(account.user_id, following)

    async def _handle(self, following: _Next) -> timedelta | None:
        """Do what is to be done with the first message; return how long the lane must rest, None to go on at once."""
        if isinstance(following.found, gate.Held):
            return await self._hold(following.user_id, following.found.message, following.found.hold)
        message, now = following.found, utcnow()
        if message.status is MessageStatus.QUEUED and _is_over(message, now):
            await settle.expire(self._core, following.user_id, message)
            return None
        step = policy.next_step(_head(message), now, self._timeout)
        match step:
            case policy.Anew(lasts):
                log.warning("lease_of_another_time", message_id=str(message.id), seconds=lasts.total_seconds())
                await settle.begin_anew(self._core, message, now + lasts)
                return await self._hold(following.user_id, message, Hold(code=HoldCode.CHECKING, until=now + lasts))
            case policy.Wait(delay):
                under_way = message.status is MessageStatus.SENDING
                code = HoldCode.CHECKING if under_way else HoldCode.TRY_AGAIN
                return await self._hold(following.user_id, message, Hold(code=code, until=now + delay))
            case policy.GiveUp(token):
                await settle.unknown(self._core, following.user_id, message, token)
                return None
            case policy.Send():
                return await self._send(following.user_id, message, step)

    async def _hold(self, user_id: UUID, message: Message, hold: Hold) -> timedelta:
        """Say why the lane rests; return for how long."""
        if await holds.keep(self._core.redis, self._account_id, message.id, hold):
            await settle.held(self._core, user_id, message, hold)
        return (hold.until or utcnow() + lanes.LOOK_AT_LEAST_EVERY) - utcnow()

    async def _send(self, user_id: UUID, message: Message, step: policy.Send) -> timedelta | None:
        token = uuid4().hex
        previous = member_of(message.id, step.previous_token) if step.previous_token else None
        permit = await self._permit(user_id, member_of(message.id, token), previous)
        now = utcnow()
        if isinstance(permit, Denied):
            return await self._hold(user_id, message, Hold(code=permit.hold, until=now + permit.wait))
        claimed = await settle.claim(self._core, user_id, message, token, now, now + policy.row_lease(self._timeout))
        if claimed is None:
            await self._limiter.refund(permit)
            return None
        await holds.clear(self._core.redis, self._account_id)
        doubt = Doubt(earliest=message.created_at, latest=message.updated_at) if previous else None
        this = _Try(user_id, claimed, token, permit, step.look_first, doubt)
        try:
            command = _command(this)
        except ValueError as error:
            log.warning("message_not_understood", message_id=str(message.id), reason=str(error))
            await self._refuse(this)
            return None
        return await self._ask_host(this, command)

    async def _permit(self, user_id: UUID, member: str, previous: str | None) -> Permit | Denied:
        try:
            return await self._limiter.acquire(user_id, self._account_id, member, previous)
        except MemoryLost:
            async with self._core.db.read() as session:
                last = [_head(message) for message in await waiting.last_tries(session, user_id)]
            hold = policy.hold_after_loss(last, utcnow(), self._core.settings.rate_window, self._timeout)
            if hold:
                log.warning("sends_held_after_loss_of_limiter", user_id=str(user_id), seconds=hold.total_seconds())
            await self._limiter.learn(user_id, hold)
            return await self._limiter.acquire(user_id, self._account_id, member, previous)

    async def _refuse(self, this: _Try) -> None:
        """End a message that this version cannot read: trying again would only hold up what waits behind it."""
        if this.doubt is not None:
            await settle.unknown(self._core, this.user_id, this.message, this.token)
        else:
            await settle.fail(self._core, this.user_id, this.message, this.token, NOT_SUPPORTED)
        await self._refund(this)

    async def _ask_host(self, this: _Try, command: SendMessage) -> timedelta | None:
        self._tried += 1
        try:
            outcome = _outcome(await self._core.commands.call(command, timeout=self._timeout))
        except NoHolder:
            # The host marks the lane when the account is ready again.
            await self._give_back(this, counts=False)
            return None
        except PolicyError as error:
            outcome = SendOutcome(result="not_sent", failure=error.code)
        except TransientError as error:
            # Nobody knows whether it went out. It keeps its place in the lane and under the limits until its lease is
            # over; the next try asks WhatsApp first.
            log.warning("send_without_answer", message_id=str(this.message.id), reason=error.code)
            if not _surely_over(error):
                return _left(this.message, utcnow())
            pause = policy.backoff(this.message.attempts)
            await settle.end_lease(self._core, this.message, this.token, pause, began=this.message.updated_at)
            return pause
        return await self._settle(this, outcome)

    async def _settle(self, this: _Try, outcome: SendOutcome) -> timedelta | None:
        if outcome.result == "sent":
            await self._limiter.commit(this.permit)
            return None
        if outcome.result == "unknown":
            await settle.unknown(self._core, this.user_id, this.message, this.token)
            return None
        if outcome.failure == NOT_THE_OWNER and _is_over(this.message, utcnow()):
            # What became of the try before was looked up first: it is not out.
            await settle.expire_tried(self._core, this.user_id, this.message, this.token)
            await self._refund(this)
            return None
        tried = outcome.failure not in policy.NOT_TRIED
        if outcome.result == "failed" or (tried and this.message.attempts >= policy.MAX_ATTEMPTS):
            why = outcome.failure or outcome.result
            await settle.fail(self._core, this.user_id, this.message, this.token, why)
            await self._refund(this)
            return None
        await self._give_back(this, counts=tried)
        if outcome.failure == REACH_OUT:
            # The gate knows by now which messages have to wait for that; the others go on.
            return None
        return policy.backoff(this.message.attempts) if tried else policy.LOOK_AGAIN_AFTER

    async def _give_back(self, this: _Try, *, counts: bool) -> None:
        if this.doubt is not None and not counts:
            # Nobody has looked what became of the try before.
            began = this.doubt.latest
            await settle.end_lease(self._core, this.message, this.token, timedelta(0), began=began, counts=False)
            return
        await settle.release(self._core, this.user_id, this.message, this.token, counts=counts)
        await self._refund(this)

    async def _refund(self, this: _Try) -> None:
        # This try proved not to have sent, the one whose place it took over did not: that place goes on counting.
        if this.doubt is None:
            await self._limiter.refund(this.permit)


def _command(this: _Try) -> SendMessage:
    message = this.message
    return SendMessage(
        account_id=message.account_id,
        message_id=message.id,
        token=this.token,
        chat_id=message.chat_id,
        content=messages.content_of(message),
        wa_key=message.wa_key,
        look_first=this.look_first,
        doubt=this.doubt,
        quoted_id=message.quoted_id,
    )


def _outcome(answer: dict[str, Any]) -> SendOutcome:
    try:
        return SendOutcome.model_validate(answer)
    except ValidationError as error:
        raise TransientError("The host's answer is not understood.", code="bad_answer") from error


def _surely_over(error: TransientError) -> bool:
    """Tell whether the page that may have sent it is gone: what it did not do by then it will never do."""
    return isinstance(error, ChangedHands) or error.code == "page_lost"


def _is_over(message: Message, now: datetime) -> bool:
    return message.expires_at is not None and message.expires_at <= now


def _left(message: Message, now: datetime) -> timedelta:
    """Return the time until the message's lease is over."""
    until = message.lease_until or now
    return max(timedelta(0), until - now) + timedelta(milliseconds=1)
