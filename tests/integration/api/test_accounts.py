from __future__ import annotations

import io
from datetime import datetime
from uuid import uuid4

import zxingcpp
from PIL import Image

from session_core.domain.status import ReasonCode, SessionStatus
from tests.integration.api.conftest import Person
from tests.integration.api.phone import NUMBER, Phone

FIELDS = {
    "id",
    "sessionId",
    "userId",
    "accountId",
    "name",
    "kind",
    "status",
    "phase",
    "reasonCode",
    "phoneNumber",
    "lastActivity",
    "createdAt",
}


async def test_a_new_account_has_the_seeds_fields(ana: Person) -> None:
    answer = await ana.program.post("/api/v1/accounts", json={"name": " Shop ", "kind": "sandbox"})
    assert answer.status_code == 201
    account = answer.json()
    assert account.keys() >= FIELDS
    assert account["sessionId"] == f"user_{ana.id}_wa_{account['id']}"
    assert (account["userId"], account["accountId"]) == (ana.id, account["id"])
    assert (account["name"], account["kind"]) == ("Shop", "sandbox")
    assert (account["status"], account["phase"], account["reasonCode"]) == ("disconnected", "stopped", "")
    assert account["phoneNumber"] is None
    assert isinstance(account["createdAt"], int)
    assert account["lastActivity"] == account["createdAt"] > 1_600_000_000_000


async def test_one_or_all_by_key_or_cookie(ana: Person) -> None:
    first, second = await ana.account("One"), await ana.account("Two")
    for client in (ana.program, ana.browser):
        assert [account["id"] for account in (await client.get("/api/v1/accounts")).json()] == [
            first["id"],
            second["id"],
        ]
        assert (await client.get(f"/api/v1/accounts/{second['id']}")).json() == second


async def test_bad_names_and_kinds_are_refused(ana: Person) -> None:
    for body in ({"name": ""}, {"name": "x" * 150}, {"name": "a", "kind": "other"}, {"name": "a\u0000b"}, {}, []):
        answer = await ana.program.post("/api/v1/accounts", json=body)
        assert answer.status_code == 422, body
        assert answer.headers["content-type"] == "application/problem+json"
    assert (await ana.program.get("/api/v1/accounts")).json() == []


async def test_rename(ana: Person) -> None:
    account = await ana.account()
    renamed = await ana.program.patch(f"/api/v1/accounts/{account['id']}", json={"name": "Office"})
    assert (renamed.status_code, renamed.json()["name"]) == (200, "Office")
    assert (await ana.program.patch(f"/api/v1/accounts/{account['id']}", json={"name": "  "})).status_code == 422


async def test_delete_hides_it_at_once(ana: Person) -> None:
    account = await ana.account()
    assert (await ana.program.delete(f"/api/v1/accounts/{account['id']}")).status_code == 204
    assert (await ana.program.get(f"/api/v1/accounts/{account['id']}")).status_code == 404
    assert (await ana.program.delete(f"/api/v1/accounts/{account['id']}")).status_code == 404
    assert (await ana.program.get("/api/v1/accounts")).json() == []


async def test_what_is_asked_is_accepted_and_in_the_history(ana: Person) -> None:
    path = f"/api/v1/accounts/{(await ana.account())['id']}"
    for action, body in (("connect", None), ("restart", None), ("disconnect", None), ("disconnect", {"logout": True})):
        answer = await ana.program.post(f"{path}/{action}", json=body)
        assert answer.status_code == 202, answer.text
        assert answer.json().keys() >= FIELDS
    history = (await ana.program.get(f"{path}/activity")).json()
    assert [line["kind"] for line in history] == [
        "logout_requested",
        "disconnect_requested",
        "restart_requested",
        "connect_requested",
        "created",
    ]
    assert datetime.fromisoformat(history[0]["at"]).tzinfo is not None
    page = (await ana.program.get(f"{path}/activity", params={"limit": 2, "before": history[1]["id"]})).json()
    assert [line["kind"] for line in page] == ["restart_requested", "connect_requested"]


async def test_a_misspelt_field_is_refused_not_ignored(ana: Person) -> None:
    path = f"/api/v1/accounts/{(await ana.account())['id']}"
    answer = await ana.program.post(f"{path}/disconnect", json={"logOut": True})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["field"] == "body.logOut"


async def test_status_phase_and_reason_follow_the_session(ana: Person, phone: Phone) -> None:
    account = await ana.account()
    path = f"/api/v1/accounts/{account['id']}"
    await phone.is_linked(account["id"])
    ready = (await ana.program.get(path)).json()
    assert (ready["status"], ready["phase"], ready["phoneNumber"]) == ("ready", "ready", NUMBER)
    await phone.shows(account["id"], SessionStatus.RECONNECTING, ReasonCode.OFFLINE)
    away = (await ana.program.get(path)).json()
    assert (away["status"], away["phase"], away["reasonCode"]) == ("disconnected", "reconnecting", "offline")
    assert away["seq"] > ready["seq"]
    assert (ready["reason"], ready["action"]) == ("", "")
    assert (away["reason"], away["action"][:26]) == ("WhatsApp has no connection.", "It reconnects by itself. I")


async def test_qr_as_a_picture_and_as_text(ana: Person, phone: Phone) -> None:
    account = await ana.account()
    path = f"/api/v1/accounts/{account['id']}/qr"
    none = await ana.program.get(path)
    assert (none.status_code, none.json()["code"]) == (404, "qr_not_found")

    await phone.shows_qr(account["id"], "2@first,key")
    picture = await ana.program.get(path)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.headers["cache-control"] == "no-store"
    decoded = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.content)).convert("L"))
    assert [code.text for code in decoded] == ["2@first,key"]

    text = await ana.program.get(path, headers={"Accept": "application/json"})
    assert text.json()["qr"] == "2@first,key"
    assert datetime.fromisoformat(text.json()["expiresAt"]).tzinfo is not None
    assert text.headers["cache-control"] == "no-store"

    await phone.is_linked(account["id"])
    assert (await ana.program.get(path)).status_code == 404


async def test_pairing_code(ana: Person, phone: Phone) -> None:
    account = await ana.account()
    path = f"/api/v1/accounts/{account['id']}/pairing-code"
    early = await ana.program.post(path, json={"phone": "+34 612 34 56 78"})
    assert (early.status_code, early.json()["code"]) == (409, "not_waiting_for_link")

    await phone.shows_qr(account["id"])
    lonely = await ana.program.post(path, json={"phone": "+34 612 34 56 78"})
    assert (lonely.status_code, lonely.json()["code"]) == (503, "account_not_running")
    assert int(lonely.headers["retry-after"]) > 0

    host = await phone.answers_with_pairing_code(account["id"], "ABCD1234")
    try:
        shown = await ana.program.post(path, json={"phone": "+34 612 34 56 78"})
        assert (shown.status_code, shown.json()) == (200, {"code": "ABCD1234"})
        bad = await ana.program.post(path, json={"phone": "12"})
        assert (bad.status_code, bad.json()["code"]) == (422, "bad_phone")
    finally:
        await host.stop()


async def test_an_id_that_is_none_looks_like_somebody_elses(ana: Person, bob: Person) -> None:
    foreign = (await bob.account())["id"]
    answers = [
        await ana.program.get(f"/api/v1/accounts/{name}") for name in (foreign, uuid4(), "not-an-id", "1", "%00")
    ]
    assert [answer.status_code for answer in answers] == [404] * 5
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].json()["code"] == "account_not_found"
