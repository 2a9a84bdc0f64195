"""Socket.IO with the real socket.io-client from npm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from session_core.domain.status import ReasonCode, SessionStatus
from session_core.settings import Settings
from tests.integration.api.conftest import Person, signed_up
from tests.integration.api.phone import NUMBER, Phone
from tests.servers.api import RunningApi, running_api
from tests.servers.socket_client import Heard, SocketIoClient, socket_client
from tests.servers.valkey import running_valkey_server
from tests.waiting import eventually
from whahook_app.api.socket_client import RECHECK

QR, READY = "whatsapp:qr", "whatsapp:ready"
DISCONNECTED, ERROR = "whatsapp:disconnected", "whatsapp:error"

SOON = RECHECK + timedelta(seconds=5)


@pytest.fixture
async def program(api: RunningApi, ana: Person) -> AsyncIterator[SocketIoClient]:
    """Give a connected client of Ana's."""
    async with socket_client(api.url, api_key=ana.key) as client:
        await client.next("connect")
        yield client


def cookie_of(person: Person) -> str:
    return f"wh_session={person.browser.cookies['wh_session']}"


@pytest.mark.parametrize("transports", [("polling",), ("websocket",), ("polling", "websocket")], ids="+".join)
async def test_from_create_to_destroy(transports: tuple[str, ...], api: RunningApi, ana: Person, phone: Phone) -> None:
    account = await ana.account()
    session_id = account["sessionId"]
    async with socket_client(api.url, transports=transports, api_key=ana.key) as client:
        await client.next("connect")
        answer = await client.emit("whatsapp:create", {"accountId": account["id"]})
        assert answer == {"ok": True, "sessionId": session_id}
        await phone.shows(account["id"], SessionStatus.LAUNCHING)
        await phone.shows_qr(account["id"], "2@first")
        assert await client.next(QR) == Heard(QR, {"qr": "2@first", "sessionId": session_id})
        await phone.shows_qr(account["id"], "2@second", number=2)
        assert await client.next(QR) == Heard(QR, {"qr": "2@second", "sessionId": session_id})
        await phone.is_linked(account["id"])
        assert await client.next(READY) == Heard(READY, {"sessionId": session_id, "phoneNumber": NUMBER})
        answer = await client.emit("whatsapp:destroy", {"sessionId": session_id})
        assert answer == {"ok": True, "sessionId": session_id}
        await phone.shows(account["id"], SessionStatus.STOPPING, ReasonCode.REQUESTED)
        await phone.shows(account["id"], SessionStatus.STOPPED, ReasonCode.REQUESTED)
        assert await client.next(DISCONNECTED) == Heard(DISCONNECTED, {"sessionId": session_id, "reason": "requested"})
        await phone.shows(account["id"], SessionStatus.ERROR, ReasonCode.DISK_FULL, reason="The disk is full.")
        assert await client.next(ERROR) == Heard(ERROR, {"sessionId": session_id, "error": "The disk is full."})
        assert client.names() == [QR, QR, READY, DISCONNECTED, ERROR]
    history = (await ana.program.get(f"/api/v1/accounts/{account['id']}/activity")).json()
    requests = [line["kind"] for line in history if line["kind"] != "status"]
    assert requests == ["disconnect_requested", "connect_requested", "created"], "destroy does not unlink"


async def test_whoever_comes_late_hears_where_everything_is(api: RunningApi, ana: Person, phone: Phone) -> None:
    waiting, ready, broken, idle = [await ana.account(name) for name in ("waiting", "ready", "broken", "idle")]
    await phone.shows_qr(waiting["id"], "2@late")
    await phone.is_linked(ready["id"])
    await phone.shows(broken["id"], SessionStatus.ACTION_REQUIRED, ReasonCode.UNLINKED)
    async with socket_client(api.url, headers={"Cookie": cookie_of(ana)}) as client:
        await client.next(QR)
        await client.next(READY)
        await client.next(DISCONNECTED)
        await phone.is_linked(waiting["id"])
        await client.next(READY)
        told = {line.data["sessionId"] for line in client.heard if line.name.startswith("whatsapp:")}
        assert told == {account["sessionId"] for account in (waiting, ready, broken)}
        assert idle["sessionId"] not in told
        assert client.names() == [QR, READY, DISCONNECTED, READY]


