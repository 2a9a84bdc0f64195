from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from pydantic import BaseModel

from session_core.bus import keys, lease, qr
from session_core.bus.commands import AnyCommand, CommandServer, NoHolder
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.commands import PairingCode, PairingCodeShown
from session_core.domain.content import Text
from session_core.domain.events import AccountDeleted, ActivityAdded, Qr, SessionChanged
from session_core.domain.status import AccountKind, Desired, PublicStatus, ReasonCode, SessionStatus
from session_core.errors import Conflict, NotFound, PolicyError
from session_core.services import accounts, live, messages, outgoing
from session_core.store import accounts as rows
from tests.factories import CHAT, T0, add_account, add_message, read_runtime
from tests.integration.services.conftest import Two

SOON = 10
"""Seconds."""

Call = Callable[[Core, UUID, UUID], Awaitable[object]]

EVERYTHING: dict[str, Call] = {
    "get": accounts.get,
    "rename": lambda core, user, account: accounts.rename(core, user, account, "Mine now"),
    "connect": accounts.connect,
    "restart": accounts.restart,
    "disconnect": accounts.disconnect,
    "force_stop": accounts.force_stop,
    "health": accounts.health,
    "resources": accounts.resources,
    "logout": lambda core, user, account: accounts.disconnect(core, user, account, logout=True),
    "delete": accounts.delete,
    "qr": accounts.qr,
    "pairing_code": lambda core, user, account: accounts.pairing_code(core, user, account, "+34600111222"),
    "history": accounts.history,
    "send_text": lambda core, user, account: outgoing.send_text(core, user, account, to=CHAT, text="hello"),
    "send": lambda core, user, account: outgoing.send(core, user, account, to=CHAT, content=Text(text="hello")),
    "list_messages": messages.list_messages,
    "get_message": lambda core, user, account: messages.get_message(core, user, account, uuid4()),
    "queue_length": messages.queue_length,
}


class TestOwnership:
    @pytest.mark.parametrize("name", EVERYTHING)
    async def test_a_stranger_finds_nothing_and_changes_nothing(self, core: Core, two: Two, name: str) -> None:
        before = await accounts.get(core, two.ana, two.account_id)
        with pytest.raises(NotFound) as caught:
            await EVERYTHING[name](core, two.eva, two.account_id)
        assert (caught.value.code, caught.value.status_code) == ("account_not_found", 404)
        assert await accounts.get(core, two.ana, two.account_id) == before
        assert (await read_runtime(core.db, two.account_id)).wanted_seq == 0
        assert await messages.list_messages(core, two.ana, two.account_id) == []

    @pytest.mark.parametrize("name", EVERYTHING)
    async def test_what_is_not_there_looks_the_same(self, core: Core, two: Two, name: str) -> None:
        with pytest.raises(NotFound) as caught:
            await EVERYTHING[name](core, two.ana, uuid4())
        assert caught.value.code == "account_not_found"

    async def test_everybody_sees_their_own(self, core: Core, two: Two) -> None:
        second = await add_account(core.db, two.ana, created_at=T0 + timedelta(days=1))
        assert [each.account_id for each in await accounts.list_accounts(core, two.ana)] == [two.account_id, second]
        assert await accounts.list_accounts(core, two.eva) == []


def test_no_use_case_is_forgotten_above() -> None:
    """Whatever takes a user and an account is tried by a stranger."""
    import inspect

    def on_an_account(module: Any) -> set[str]:
        return {
            name
            for name, function in vars(module).items()
            if inspect.iscoroutinefunction(function)
            and not name.startswith("_")
            and {"user_id", "account_id"} <= set(inspect.signature(function).parameters)
        }

    modules = (accounts, messages, outgoing)
    assert set().union(*map(on_an_account, modules)) == set(EVERYTHING) - {"logout"}


@pytest.fixture
async def heard(core: Core, two: Two) -> AsyncIterator[live.Subscription]:
    """What Ana's pages hear."""
    await core.hub.start()
    with live.subscribe(core, two.ana) as subscription:
        yield subscription


