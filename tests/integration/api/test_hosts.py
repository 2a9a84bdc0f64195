"""Hosts over REST."""

from __future__ import annotations

from typing import Any

from session_core.bus import hosts as bus
from session_core.clock import utcnow
from session_core.domain.status import SessionStatus
from tests.integration.api.conftest import Person
from tests.integration.api.phone import Phone
from tests.servers.api import RunningApi


async def beat(api: RunningApi, host_id: str, **fields: Any) -> None:
    told = {"running": 1, "room_for": 2, "folder": "shared", "name": host_id.upper(), **fields}
    await bus.beat(api.core.redis, bus.Heartbeat(host_id=host_id, at=utcnow(), chromium_sandbox=True, **told))


async def test_an_account_is_moved_by_a_program(api: RunningApi, ana: Person, bob: Person, phone: Phone) -> None:
    account_id = (await ana.account())["id"]
    await beat(api, "host-a")
    await beat(api, "host-b")
    await ana.program.post(f"/api/v1/accounts/{account_id}/connect")
    await phone.shows(account_id, SessionStatus.READY)
    listed = (await ana.program.get("/api/v1/hosts", params={"accountId": str(account_id)})).json()
    assert listed[1] == {
        "id": "host-b",
        "name": "HOST-B",
        "running": 1,
        "roomFor": 2,
        "draining": False,
        "here": False,
        "obstacle": None,
    }
    answer = await ana.program.post(f"/api/v1/accounts/{account_id}/move", json={"hostId": "host-b"})
    assert (answer.status_code, answer.json()["movingTo"]) == (202, "host-b")
    assert (await ana.program.get(f"/api/v1/accounts/{account_id}")).json()["movingTo"] == "host-b"
    unknown = await ana.program.post(f"/api/v1/accounts/{account_id}/move", json={"hostId": "host-x"})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "host_unknown")
    assert unknown.json()["action"]
    for path in (f"/api/v1/hosts?accountId={account_id}", "/api/v1/hosts?accountId=none"):
        assert (await bob.program.get(path)).status_code in {404, 422}
