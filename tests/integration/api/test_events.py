"""The feed and the endpoints' headers over HTTP."""

from __future__ import annotations

from uuid import UUID

from session_core.store import outbox
from session_core.webhooks.fanout import fan_out
from tests.integration.api.conftest import Person
from tests.servers.api import RunningApi

HOOK = "https://93.184.216.34/hook"


async def test_a_program_goes_on_from_next(ana: Person, api: RunningApi) -> None:
    account = await ana.account("Shop")
    start = (await ana.program.get("/api/v1/events")).json()
    assert start["events"] == []
    async with api.core.db.begin() as session:
        await outbox.add(session, UUID(account["id"]), "message.received", {"text": "hello"})
    while await fan_out(api.core):
        pass
    answer = await ana.program.get("/api/v1/events", params={"after": start["next"], "wait": 5, "type": "message.*"})
    page = answer.json()
    (event,) = page["events"]
    assert (event["type"], event["accountId"], event["data"]) == ("message.received", account["id"], {"text": "hello"})
    assert (page["next"], page["more"]) == (event["cursor"], False)
    for wrong in ({"after": -1}, {"wait": 60}, {"type": "nothing"}, {"limit": 0}):
        assert (await ana.program.get("/api/v1/events", params={"after": 0, **wrong})).status_code == 422, wrong


async def test_headers_go_in_and_never_come_out(ana: Person) -> None:
    wanted = {"url": HOOK, "format": "waha", "events": ["message"], "headers": {"Authorization": "Bearer hunter2"}}
    made = await ana.program.post("/api/v1/webhooks", json=wanted)
    hook = made.json()["webhook"]
    assert (hook["format"], hook["headerNames"]) == ("waha", ["Authorization"])
    path = f"/api/v1/webhooks/{hook['id']}"
    changed = await ana.program.put(path, json={**wanted, "headers": {"Authorization": None, "X-Team": "sales"}})
    assert changed.json()["headerNames"] == ["Authorization", "X-Team"]
    refused = await ana.program.put(path, json={**wanted, "headers": {"Host": "hunter2"}})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_webhook_headers")
    everything = [made, changed, refused, await ana.program.get(path), await ana.program.get("/api/v1/webhooks")]
    assert all("hunter2" not in answer.text for answer in everything)
