"""What a user can do with webhooks, and what somebody else cannot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlmodel import select

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.webhooks import TEST, DeliveryStatus, OffReason
from session_core.errors import Conflict, NotFound, PolicyError
from session_core.services import webhooks
from session_core.services.webhooks import MAX_ENDPOINTS, Wanted
from session_core.store import outbox
from session_core.store import webhooks as rows
from session_core.store.models import OutboxEvent, WebhookEndpoint
from session_core.webhooks.fanout import fan_out
from tests.factories import add_account
from tests.integration.services.conftest import Two

URL = "https://93.184.216.34/hook"
"""A public address. Nothing is sent to it: nobody delivers here."""

D = DeliveryStatus


async def made(core: Core, two: Two, **wanted: Any) -> UUID:
    return (await webhooks.create(core, two.ana, Wanted(url=URL, **wanted))).endpoint.id


async def happen(core: Core, account_id: UUID, count: int, event_type: str = "message.received") -> list[UUID]:
    async with core.db.begin() as session:
        for number in range(count):
            await outbox.add(session, account_id, event_type, {"text": str(number)})
    while await fan_out(core):
        pass
    async with core.db.read() as session:
        events = (await session.exec(select(OutboxEvent).order_by(OutboxEvent.id))).all()
    return [event.event_id for event in events][-count:]


async def events_of(core: Core, two: Two, hook: UUID, **which: Any) -> list[UUID]:
    found = await webhooks.deliveries(core, two.ana, hook, limit=200, **which)
    return [delivery.event_id for delivery in found][::-1]


async def test_an_endpoint_is_made_shown_changed_and_deleted(core: Core, two: Two) -> None:
    new = await webhooks.create(core, two.ana, Wanted(url=URL))
    assert new.secret.startswith("whsec_")
    assert new.secret not in repr(new)
    view = new.endpoint
    assert (view.name, view.events, view.account_ids, view.enabled) == ("93.184.216.34", ["*"], None, True)
    async with core.db.read() as session:
        row = (await session.exec(select(WebhookEndpoint))).one()
    assert new.secret not in row.secret
    wanted = Wanted(url=URL + "/2", events=("message.*",), account_ids=[two.account_id], name="  Orders \t of shop ")
    changed = await webhooks.change(core, two.ana, view.id, wanted)
    assert (changed.url, changed.events, changed.account_ids) == (URL + "/2", ["message.*"], [two.account_id])
    assert changed.name == "Orders of shop"
    assert await webhooks.list_endpoints(core, two.ana) == [changed]
    await happen(core, two.account_id, 2)
    assert (await webhooks.get(core, two.ana, view.id)).pending == 2
    await webhooks.delete(core, two.ana, view.id)
    assert await webhooks.list_endpoints(core, two.ana) == []


async def test_what_is_nonsense_is_refused(core: Core, two: Two) -> None:
    for events in ((), ("nothing.like.it",), ("*", "x y"), tuple(f"a{number}.*" for number in range(60))):
        with pytest.raises(PolicyError, match="no such event"):
            await made(core, two, events=events)
    with pytest.raises(PolicyError, match="No account"):
        await made(core, two, account_ids=[])
    with pytest.raises(PolicyError, match="at most 100"):
        await made(core, two, name="x" * 101)
    with pytest.raises(PolicyError, match="at most 100"):
        await made(core, two, name="x\0")
    for account_id in (uuid4(), await add_account(core.db, two.eva)):
        with pytest.raises(NotFound):
            await made(core, two, account_ids=[two.account_id, account_id])


async def test_there_is_an_end_to_how_many(core: Core, two: Two) -> None:
    for _ in range(MAX_ENDPOINTS):
        await made(core, two)
    with pytest.raises(PolicyError) as refused:
        await made(core, two)
    assert refused.value.code == "too_many_webhooks"
    assert (await webhooks.create(core, two.eva, Wanted(url=URL))).endpoint.enabled


Call = Callable[[Core, UUID, UUID, int], Coroutine[Any, Any, Any]]
CALLS: dict[str, Call] = {
    "get": lambda core, who, hook, _: webhooks.get(core, who, hook),
    "change": lambda core, who, hook, _: webhooks.change(core, who, hook, Wanted(url=URL)),
    "switch_on": lambda core, who, hook, _: webhooks.switch_on(core, who, hook),
    "switch_off": lambda core, who, hook, _: webhooks.switch_off(core, who, hook),
    "rotate": lambda core, who, hook, _: webhooks.rotate(core, who, hook),
    "test": lambda core, who, hook, _: webhooks.test(core, who, hook),
    "deliveries": lambda core, who, hook, _: webhooks.deliveries(core, who, hook),
    "delivery": webhooks.delivery,
    "replay_one": webhooks.replay_one,
    "skip": webhooks.skip,
    "replay_range": lambda core, who, hook, _: webhooks.replay_range(core, who, hook, after=0),
    "delete": lambda core, who, hook, _: webhooks.delete(core, who, hook),
}


async def test_somebody_elses_does_not_exist(core: Core, two: Two) -> None:
    hook = await made(core, two)
    await happen(core, two.account_id, 1)
    (delivery,) = await webhooks.deliveries(core, two.ana, hook)
    own = (await webhooks.create(core, two.eva, Wanted(url=URL))).endpoint.id
    for call in CALLS.values():
        with pytest.raises(NotFound):
            await call(core, two.eva, hook, delivery.id)
    for name in ("delivery", "replay_one", "skip"):
        with pytest.raises(NotFound):
            await CALLS[name](core, two.eva, own, delivery.id)
    assert await webhooks.deliveries(core, two.ana, hook) == [delivery]
    assert await webhooks.list_endpoints(core, two.eva) != []


async def test_two_secrets_count_until_the_overlap_is_over(core: Core, two: Two) -> None:
    hook = await made(core, two)
    rotated = await webhooks.rotate(core, two.ana, hook, timedelta(hours=2))
    until = rotated.endpoint.old_secret_until
    assert until is not None
    assert timedelta(minutes=119) < until - utcnow() < timedelta(minutes=121)
    forever = await webhooks.rotate(core, two.ana, hook, timedelta(days=400))
    assert forever.secret != rotated.secret
    assert forever.endpoint.old_secret_until is not None
    assert forever.endpoint.old_secret_until < utcnow() + timedelta(days=8)
    leaked = await webhooks.rotate(core, two.ana, hook, timedelta(0))
    assert leaked.endpoint.old_secret_until is None


async def test_a_range_is_repeated_by_cursor_and_by_time(core: Core, two: Two) -> None:
    hook = await made(core, two, events=("message.*",))
    events = await happen(core, two.account_id, 6)
    await happen(core, two.account_id, 1, "session.status")
    cursors = [each.cursor or 0 for each in await webhooks.deliveries(core, two.ana, hook)][::-1]
    assert cursors == sorted(cursors)
    replayed = await webhooks.replay_range(core, two.ana, hook, after=cursors[1], until=cursors[4])
    assert (replayed.queued, replayed.next_after) == (3, None)
    assert await events_of(core, two, hook) == events + events[2:5]
    assert [each.replay for each in await webhooks.deliveries(core, two.ana, hook, limit=3)] == [True] * 3
    everything = await webhooks.replay_range(core, two.ana, hook, since=utcnow() - timedelta(hours=1))
    assert everything.queued == 6
    assert (await webhooks.replay_range(core, two.ana, hook, since=utcnow() + timedelta(hours=1))).queued == 0
    assert (await webhooks.replay_range(core, two.ana, hook, after=cursors[-1] + 100)).queued == 0


async def test_a_long_range_is_repeated_in_parts(core: Core, two: Two, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "MAX_REPLAY", 4)
    hook = await made(core, two)
    events = await happen(core, two.account_id, 6)
    first = await webhooks.replay_range(core, two.ana, hook, after=0)
    assert first.queued == 4
    second = await webhooks.replay_range(core, two.ana, hook, after=first.next_after)
    assert (second.queued, second.next_after) == (2, None)
    assert await events_of(core, two, hook) == events * 2


async def test_nothing_is_repeated_for_who_does_not_take_it(
    core: Core, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_WAITING", 3)
    hook = await made(core, two)
    await happen(core, two.account_id, 3)
    newest, *_, oldest = await webhooks.deliveries(core, two.ana, hook)
    with pytest.raises(Conflict, match="Too much waits"):
        await webhooks.replay_range(core, two.ana, hook, after=0)
    assert (await webhooks.replay_one(core, two.ana, hook, newest.id)).id == newest.id
    await webhooks.skip(core, two.ana, hook, oldest.id)
    assert (await webhooks.replay_one(core, two.ana, hook, oldest.id)).id > newest.id
    with pytest.raises(Conflict):
        await webhooks.replay_one(core, two.ana, hook, oldest.id)


async def test_others_events_are_not_repeated(core: Core, two: Two) -> None:
    await happen(core, await add_account(core.db, two.eva), 3)
    other = await add_account(core.db, two.ana)
    hook = await made(core, two, account_ids=[two.account_id])
    await happen(core, other, 2)
    own = await happen(core, two.account_id, 1)
    assert (await webhooks.replay_range(core, two.ana, hook, after=0)).queued == 1
    assert await events_of(core, two, hook) == own * 2


async def test_one_is_repeated_or_given_up(core: Core, two: Two) -> None:
    hook = await made(core, two)
    await happen(core, two.account_id, 2)
    second, first = await webhooks.deliveries(core, two.ana, hook)
    assert (await webhooks.replay_one(core, two.ana, hook, first.id)).id == first.id, "it waits: it is tried now"
    skipped = await webhooks.skip(core, two.ana, hook, first.id)
    assert (skipped.status, skipped.done_at is not None) == (D.SKIPPED, True)
    with pytest.raises(Conflict):
        await webhooks.skip(core, two.ana, hook, first.id)
    again = await webhooks.replay_one(core, two.ana, hook, first.id)
    assert (again.event_id, again.replay, again.status) == (first.event_id, True, D.PENDING)
    assert again.id > second.id


async def test_off_and_on_with_and_without_what_was_missed(core: Core, two: Two) -> None:
    hook = await made(core, two)
    waiting = await happen(core, two.account_id, 1)
    off = await webhooks.switch_off(core, two.ana, hook)
    assert (off.enabled, off.off_reason, off.pending) == (False, OffReason.OWNER, 0)
    assert await webhooks.switch_off(core, two.ana, hook) == off
    missed = await happen(core, two.account_id, 2)
    with pytest.raises(Conflict):
        await webhooks.replay_range(core, two.ana, hook, after=0)
    on = await webhooks.switch_on(core, two.ana, hook)
    assert (on.enabled, on.off_at, on.pending) == (True, None, 3)
    assert await events_of(core, two, hook, status=D.PENDING) == waiting + missed
    assert (await webhooks.switch_on(core, two.ana, hook)).pending == 3, "it was on: nothing was missed"
    await webhooks.switch_off(core, two.ana, hook)
    await happen(core, two.account_id, 1)
    assert (await webhooks.switch_on(core, two.ana, hook, replay_missed=False)).pending == 0


async def test_all_that_was_missed_is_queued_however_much_it_is(
    core: Core, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_REPLAY", 2)
    hook, other = await made(core, two), await add_account(core.db, two.ana)
    await webhooks.switch_off(core, two.ana, hook)
    missed = []
    for _ in range(15):
        missed += await happen(core, two.account_id, 1)
        missed += await happen(core, other, 1)
    on = await webhooks.switch_on(core, two.ana, hook)
    assert (on.enabled, on.pending) == (True, len(missed))
    new = await happen(core, other, 1)
    assert await events_of(core, two, hook, status=D.PENDING) == missed + new


async def test_to_switch_on_goes_on_where_it_was_interrupted(
    core: Core, two: Two, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_REPLAY", 2)
    hook = await made(core, two)
    await webhooks.switch_off(core, two.ana, hook)
    missed = await happen(core, two.account_id, 5)
    replay, rounds = rows.replay, iter(range(2))

    async def dies(*given: Any, **options: Any) -> tuple[int, int | None]:
        if next(rounds, None) is None:
            raise ConnectionError("the second round was the last one")
        return await replay(*given, **options)

    monkeypatch.setattr(rows, "replay", dies)
    with pytest.raises(ConnectionError):
        await webhooks.switch_on(core, two.ana, hook)
    monkeypatch.setattr(rows, "replay", replay)
    assert not (await webhooks.get(core, two.ana, hook)).enabled
    missed += await happen(core, two.account_id, 1)
    ons = await asyncio.gather(*(webhooks.switch_on(core, two.ana, hook) for _ in range(2)))
    assert [(on.enabled, on.pending) for on in ons] == [(True, 6)] * 2
    assert await events_of(core, two, hook) == missed


async def test_a_test_waits_beside_everything_else(core: Core, two: Two) -> None:
    hook = await made(core, two)
    await webhooks.switch_off(core, two.ana, hook)
    test = await webhooks.test(core, two.ana, hook)
    assert (test.event_type, test.account_id, test.cursor, test.status) == (TEST, None, None, D.PENDING)
    assert (await webhooks.test(core, two.ana, hook)).id == test.id, "one waits: there is no second one"
    assert [each.id for each in await webhooks.deliveries(core, two.ana, hook, event_type=TEST)] == [test.id]


async def test_the_list_is_filtered_and_has_pages(core: Core, two: Two) -> None:
    hook = await made(core, two)
    other = await add_account(core.db, two.ana)
    await happen(core, two.account_id, 3)
    await happen(core, other, 2, "session.status")
    everything = await webhooks.deliveries(core, two.ana, hook)
    assert len(everything) == 5
    assert await webhooks.deliveries(core, two.ana, hook, before=everything[2].id) == everything[3:]
    assert await webhooks.deliveries(core, two.ana, hook, limit=2) == everything[:2]
    assert await webhooks.deliveries(core, two.ana, hook, account_id=other) == everything[:2]
    assert await webhooks.deliveries(core, two.ana, hook, event_type="session.status") == everything[:2]
    assert await webhooks.deliveries(core, two.ana, hook, status=D.DEAD) == []