async def next_event(subscription: live.Subscription) -> object:
    return await asyncio.wait_for(subscription.get(), SOON)


class TestCreate:
    async def test_a_new_account_is_stopped_and_known(self, core: Core, two: Two, heard: live.Subscription) -> None:
        snapshot = await accounts.create(core, two.ana, name="  Shop ", kind=AccountKind.SANDBOX)
        assert snapshot.name == "Shop"
        assert snapshot.kind is AccountKind.SANDBOX
        assert snapshot.status is SessionStatus.STOPPED
        assert snapshot.public_status is PublicStatus.DISCONNECTED
        assert await accounts.get(core, two.ana, snapshot.account_id) == snapshot
        assert [line.kind for line in await accounts.history(core, two.ana, snapshot.account_id)] == ["created"]
        assert await next_event(heard) == SessionChanged(user_id=two.ana, session=snapshot)

    @pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\0b", "\ud800"])
    async def test_a_name_that_is_none(self, core: Core, two: Two, name: str) -> None:
        for attempt in (
            accounts.create(core, two.ana, name=name, kind=AccountKind.LIVE),
            accounts.rename(core, two.ana, two.account_id, name),
        ):
            with pytest.raises(PolicyError) as caught:
                await attempt
            assert (caught.value.code, caught.value.status_code) == ("bad_name", 422)

    async def test_without_a_sandbox_there_are_no_sandbox_accounts(self, core: Core, two: Two) -> None:
        off = replace(core, settings=core.settings.model_copy(update={"sandbox": "off"}))
        with pytest.raises(Conflict) as caught:
            await accounts.create(off, two.ana, name="Shop", kind=AccountKind.SANDBOX)
        assert caught.value.code == "sandbox_off"
        assert (await accounts.create(off, two.ana, name="Shop", kind=AccountKind.LIVE)).kind is AccountKind.LIVE
        toy = await add_account(core.db, two.ana, kind=AccountKind.SANDBOX)
        with pytest.raises(Conflict):
            await accounts.connect(off, two.ana, toy)
        await accounts.disconnect(off, two.ana, toy)
        await accounts.delete(off, two.ana, toy)


async def test_a_new_name_is_told_as_a_newer_state(core: Core, two: Two, heard: live.Subscription) -> None:
    before = await accounts.get(core, two.ana, two.account_id)
    snapshot = await accounts.rename(core, two.ana, two.account_id, "Warehouse")
    assert snapshot.name == "Warehouse"
    assert snapshot.seq > before.seq
    assert await next_event(heard) == SessionChanged(user_id=two.ana, session=snapshot)