async def test_create_tells_again_what_is_there_already(program: SocketIoClient, ana: Person, phone: Phone) -> None:
    account = await ana.account()
    await phone.is_linked(account["id"])
    await program.next(READY)
    await program.emit("whatsapp:create", {"accountId": account["id"]})
    assert (await program.next(READY)).data["phoneNumber"] == NUMBER


async def test_a_stranger_hears_nothing_and_can_do_nothing(
    program: SocketIoClient, api: RunningApi, ana: Person, bob: Person, phone: Phone
) -> None:
    account = await bob.account()
    async with socket_client(api.url, api_key=bob.key) as bobs:
        await bobs.next("connect")
        refused = await program.emit("whatsapp:create", {"accountId": account["id"]})
        assert refused["code"] == "account_not_found"
        assert (await program.next(ERROR)).data == {
            "sessionId": f"user_{ana.id}_wa_{account['id']}",
            "error": "There is no such account.",
        }
        refused = await program.emit("whatsapp:destroy", {"sessionId": account["sessionId"]})
        assert refused["code"] == "account_not_found"
        await phone.shows_qr(account["id"], "2@bobs")
        await bobs.next(QR)
        own = await ana.account()
        await phone.shows_qr(own["id"], "2@anas")
        assert (await program.next(QR)).data["qr"] == "2@anas"
        assert program.names() == [ERROR, ERROR, QR]
        assert bobs.names() == [QR]
    history = (await bob.program.get(f"/api/v1/accounts/{account['id']}/activity")).json()
    assert [line["kind"] for line in history] == ["status", "created"]


BAD_PAYLOADS = [
    ("whatsapp:create", [], "bad_payload"),
    ("whatsapp:create", [None], "bad_payload"),
    ("whatsapp:create", ["text"], "bad_payload"),
    ("whatsapp:create", [{"accountId": 5}], "bad_payload"),
    ("whatsapp:create", [{"accountId": "x"}, "more", 1], "bad_payload"),
    ("whatsapp:create", [{"accountId": {"$ne": None}}], "bad_payload"),
    ("whatsapp:create", [{"accountId": str(uuid4())}], "account_not_found"),
    ("whatsapp:destroy", [{"sessionId": "user_x_wa_y"}], "bad_payload"),
    ("whatsapp:destroy", [{"sessionId": ["a"]}], "bad_payload"),
    ("whatsapp:destroy", [{"sessionId": f"user_{uuid4()}_wa_{uuid4()}"}], "account_not_found"),
    ("whatsapp:ready", [{"sessionId": "x"}], "unknown_event"),
    ("anything", [], "unknown_event"),
]


async def test_bad_payloads_get_an_error(program: SocketIoClient) -> None:
    for event, data, code in BAD_PAYLOADS:
        answer = await program.emit(event, *data)
        assert (answer["ok"], answer["code"]) == (False, code), (event, data)
        error = (await program.next(ERROR)).data
        assert error.keys() == {"sessionId", "error"}, (event, data)
        assert error["error"]


async def test_nobody_is_refused_with_the_reason(api: RunningApi, ana: Person) -> None:
    for arguments in (
        {},
        {"api_key": "wak_0000000000_wrong"},
        {"api_key": ana.key + "x"},
        {"headers": {"X-API-Key": "wrong"}},
        {"headers": {"Cookie": "wh_session=wrong"}},
        {"api_key": "wrong", "headers": {"Cookie": cookie_of(ana)}},
        {"headers": {"Cookie": cookie_of(ana), "Sec-Fetch-Site": "cross-site"}},
    ):
        async with socket_client(api.url, **arguments) as client:
            refused = await client.next("connect_error")
            assert refused.data == "unauthorized", arguments
            assert refused.more["code"] == "unauthenticated"
            assert not any(line.name == "connect" for line in client.heard)
    assert api.sockets.clients == 0


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_another_sites_page_cannot_connect(api: RunningApi, ana: Person, transport: str) -> None:
    headers = {"Cookie": cookie_of(ana), "Origin": "https://evil.example"}
    async with socket_client(api.url, transports=[transport], headers=headers) as client:
        await client.next("connect_error")
        assert not any(line.name == "connect" for line in client.heard)
    own = {"Cookie": cookie_of(ana), "Origin": api.url}
    async with socket_client(api.url, transports=[transport], headers=own) as client:
        await client.next("connect")


