"""Endpoints in WAHA's form, and headers of their own, at a real receiver."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest
from sqlmodel import select

from session_core.domain.webhooks import BodyFormat, DeliveryStatus, Problem
from session_core.errors import PolicyError
from session_core.services import webhooks
from session_core.services.webhooks import Wanted
from session_core.store.models import SessionRuntime, WebhookEndpoint
from session_core.webhooks import signature
from session_core.webhooks.secrets import Vault
from tests.integration.webhooks.scene import Scene, verify
from tests.servers.receiver import Receiver

TOKEN = "Bearer hunter2"


async def log_in(scene: Scene) -> None:
    async with scene.core.db.begin() as session:
        for row in (await session.exec(select(SessionRuntime))).all():
            row.phone_number, row.push_name = "34600000000", "Ana"


async def test_the_envelope_of_waha_signed_in_both_ways(scene: Scene, receiver: Receiver) -> None:
    await log_in(scene)
    _, secret = await scene.endpoint(receiver.url(), format=BodyFormat.WAHA, events=["message.any", "session.status"])
    (event_id,) = await scene.happen(scene.shop, "hello")
    await scene.happen(scene.shop, "not chosen", event_type="message.ack")
    await scene.deliver_all()
    (got,) = receiver.got
    event = verify(got, secret)
    # Not the whole of a message is in this payload, so that it goes out as it is; its form is the unit tests' matter.
    assert (event["id"], event["event"], event["payload"]) == (event_id, "message.received", {"text": "hello"})
    assert event["session"] == f"user_{scene.user_id}_wa_{scene.shop}"
    assert event["me"] == {"id": "34600000000@c.us", "pushName": "Ana"}
    assert got.headers["x-webhook-request-id"] == event_id
    expected = hmac.new(secret.encode(), got.body, hashlib.sha512).hexdigest()
    assert got.headers["x-webhook-hmac"] == expected == signature.waha(secret, got.body)
    assert abs(int(got.headers["x-webhook-timestamp"]) - int(got.headers["webhook-timestamp"]) * 1000) < 1000


async def test_wahas_names_choose_for_wahas_form_only(scene: Scene) -> None:
    with pytest.raises(PolicyError) as refused:
        await scene.endpoint("https://93.184.216.34/", events=["message.any"])
    assert refused.value.code == "bad_webhook_events"


async def test_a_replay_finds_what_wahas_names_mean(scene: Scene, receiver: Receiver) -> None:
    endpoint, _ = await scene.endpoint(receiver.url(), format=BodyFormat.WAHA, events=["message"])
    await scene.happen(scene.shop, "1")
    await scene.happen(scene.shop, "out", event_type="message.sent")
    await scene.deliver_all()
    replayed = await webhooks.replay_range(scene.core, scene.user_id, endpoint.id, after=0)
    assert replayed.queued == 1
    await scene.deliver_all()
    assert [got.event["payload"]["text"] for got in receiver.got] == ["1", "1"]


async def test_headers_arrive_and_are_nowhere_to_be_seen(scene: Scene, receiver: Receiver) -> None:
    headers = {"Authorization": TOKEN, "X-Team": "sales"}
    endpoint, secret = await scene.endpoint(receiver.url(), headers=headers)
    assert endpoint.header_names == ["Authorization", "X-Team"]
    assert "hunter2" not in repr(endpoint)
    async with scene.core.db.read() as session:
        (row,) = (await session.exec(select(WebhookEndpoint))).all()
        assert "hunter2" not in str(row.model_dump())
    await scene.happen(scene.shop, "1")
    await scene.deliver_all()
    (got,) = receiver.got
    verify(got, secret)
    assert (got.headers["authorization"], got.headers["x-team"]) == (TOKEN, "sales")


async def test_headers_stay_until_somebody_says_otherwise(scene: Scene, receiver: Receiver) -> None:
    endpoint, _ = await scene.endpoint(receiver.url(), headers={"Authorization": TOKEN, "X-Team": "sales"})

    async def after(wanted: Wanted) -> dict[str, str]:
        await webhooks.change(scene.core, scene.user_id, endpoint.id, wanted)
        await scene.happen(scene.shop, "1")
        await scene.deliver_all()
        sent = receiver.got[-1].headers
        return {name: sent[name] for name in ("authorization", "x-team") if name in sent}

    wanted = Wanted(url=receiver.url())
    assert await after(wanted) == {"authorization": TOKEN, "x-team": "sales"}
    assert await after(replace(wanted, headers={"Authorization": None, "X-Team": "support"})) == {
        "authorization": TOKEN,
        "x-team": "support",
    }
    assert await after(replace(wanted, headers={"X-Team": "last"})) == {"x-team": "last"}
    assert await after(replace(wanted, headers={})) == {}


async def test_without_the_key_nothing_goes_out_half(scene: Scene, receiver: Receiver) -> None:
    endpoint, _ = await scene.endpoint(receiver.url(), headers={"Authorization": TOKEN})
    await scene.happen(scene.shop, "1")
    scene.courier = replace(scene.courier, vault=Vault({"other": bytes(32)}))
    await scene.deliver_due()
    (delivery,) = await scene.deliveries(endpoint)
    assert (delivery.status, delivery.last_problem) == (DeliveryStatus.PENDING, Problem.KEY_MISSING)
    assert receiver.got == []