class TestWishes:
    async def test_a_wish_is_written_told_and_poked(self, core: Core, two: Two, heard: live.Subscription) -> None:
        async with core.redis.pubsub() as pubsub:
            await pubsub.subscribe(keys.RECONCILE_CHANNEL)
            assert (await pubsub.get_message(timeout=SOON))["type"] == "subscribe"
            await accounts.connect(core, two.ana, two.account_id)
            assert (await pubsub.get_message(timeout=SOON))["type"] == "message"
        runtime = await read_runtime(core.db, two.account_id)
        assert (runtime.desired, runtime.wanted_seq) == (Desired.CONNECTED, 1)
        event = await next_event(heard)
        assert isinstance(event, ActivityAdded)
        assert (event.entry.kind, event.entry.reason_code) == ("connect_requested", ReasonCode.REQUESTED)

    @pytest.mark.parametrize(
        "status", sorted(set(SessionStatus) - {SessionStatus.ACTION_REQUIRED, SessionStatus.ERROR})
    )
    async def test_connecting_what_is_on_its_way_changes_nothing(
        self, core: Core, two: Two, status: SessionStatus
    ) -> None:
        account_id = await add_account(core.db, two.ana, status=status, desired=Desired.CONNECTED, wanted_seq=1)
        for _ in range(2):
            await accounts.connect(core, two.ana, account_id)
        assert (await read_runtime(core.db, account_id)).wanted_seq == 1
        assert await accounts.history(core, two.ana, account_id) == []

    @pytest.mark.parametrize("status", [SessionStatus.ACTION_REQUIRED, SessionStatus.ERROR])
    @pytest.mark.parametrize("desired", [Desired.CONNECTED, Desired.STOPPED])
    async def test_connecting_after_a_failure_tries_again(
        self, core: Core, two: Two, status: SessionStatus, desired: Desired
    ) -> None:
        account_id = await add_account(core.db, two.ana, status=status, desired=desired, wanted_seq=1)
        await accounts.connect(core, two.ana, account_id)
        runtime = await read_runtime(core.db, account_id)
        assert (runtime.desired, runtime.wanted_seq) == (Desired.CONNECTED, 2)

    async def test_disconnecting_twice_is_one_line(self, core: Core, two: Two) -> None:
        await accounts.connect(core, two.ana, two.account_id)
        for _ in range(2):
            await accounts.disconnect(core, two.ana, two.account_id)
        kinds = [line.kind for line in await accounts.history(core, two.ana, two.account_id)]
        assert kinds == ["disconnect_requested", "connect_requested"]

    async def test_restart_and_logout_always_count(self, core: Core, two: Two) -> None:
        for _ in range(2):
            await accounts.restart(core, two.ana, two.account_id)
        assert (await read_runtime(core.db, two.account_id)).restart_seq == 2
        for _ in range(2):
            await accounts.disconnect(core, two.ana, two.account_id, logout=True)
        runtime = await read_runtime(core.db, two.account_id)
        assert (runtime.logout_seq, runtime.desired) == (4, Desired.STOPPED)

    async def test_many_clicks_at_once_are_one_wish(self, core: Core, two: Two) -> None:
        await asyncio.gather(*(accounts.connect(core, two.ana, two.account_id) for _ in range(10)))
        assert (await read_runtime(core.db, two.account_id)).wanted_seq == 1
        assert len(await accounts.history(core, two.ana, two.account_id)) == 1

    async def test_a_wish_survives_a_bus_that_is_away(self, core_without_bus: Core) -> None:
        core = core_without_bus
        account_id = await add_account(core.db)
        async with core.db.read() as session:
            row = await rows.get(session, account_id)
        assert row is not None
        snapshot = await accounts.connect(core, row[0].user_id, account_id)
        assert snapshot.account_id == account_id
        assert (await read_runtime(core.db, account_id)).desired is Desired.CONNECTED


class TestDelete:
    async def test_it_is_gone_for_its_owner_and_told(self, core: Core, two: Two, heard: live.Subscription) -> None:
        await accounts.delete(core, two.ana, two.account_id)
        assert await next_event(heard) == AccountDeleted(user_id=two.ana, account_id=two.account_id)
        assert await accounts.list_accounts(core, two.ana) == []
        for name, call in EVERYTHING.items():
            with pytest.raises(NotFound):
                await call(core, two.ana, two.account_id)
            assert name
        assert (await read_runtime(core.db, two.account_id)).desired is Desired.DELETED


def a_code() -> Qr:
    now = utcnow()
    return Qr(code="2@x", png="data:", shown_at=now, expires_at=now + timedelta(seconds=60), number=2)


class TestQr:
    async def test_the_code_comes_with_the_account_that_shows_it(self, core: Core, two: Two) -> None:
        waiting = await add_account(core.db, two.ana, status=SessionStatus.QR)
        code = a_code()
        await qr.keep(core.redis, waiting, code)
        await qr.keep(core.redis, two.account_id, a_code())  # left over: that account is not waiting
        assert await accounts.qr(core, two.ana, waiting) == code
        assert (await accounts.get(core, two.ana, waiting)).qr == code
        shown = {each.account_id: each.qr for each in await accounts.list_accounts(core, two.ana)}
        assert shown == {two.account_id: None, waiting: code}

    async def test_there_is_none(self, core: Core, two: Two) -> None:
        waiting = await add_account(core.db, two.ana, status=SessionStatus.QR)
        for account_id in (two.account_id, waiting):
            with pytest.raises(NotFound) as caught:
                await accounts.qr(core, two.ana, account_id)
            assert caught.value.code == "qr_not_found"

    async def test_without_the_bus_accounts_are_still_shown(self, core_without_bus: Core) -> None:
        account_id = await add_account(core_without_bus.db, status=SessionStatus.QR)
        async with core_without_bus.db.read() as session:
            row = await rows.get(session, account_id)
        assert row is not None
        (snapshot,) = await accounts.list_accounts(core_without_bus, row[0].user_id)
        assert snapshot.status is SessionStatus.QR
        assert snapshot.qr is None


