"""What an owner can do about a lane: times, taking back, settling, settings, opt-outs."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from session_core.bus import holds
from session_core.clock import utcnow
from session_core.domain.consent import OptOutSource
from session_core.domain.consent import Person as Human
from session_core.domain.lane import Hold, HoldCode
from session_core.domain.message import MessageStatus
from session_core.domain.status import SessionStatus
from session_core.sending.limiter import Limiter, Limits, Permit
from session_core.store import consent, messages, sending
from session_core.store.models import SendingRefusal
from tests.factories import add_message
from tests.integration.api.conftest import Person
from tests.integration.api.phone import Phone
from tests.servers.api import RunningApi

HELLO = {"to": "+34 612 34 56 78", "text": "hello"}
HOUR = timedelta(hours=1)


async def path_of(person: Person) -> str:
    return f"/api/v1/accounts/{(await person.account())['id']}"


def account_of(path: str) -> UUID:
    return UUID(path.rsplit("/", 1)[1])


async def test_a_message_waits_for_its_time_and_says_so(ana: Person, api: RunningApi) -> None:
    path = await path_of(ana)
    at = utcnow() + HOUR
    body = {**HELLO, "sendAt": at.isoformat(), "expiresAt": (at + HOUR).isoformat()}
    message = (await ana.program.post(f"{path}/messages", json=body)).json()
    assert datetime.fromisoformat(message["sendAt"]) == at
    assert datetime.fromisoformat(message["expiresAt"]) == at + HOUR
    shown = (await ana.program.get(f"{path}/messages/{message['id']}")).json()
    assert shown["hold"]["code"] == "scheduled"
    assert datetime.fromisoformat(shown["hold"]["until"]) == at
    lane = (await ana.program.get(f"{path}/lane")).json()
    assert (lane["waiting"], lane["scheduled"], lane["unknown"]) == (0, 1, 0)
    assert lane["limits"] == {"perAccount": 10, "perUser": 30, "windowSeconds": 60}


@pytest.mark.parametrize(
    "times",
    [
        {"expiresAt": "2020-01-01T00:00:00Z"},
        {"sendAt": "2999-01-01T00:00:00Z"},
        {"sendAt": "2026-01-01T00:00:00"},
        {"sendAt": (datetime.now(UTC) + 2 * HOUR).isoformat(), "expiresAt": (datetime.now(UTC) + HOUR).isoformat()},
    ],
    ids=["over", "too far", "no zone", "in the wrong order"],
)
async def test_times_that_can_never_be_are_refused(ana: Person, times: dict[str, str]) -> None:
    answer = await ana.program.post(f"{await path_of(ana)}/messages", json={**HELLO, **times})
    assert answer.status_code == 422
    assert answer.json()["code"] in {"bad_time", "invalid_request"}


async def test_the_same_key_with_another_time_is_another_request(ana: Person) -> None:
    path = await path_of(ana)
    headers = {"Idempotency-Key": "order-1"}
    assert (await ana.program.post(f"{path}/messages", json=HELLO, headers=headers)).status_code == 202
    later = {**HELLO, "sendAt": (utcnow() + HOUR).isoformat()}
    answer = await ana.program.post(f"{path}/messages", json=later, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")


async def test_what_is_queued_can_be_taken_back_and_only_that(ana: Person, api: RunningApi) -> None:
    path = await path_of(ana)
    message = (await ana.program.post(f"{path}/messages", json=HELLO)).json()
    for _ in range(2):
        cancelled = await ana.program.delete(f"{path}/messages/{message['id']}")
        assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (await ana.program.post(f"{path}/messages", json=HELLO)).status_code == 202, "it is no duplicate of nothing"
    under_way = await add_message(
        api.core.db, account_of(path), status=MessageStatus.SENDING, created_at=utcnow(), lease_token="t"
    )
    answer = await ana.program.delete(f"{path}/messages/{under_way.id}")
    assert (answer.status_code, answer.json()["code"]) == (409, "too_late")


@pytest.mark.parametrize(("outcome", "status"), [("sent", "sent"), ("not_sent", "queued")])
async def test_a_person_settles_what_nobody_knew(ana: Person, api: RunningApi, outcome: str, status: str) -> None:
    path = await path_of(ana)
    row = await add_message(api.core.db, account_of(path), status=MessageStatus.UNKNOWN, attempts=5)
    assert (await ana.program.get(f"{path}/lane")).json()["unknown"] == 1
    resolve = f"{path}/messages/{row.id}/resolve"
    answer = await ana.program.post(resolve, json={"outcome": outcome})
    assert (answer.status_code, answer.json()["status"]) == (200, status)
    again = await ana.program.post(resolve, json={"outcome": outcome})
    assert (again.status_code, again.json()["code"]) == (409, "not_unknown")
    async with api.core.db.read() as session:
        stored = await messages.get(session, row.account_id, row.id)
    assert stored is not None
    # It is looked for in the chat under its id before it is sent again.
    assert (stored.wa_key, stored.attempts) == (row.wa_key, 5 if outcome == "sent" else 1)


async def test_what_holds_a_lane_back_is_told(ana: Person, api: RunningApi, phone: Phone) -> None:
    path = await path_of(ana)
    message = (await ana.program.post(f"{path}/messages", json=HELLO)).json()
    assert (await ana.program.get(f"{path}/lane")).json()["hold"]["code"] == "not_ready"
    await phone.shows(account_of(path), SessionStatus.READY)
    assert (await ana.program.get(f"{path}/lane")).json()["hold"] is None
    until = utcnow() + HOUR
    hold = Hold(code=HoldCode.ACCOUNT_LIMIT, until=until)
    assert await holds.keep(api.core.redis, account_of(path), UUID(message["id"]), hold)
    assert not await holds.keep(api.core.redis, account_of(path), UUID(message["id"]), hold), "that is no news"
    for shown in (
        (await ana.program.get(f"{path}/lane")).json(),
        (await ana.program.get(f"{path}/messages")).json()[0],
    ):
        assert shown["hold"]["code"] == "account_limit"
        assert datetime.fromisoformat(shown["hold"]["until"]) == until
        assert shown["hold"]["reason"]


async def test_settings_are_changed_one_by_one(ana: Person) -> None:
    path = f"{await path_of(ana)}/settings"
    before = (await ana.program.get(path)).json()
    assert (before["duplicates"], before["quietHours"], before["dailyCap"]) == (True, None, None)
    night = {"start": "22:00", "until": "08:00", "timeZone": "Europe/Madrid"}
    changed = (await ana.program.patch(path, json={"quietHours": night, "gap": 2.5})).json()
    assert changed == before | {"quietHours": night, "gap": 2.5}
    assert (await ana.program.patch(path, json={"quietHours": None})).json() == before | {"gap": 2.5}
    assert (await ana.program.get(path)).json() == before | {"gap": 2.5}


@pytest.mark.parametrize(
    "change",
    [
        {"gap": -1},
        {"dailyCap": 0},
        {"quietHours": {"start": "8:00", "until": "8:00", "timeZone": "UTC"}},
        {"quietHours": {"start": "22:00", "until": "8:00", "timeZone": "Nowhere"}},
        {"optOutWords": ["START"]},
        {"optOutWords": ["!"]},
        {"unknown": 1},
    ],
    ids=str,
)
async def test_settings_that_make_no_sense_are_refused(ana: Person, change: dict[str, Any]) -> None:
    path = f"{await path_of(ana)}/settings"
    assert (await ana.program.patch(path, json=change)).status_code == 422


async def test_duplicates_can_be_allowed_and_are_counted(ana: Person) -> None:
    path = await path_of(ana)
    assert (await ana.program.post(f"{path}/messages", json=HELLO)).status_code == 202
    assert (await ana.program.post(f"{path}/messages", json=HELLO)).status_code == 409
    lane = (await ana.program.get(f"{path}/lane")).json()
    assert lane["duplicatesRefused"] == 1
    assert lane["refusedDay"] == lane["refusedWeek"] == {"duplicates": 1, "optedOut": 0}
    await ana.program.patch(f"{path}/settings", json={"duplicates": False})
    assert (await ana.program.post(f"{path}/messages", json=HELLO)).status_code == 202


async def test_who_opted_out_is_not_written_to_until_it_is_undone(ana: Person) -> None:
    path = await path_of(ana)
    waiting = (await ana.program.post(f"{path}/messages", json=HELLO)).json()
    made = await ana.program.post("/api/v1/opt-outs", json={"to": "+34 612 345 678"})
    assert made.status_code == 201
    assert (made.json()["phone"], made.json()["source"], made.json()["accountId"]) == ("34612345678", "hand", None)
    ended = (await ana.program.get(f"{path}/messages/{waiting['id']}")).json()
    assert (ended["status"], ended["failure"]) == ("failed", "opted_out")
    refused = await ana.program.post(f"{path}/messages", json={**HELLO, "force": True})
    assert (refused.status_code, refused.json()["code"]) == (409, "opted_out")
    assert refused.json()["existingId"] == made.json()["id"]
    assert (await ana.program.get(f"{path}/lane")).json()["optedOutRefused"] == 2
    again = await ana.program.post("/api/v1/opt-outs", json={"to": "34612345678@c.us"})
    assert again.json() == made.json(), "once is enough"

    assert (await ana.program.delete(f"/api/v1/opt-outs/{made.json()['id']}")).status_code == 204
    assert (await ana.program.post(f"{path}/messages", json=HELLO)).status_code == 202


async def test_an_opt_out_from_one_account_leaves_the_others_alone(ana: Person) -> None:
    one, two = await path_of(ana), await path_of(ana)
    await ana.program.post("/api/v1/opt-outs", json={"to": HELLO["to"], "accountId": str(account_of(one))})
    assert (await ana.program.post(f"{one}/messages", json=HELLO)).status_code == 409
    assert (await ana.program.post(f"{two}/messages", json=HELLO)).status_code == 202


async def test_opt_outs_are_listed_in_pages_and_exported(ana: Person, bob: Person) -> None:
    for number in range(5):
        await ana.program.post("/api/v1/opt-outs", json={"to": f"+3461234567{number}"})
    await bob.program.post("/api/v1/opt-outs", json={"to": "+34699999999"})
    first = (await ana.program.get("/api/v1/opt-outs?limit=3")).json()
    second = (await ana.program.get(f"/api/v1/opt-outs?limit=3&cursor={first['nextCursor']}")).json()
    phones = [item["phone"] for page in (first, second) for item in page["items"]]
    assert phones == [f"3461234567{number}" for number in (4, 3, 2, 1, 0)]
    assert second["nextCursor"] is None
    exported = await ana.program.get("/api/v1/opt-outs/export")
    assert exported.headers["content-type"].startswith("text/csv")
    assert exported.text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(exported.text.removeprefix("\ufeff"))))
    assert [row["phone"] for row in rows] == phones


@pytest.mark.parametrize(
    ("search", "found"),
    [("+34 612-345 67", 3), ("671", 1), ("612345670@", 0), ("%", 0), ("  ", 3)],
    ids=["a number as people write it", "digits of it", "no number", "no pattern", "nothing"],
)
async def test_opt_outs_are_found_by_a_part_of_the_number(ana: Person, search: str, found: int) -> None:
    for number in range(3):
        await ana.program.post("/api/v1/opt-outs", json={"to": f"+3461234567{number}"})
    answer = (await ana.program.get("/api/v1/opt-outs", params={"search": search})).json()
    assert len(answer["items"]) == found


async def test_opt_outs_are_found_by_a_part_of_the_name(ana: Person, api: RunningApi) -> None:
    path = await path_of(ana)
    user_id = UUID((await ana.program.get("/api/v1/auth/me")).json()["id"])
    async with api.core.db.begin() as session:
        for name, number in (("Marta", "34612345670"), ("Pedro", "34612345671")):
            person = Human(phone=number)
            await consent.add(session, user_id, account_of(path), person, OptOutSource.KEYWORD, utcnow(), name=name)
    answer = (await ana.program.get("/api/v1/opt-outs", params={"search": "mar"})).json()
    assert [item["name"] for item in answer["items"]] == ["Marta"]


async def test_what_went_out_lately_is_told_beside_the_limits(ana: Person, api: RunningApi) -> None:
    one, two = await path_of(ana), await path_of(ana)
    user_id = UUID((await ana.program.get("/api/v1/auth/me")).json()["id"])
    limiter = Limiter(api.core.redis, Limits.of(api.core.settings))
    await limiter.learn(user_id, timedelta(0))
    for path, count in ((one, 3), (two, 2)):
        for number in range(count):
            permit = await limiter.acquire(user_id, account_of(path), f"{path}{number}")
            assert isinstance(permit, Permit)
            await limiter.commit(permit)
    for hours in (1, 23, 25):
        at = utcnow() - hours * HOUR
        await add_message(api.core.db, account_of(one), status=MessageStatus.SENT, created_at=at, sent_at=at)
    assert (await ana.program.get(f"{one}/lane")).json()["used"] == {"perAccount": 3, "perUser": 5, "lastDay": 2}
    assert (await ana.program.get(f"{two}/lane")).json()["used"] == {"perAccount": 2, "perUser": 5, "lastDay": 0}


async def test_refusals_are_counted_by_the_hour_for_a_week(ana: Person, api: RunningApi) -> None:
    path = await path_of(ana)
    async with api.core.db.begin() as session:
        for days in (2, 6, 9):
            hour = (utcnow() - timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
            session.add(SendingRefusal(account_id=account_of(path), hour=hour, duplicates=1, opted_out=2))
    async with api.core.db.begin() as session:
        await sending.count_duplicate(session, account_of(path))
        await sending.count_opted_out(session, account_of(path), 5)
    lane = (await ana.program.get(f"{path}/lane")).json()
    assert lane["refusedDay"] == {"duplicates": 1, "optedOut": 5}
    assert lane["refusedWeek"] == {"duplicates": 3, "optedOut": 9}
    async with api.core.db.read() as session:
        everything = await sending.refused_since(session, account_of(path), utcnow() - timedelta(days=99))
    assert everything.duplicates == 3, "what is older than a week is not kept"


@pytest.mark.parametrize("to", ["120363000000000000@g.us", "12", "me@example.org"])
async def test_only_a_person_opts_out(ana: Person, to: str) -> None:
    assert (await ana.program.post("/api/v1/opt-outs", json={"to": to})).status_code == 422


async def test_somebody_elses_opt_out_and_account_do_not_exist(ana: Person, bob: Person) -> None:
    made = (await ana.program.post("/api/v1/opt-outs", json={"to": HELLO["to"]})).json()
    assert (await bob.program.delete(f"/api/v1/opt-outs/{made['id']}")).status_code == 404
    account = str(account_of(await path_of(ana)))
    taken = await bob.program.post("/api/v1/opt-outs", json={"to": HELLO["to"], "accountId": account})
    assert taken.status_code == 404
    path = await path_of(bob)
    assert (await bob.program.post(f"{path}/messages", json=HELLO)).status_code == 202, "it is ana's business alone"