async def test_the_key_may_come_as_a_header(api: RunningApi, ana: Person) -> None:
    async with socket_client(api.url, headers={"X-API-Key": ana.key}) as client:
        await client.next("connect")


async def test_a_revoked_key_is_thrown_out(program: SocketIoClient, ana: Person) -> None:
    keys = (await ana.browser.get("/api/v1/api-keys")).json()
    await ana.browser.delete(f"/api/v1/api-keys/{keys[0]['id']}")
    # "io server disconnect": the client does not try again by itself.
    assert (await program.next("disconnect", SOON)).data == "io server disconnect"


async def test_after_signing_out_nothing_can_be_done_any_more(api: RunningApi, ana: Person) -> None:
    account = await ana.account()
    async with socket_client(api.url, headers={"Cookie": cookie_of(ana)}) as client:
        await client.next("connect")
        await ana.browser.post("/api/v1/auth/sign-out")
        await client.send("whatsapp:create", {"accountId": account["id"]})
        assert "Sign in" in (await client.next(ERROR)).data["error"]
        assert (await client.next("disconnect")).data == "io server disconnect"
    history = (await ana.program.get(f"/api/v1/accounts/{account['id']}/activity")).json()
    assert [line["kind"] for line in history] == ["created"]


async def test_a_deleted_account_is_gone_for_clients_too(program: SocketIoClient, ana: Person, phone: Phone) -> None:
    account = await ana.account()
    await phone.is_linked(account["id"])
    await program.next(READY)
    await ana.program.delete(f"/api/v1/accounts/{account['id']}")
    assert (await program.next(DISCONNECTED)).data == {"sessionId": account["sessionId"], "reason": "deleted"}


async def test_what_happens_while_the_bus_is_away_is_told_afterwards(settings: Settings, tmp_path: Path) -> None:
    with running_valkey_server(tmp_path / "valkey") as valkey:
        alone = settings.model_copy(update={"redis_url_setting": valkey.url})
        async with (
            running_api(alone) as api,
            signed_up(api) as ana,
            socket_client(api.url, api_key=ana.key) as client,
        ):
            phone = Phone(api.core)
            account = await ana.account()
            await client.next("connect")
            valkey.kill()
            await phone.shows(account["id"], SessionStatus.READY, identity=(NUMBER, None))
            valkey.start()
            assert (await client.next(READY, timedelta(seconds=30))).data["sessionId"] == account["sessionId"]


async def test_a_client_comes_back_after_a_restart_and_hears_where_things_are(settings: Settings) -> None:
    async with running_api(settings) as api:
        port = api.core.settings.port
        async with signed_up(api) as ana:
            account = await ana.account()
            await Phone(api.core).is_linked(account["id"])
            key, url = ana.key, api.url
        client_block = socket_client(url, api_key=key)
        client = await client_block.__aenter__()
        await client.next(READY)
    try:
        assert (await client.next("disconnect")).data in {"transport close", "transport error"}
        async with running_api(settings, port=port):
            await client.next("connect")
            await client.next(READY)
    finally:
        await client_block.__aexit__(None, None, None)


async def test_nothing_is_left_when_a_client_goes(api: RunningApi, ana: Person) -> None:
    before = api.core.hub.listeners
    async with socket_client(api.url, api_key=ana.key) as client:
        await client.next("connect")
        await eventually(lambda: api.core.hub.listeners == before + 1)
        assert api.sockets.clients == 1
    await eventually(lambda: api.core.hub.listeners == before and not api.sockets.clients)
