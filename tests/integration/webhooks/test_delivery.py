"""From the outbox to a real receiver: at least once, in order for each account, signed, whatever the receiver does."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlmodel import col, delete

from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import AlertKind
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.domain.webhooks import DeliveryStatus, OffReason, Problem
from session_core.host.record import StatusChange, status_changed
from session_core.services import alerts, webhooks
from session_core.store import webhook_lanes
from session_core.store.models import Account
from session_core.webhooks.drain import Courier, drain
from session_core.webhooks.secrets import open_vault
from tests.factories import add_account
from tests.integration.webhooks.scene import Scene, first_of_each, verify
from tests.servers.receiver import DRIP, HANG, HUGE, REDIRECT, RESET, SLOW, Receiver, running_receiver
from tests.servers.smtp import mute_server
from tests.waiting import eventually

D = DeliveryStatus


async def test_an_event_arrives_signed_both_ways(scene: Scene, receiver: Receiver) -> None:
    endpoint, secret = await scene.endpoint(receiver.url())
    (event_id,) = await scene.happen(scene.shop, "hello")
    await scene.deliver_all()
    (got,) = receiver.got
    event = verify(got, secret)
    assert event["id"] == got.headers["webhook-id"] == got.headers["x-webhook-request-id"] == event_id
    assert event["type"] == "message.received"
    assert event["accountId"] == str(scene.shop)
    assert event["sessionId"] == f"user_{scene.user_id}_wa_{scene.shop}"
    assert event["data"] == {"text": "hello"}
    assert got.headers["content-type"] == "application/json"
    assert got.headers["x-webhook-hmac-algorithm"] == "sha512"
    assert secret not in str(got.headers)
    (delivery,) = await scene.deliveries(endpoint)
    assert (delivery.status, delivery.tries, delivery.cursor) == (D.DELIVERED, 1, event["cursor"])
    detail = await webhooks.delivery(scene.core, scene.user_id, endpoint.id, delivery.id)
    (attempt,) = detail.attempts
    assert (attempt.status_code, attempt.problem, attempt.response) == (200, "", '{"ok": false, "note": "café"}')
    assert (await scene.view(endpoint)).last_success_at is not None


async def test_everything_arrives_in_order_at_a_receiver_that_does_everything_wrong(
    scene: Scene, receiver: Receiver
) -> None:
    endpoint, secret = await scene.endpoint(receiver.url())
    expected: dict[str, list[str]] = {}
    for account_id in (scene.shop, scene.desk):
        expected[str(account_id)] = await scene.happen(account_id, *(str(number) for number in range(12)))
    receiver.plan = [HANG, 500, RESET, 200, REDIRECT, SLOW, 503, 404, RESET, HANG, 200, 429, DRIP, HUGE, 400, 302]
    await scene.deliver_all()
    assert receiver.plan == []
    for account_id, ids in expected.items():
        own = [got for got in receiver.got if got.event["accountId"] == account_id]
        assert first_of_each([got.headers["webhook-id"] for got in own]) == ids, "out of order"
        assert [got.headers["webhook-id"] for got in own if got in receiver.taken] == ids, "lost, twice or overtaken"
    for got in receiver.got:
        verify(got, secret)
    assert {got.path for got in receiver.got} == {"/hook"}, "a redirect was followed"
    assert all(each.status is D.DELIVERED for each in await scene.deliveries(endpoint))


async def test_nobody_listens_then_somebody_does(scene: Scene) -> None:
    async with running_receiver() as receiver:
        port = receiver.port
    endpoint, _ = await scene.endpoint(f"http://127.0.0.1:{port}/hook")
    ids = await scene.happen(scene.shop, "1", "2")
    await scene.deliver_due()
    first, second = await scene.deliveries(endpoint)
    assert (first.status, first.tries, first.last_problem) == (D.PENDING, 1, Problem.REFUSED)
    assert first.next_try_at is not None
    assert first.next_try_at > utcnow()
    assert (second.status, second.tries) == (D.PENDING, 0), "it overtook the one before it"
    assert (await scene.view(endpoint)).failing_since is not None
    async with running_receiver(port=port) as receiver:
        await scene.no_pauses()
        await scene.deliver_all()
        assert receiver.taken_ids() == ids
    now = await scene.view(endpoint)
    assert (now.failing_since, now.pending) == (None, 0)


@pytest.mark.parametrize("host", ["mute", "no-such-name.invalid"])
async def test_what_never_answers_is_given_up_for_now(scene: Scene, host: str) -> None:
    async with mute_server() as port:
        url = f"http://127.0.0.1:{port}/" if host == "mute" else f"http://{host}/"
        endpoint, _ = await scene.endpoint(url)
        await scene.happen(scene.shop, "1")
        await scene.deliver_due()
    (delivery,) = await scene.deliveries(endpoint)
    assert delivery.status is D.PENDING
    assert delivery.last_problem is (Problem.TIMEOUT if host == "mute" else Problem.NAME)


async def test_a_dead_endpoint_holds_up_only_itself(scene: Scene, receiver: Receiver) -> None:
    await scene.endpoint(receiver.url("/dead"))
    await scene.endpoint(receiver.url("/well"))
    ids = await scene.happen(scene.shop, *(str(number) for number in range(5)))
    receiver.by_path["/dead"] = [HANG] * 5
    await scene.deliver_due()
    assert [got.headers["webhook-id"] for got in receiver.got if got.path == "/well"] == ids
    assert len([got for got in receiver.got if got.path == "/dead"]) == 1


async def test_filters_by_event_and_account(scene: Scene, receiver: Receiver) -> None:
    await scene.endpoint(receiver.url("/status"), events=("session.status",))
    await scene.endpoint(receiver.url("/desk"), events=("message.*",), account_ids=[scene.desk])
    await scene.happen(scene.shop, "1")
    (desk_id,) = await scene.happen(scene.desk, "2", event_type="message.ack")
    change = StatusChange(SessionStatus.READY, ReasonCode.NONE, "", utcnow(), None, 0, line=True)
    await status_changed(scene.core, scene.shop, change)
    await scene.deliver_all()
    desk, status = sorted(receiver.got, key=lambda got: got.path)
    assert (desk.path, desk.headers["webhook-id"]) == ("/desk", desk_id)
    assert (status.path, status.event["data"]["status"], status.event["data"]["phase"]) == ("/status", "ready", "ready")
    assert not {"userId", "hostId", "qr"} & status.event["data"].keys()


async def test_an_endpoint_hears_nothing_from_before_it_was_made(scene: Scene, receiver: Receiver) -> None:
    await scene.happen(scene.shop, "before")
    await scene.spread()
    await scene.endpoint(receiver.url())
    (later,) = await scene.happen(scene.shop, "after")
    await scene.deliver_all()
    assert receiver.taken_ids() == [later]


async def test_events_of_others_stay_with_them(scene: Scene, receiver: Receiver, core: Core) -> None:
    await scene.endpoint(receiver.url())
    await scene.happen(await add_account(core.db), "eva's")
    await scene.deliver_all()
    assert receiver.got == []


async def test_events_are_spread_once_however_many_spread_them(scene: Scene, receiver: Receiver) -> None:
    endpoint, _ = await scene.endpoint(receiver.url())
    ids = await scene.happen(scene.shop, *(str(number) for number in range(30)))
    await asyncio.gather(*(scene.spread() for _ in range(4)))
    deliveries = await scene.deliveries(endpoint)
    assert [f"evt_{each.event_id.hex}" for each in deliveries] == ids
    cursors = [each.cursor or 0 for each in deliveries]
    assert cursors == list(range(cursors[0], cursors[0] + 30))


async def test_a_dead_letter_lets_the_next_one_through(scene: Scene, receiver: Receiver) -> None:
    endpoint, _ = await scene.endpoint(receiver.url())
    ids = await scene.happen(scene.shop, "poison", "good")
    receiver.plan = [400]
    await scene.deliver_due()
    await scene.age(timedelta(hours=23))
    receiver.plan = [400]
    await scene.deliver_due()
    assert [each.status for each in await scene.deliveries(endpoint)] == [D.PENDING, D.PENDING]
    await scene.age(timedelta(hours=2))
    receiver.plan = [400]
    await scene.deliver_due()
    assert [each.status for each in await scene.deliveries(endpoint)] == [D.DEAD, D.DELIVERED]
    assert receiver.taken_ids() == ids[1:]


async def test_who_answers_410_wants_nothing_more(scene: Scene, receiver: Receiver) -> None:
    endpoint, _ = await scene.endpoint(receiver.url())
    await scene.happen(scene.shop, "1", "2")
    receiver.plan = [410]
    await scene.deliver_due()
    off = await scene.view(endpoint)
    assert (off.enabled, off.off_reason, off.pending) == (False, OffReason.GONE, 0)
    (alert,) = await alerts.list_alerts(scene.core, scene.user_id)
    assert (alert.kind, alert.detail, alert.resolved_at) == (AlertKind.WEBHOOK_OFF, endpoint.name, None)
    await scene.happen(scene.shop, "3")
    await scene.no_pauses()
    await scene.deliver_all()
    assert len(receiver.got) == 1


async def test_after_days_of_failure_it_goes_off_and_on_again_nothing_is_missing(
    scene: Scene, receiver: Receiver
) -> None:
    endpoint, _ = await scene.endpoint(receiver.url())
    ids = await scene.happen(scene.shop, "0")
    await scene.deliver_all()
    receiver.always = 500
    ids += await scene.happen(scene.shop, "1", "2")
    await scene.deliver_due()
    await scene.age(timedelta(days=3, minutes=1))
    await scene.deliver_due()
    off = await scene.view(endpoint)
    assert (off.enabled, off.off_reason) == (False, OffReason.FAILING)
    ids += await scene.happen(scene.desk, "3")
    ids += await scene.happen(scene.shop, "4")
    receiver.always = 200
    await scene.deliver_due()
    on = await webhooks.switch_on(scene.core, scene.user_id, endpoint.id)
    assert (on.enabled, on.failing_since, on.pending) == (True, None, 4)
    (alert,) = await alerts.list_alerts(scene.core, scene.user_id)
    assert alert.resolved_at is not None
    await scene.deliver_all()
    taken = receiver.taken_ids()
    assert sorted(taken) == sorted(ids)
    assert [each for each in taken if each != ids[3]] == ids[:3] + ids[4:], "out of order within the account"


async def test_retry_after_is_heard(scene: Scene, receiver: Receiver) -> None:
    endpoint, _ = await scene.endpoint(receiver.url())
    receiver.plan, receiver.headers = [429], {"Retry-After": "600"}
    await scene.happen(scene.shop, "1")
    await scene.deliver_due()
    (delivery,) = await scene.deliveries(endpoint)
    assert delivery.next_try_at is not None
    assert delivery.next_try_at > utcnow() + timedelta(minutes=9)


async def test_a_stalled_worker_changes_nothing(scene: Scene, receiver: Receiver) -> None:
    """Its lease ran out while the request was on its way, and another one took the lane over."""
    endpoint, _ = await scene.endpoint(receiver.url())
    ids = await scene.happen(scene.shop, "1", "2")
    await scene.spread()
    async with scene.core.db.read() as session:
        (lane,) = await webhook_lanes.due(session, utcnow(), limit=10)
    receiver.plan = [SLOW]

    async def take_over() -> None:
        await eventually(lambda: receiver.got)
        await scene.age(timedelta(minutes=5))
        await drain(scene.courier, lane)

    stalled, _ = await asyncio.gather(drain(scene.courier, lane), take_over())
    assert stalled == 1, "it went on although the lane was somebody else's"
    assert first_of_each(receiver.taken_ids()) == ids
    assert receiver.taken_ids() == [ids[0], *ids]
    assert [each.tries for each in await scene.deliveries(endpoint)] == [1, 1]
    assert [each.status for each in await scene.deliveries(endpoint)] == [D.DELIVERED, D.DELIVERED]


async def test_two_workers_never_deliver_the_same_lane(scene: Scene, receiver: Receiver) -> None:
    await scene.endpoint(receiver.url())
    ids = await scene.happen(scene.shop, *(str(number) for number in range(20)))
    await scene.spread()
    async with scene.core.db.read() as session:
        (lane,) = await webhook_lanes.due(session, utcnow(), limit=10)
    tries = await asyncio.gather(*(drain(scene.courier, lane) for _ in range(5)))
    assert sorted(tries) == [0, 0, 0, 0, 20]
    assert receiver.taken_ids() == ids
    assert receiver.most_waiting == 1


async def test_without_the_key_nothing_is_lost(scene: Scene, receiver: Receiver) -> None:
    endpoint, _ = await scene.endpoint(receiver.url())
    ids = await scene.happen(scene.shop, "1")
    good, strange = scene.courier, open_vault(None, scene.core.settings.data_dir / "elsewhere")
    scene.courier = Courier(scene.core, good.poster, strange)
    await scene.deliver_due()
    (delivery,) = await scene.deliveries(endpoint)
    assert (delivery.status, delivery.last_problem) == (D.PENDING, Problem.KEY_MISSING)
    assert (await scene.view(endpoint)).failing_since is None, "it is not the endpoint that fails"
    assert receiver.got == []
    scene.courier = good
    await scene.no_pauses()
    await scene.deliver_all()
    assert receiver.taken_ids() == ids


async def test_an_account_that_is_deleted_takes_its_deliveries_along(scene: Scene, receiver: Receiver) -> None:
    endpoint, _ = await scene.endpoint(receiver.url())
    await scene.happen(scene.shop, "1", "2")
    (other,) = await scene.happen(scene.desk, "3")
    await scene.spread()
    receiver.plan = [SLOW, SLOW]

    async def purge() -> None:
        await eventually(lambda: len(receiver.got) == 2)
        async with scene.core.db.begin() as session:
            await session.exec(delete(Account).where(col(Account.id) == scene.shop))

    await asyncio.gather(scene.deliver_due(), purge())
    await scene.deliver_all()
    assert [each.account_id for each in await scene.deliveries(endpoint)] == [scene.desk]
    assert other in receiver.taken_ids()
    assert all(lane.lease_token is None for lane in await scene.lanes())
