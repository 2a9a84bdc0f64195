"""Alerts over REST."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest

from session_core.alerts.round import look
from session_core.clock import utcnow
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.host.record import StatusChange, status_changed
from tests.integration.api.conftest import Person
from tests.servers.api import RunningApi

DEFAULT = {
    "language": "es",
    "kinds": {
        "needs_person": True,
        "down": True,
        "host_lost": True,
        "backup_failing": True,
        "webhook_off": True,
        "reach_out": True,
        "back": True,
    },
    "quietHours": None,
}


async def test_an_alert_as_its_owner_sees_it(api: RunningApi, ana: Person, bob: Person) -> None:
    account = await ana.account("Shop")
    change = StatusChange(SessionStatus.ERROR, ReasonCode.DISK_FULL, "no space left", utcnow(), None, 0)
    await status_changed(api.core, UUID(str(account["id"])), change)
    await look(api.core, utcnow())
    answer = await ana.program.get("/api/v1/alerts")
    assert answer.status_code == 200, answer.text
    (alert,) = answer.json()
    assert UUID(alert.pop("id"))
    assert alert.pop("raisedAt").startswith("20")
    assert alert == {
        "kind": "needs_person",
        "accountId": account["id"],
        "accountName": "Shop",
        "reasonCode": "disk_full",
        "reason": "The server's disk is full.",
        "detail": "",
        "resolvedAt": None,
        "mail": "off",
        "mailNote": "",
        "mailedAt": None,
    }
    assert (await bob.program.get("/api/v1/alerts")).json() == []


async def test_preferences_come_back_as_they_were_put(ana: Person, bob: Person) -> None:
    path = "/api/v1/alerts/preferences"
    assert (await ana.browser.get(path)).json() == DEFAULT
    wanted = {
        "language": "en",
        "kinds": {**DEFAULT["kinds"], "back": False},
        "quietHours": {"start": "22:00", "until": "07:30", "timeZone": "Europe/Madrid"},
    }
    put = await ana.browser.put(path, json=wanted)
    assert (put.status_code, put.json()) == (200, wanted)
    shown = (await ana.browser.get(path)).json()
    assert shown == wanted
    assert (await ana.browser.put(path, json=shown)).json() == wanted
    assert (await bob.browser.get(path)).json() == DEFAULT
    assert (await ana.program.put(path, json={"kinds": {"down": False}})).json() == {
        **DEFAULT,
        "kinds": {**DEFAULT["kinds"], "down": False},
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"language": "fr"}, "body.language"),
        ({"kinds": {"earthquake": True}}, "body.kinds.earthquake"),
        ({"kinds": {"down": "perhaps"}}, "body.kinds.down"),
        ({"quietHours": {"start": "22:00", "until": "07:00", "timeZone": "Mars/Olympus"}}, "body.quietHours"),
        ({"quietHours": {"start": "22:00", "until": "22:00", "timeZone": "UTC"}}, "body.quietHours"),
        ({"quietHours": {"start": "25:00", "until": "22:00", "timeZone": "UTC"}}, "body.quietHours.start"),
        ({"quietHours": {"start": "22:00"}}, "body.quietHours.until"),
        ({"loud": True}, "body.loud"),
        ([], "body"),
    ],
)
async def test_what_makes_no_sense_is_refused(ana: Person, body: Any, field: str) -> None:
    answer = await ana.program.put("/api/v1/alerts/preferences", json=body)
    assert answer.status_code == 422, answer.text
    problem = answer.json()
    assert problem["code"] == "invalid_request"
    assert any(error["field"].startswith(field) for error in problem["errors"]), problem
    assert "\n" not in problem["errors"][0]["message"]


@pytest.mark.parametrize("limit", ["0", "201", "x"])
async def test_a_page_has_a_size(ana: Person, limit: str) -> None:
    assert (await ana.program.get("/api/v1/alerts", params={"limit": limit})).status_code == 422