class TestPairingCode:
    async def test_the_host_is_asked(self, core: Core, two: Two) -> None:
        account_id = await add_account(core.db, two.ana, status=SessionStatus.QR)
        asked: list[AnyCommand] = []

        async def shows_a_code(command: AnyCommand) -> BaseModel:
            asked.append(command)
            return PairingCodeShown(code="ABCD1234")

        await lease.acquire(core.redis, account_id, "host-1")
        server = CommandServer(core.redis, "host-1", shows_a_code)
        await server.start()
        try:
            assert await accounts.pairing_code(core, two.ana, account_id, "+34 600 111 222") == "ABCD1234"
        finally:
            await server.stop()
        assert asked == [PairingCode(account_id=account_id, phone="34600111222")]

    async def test_only_while_a_code_is_shown(self, core: Core, two: Two) -> None:
        with pytest.raises(Conflict) as caught:
            await accounts.pairing_code(core, two.ana, two.account_id, "+34600111222")
        assert caught.value.code == "not_waiting_for_link"

    async def test_nobody_runs_it(self, core: Core, two: Two) -> None:
        account_id = await add_account(core.db, two.ana, status=SessionStatus.QR)
        with pytest.raises(NoHolder):
            await accounts.pairing_code(core, two.ana, account_id, "+34600111222")

    async def test_a_phone_that_is_none(self, core: Core, two: Two) -> None:
        with pytest.raises(PolicyError) as caught:
            await accounts.pairing_code(core, two.ana, two.account_id, "call me")
        assert caught.value.code == "bad_phone"


class TestHistory:
    async def test_pages_and_their_bounds(self, core: Core, two: Two) -> None:
        for _ in range(4):
            await accounts.restart(core, two.ana, two.account_id)

        async def page(**bounds: int) -> list[int]:
            return [line.id for line in await accounts.history(core, two.ana, two.account_id, **bounds)]

        ids = await page()
        assert ids == sorted(ids, reverse=True)
        assert len(ids) == 4
        assert await page(limit=2) == ids[:2]
        assert await page(limit=2, before=ids[1]) == ids[2:]
        assert await page(limit=0) == await page(limit=-5) == ids[:1]
        assert await page(limit=10**30, before=10**30) == ids
        assert await page(before=-(10**30)) == []


async def test_what_hangs_on_an_account_is_not_seen_through_another(core: Core, two: Two) -> None:
    evas = await add_account(core.db, two.eva)
    row = await add_message(core.db, evas)
    with pytest.raises(NotFound) as caught:
        await messages.get_message(core, two.ana, two.account_id, row.id)
    assert caught.value.code == "message_not_found"
    with pytest.raises(NotFound):
        await messages.list_messages(core, two.ana, two.account_id, before=row.id)


async def test_what_is_wanted_and_not_begun_is_queued(core: Core, two: Two) -> None:
    before = await accounts.get(core, two.ana, two.account_id)
    answered = await accounts.connect(core, two.ana, two.account_id)
    for seen in (answered, await accounts.get(core, two.ana, two.account_id)):
        assert (before.status, seen.status) == (SessionStatus.STOPPED, SessionStatus.QUEUED)
        assert (seen.public_status, seen.reason_code) == (PublicStatus.INITIALIZING, ReasonCode.REQUESTED)
    assert (await accounts.disconnect(core, two.ana, two.account_id)).status is SessionStatus.STOPPED
