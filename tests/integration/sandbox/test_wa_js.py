"""The unmodified wa-js on the sandbox: linking and messages, in both generations of the page."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from playwright.async_api import Playwright

from tests.integration.sandbox.waiting import eventually
from tests.integration.sandbox.wajs import WaPage, wa_page
from tests.servers.sandbox import PhoneClient, RunningSandbox

BETO = "34611000001"
BETO_ID = f"{BETO}@c.us"

Linked = tuple[WaPage, PhoneClient]

both_generations = pytest.mark.parametrize("generation", ["legacy", "bridge"])


@both_generations
async def test_from_the_qr_to_read(sandbox: RunningSandbox, wa: WaPage, generation: str) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    await wa.page.goto(sandbox.page_url(generation))
    await ana.scan(await wa.qr())
    await wa.main()
    assert await wa.state() == {
        "state": "CONNECTED",
        "synced": True,
        "mode": "MAIN",
        "info": "NORMAL",
        "online": True,
        "authenticated": True,
    }
    legacy_events = {"conn.authenticated", "conn.main_loaded"}
    assert legacy_events & {name for name, _ in wa.events} == (legacy_events if generation == "legacy" else set())

    chosen = f"true_{BETO_ID}_3EB0ABCDEF0123456789"
    answer = await wa.send(BETO_ID, "hola", messageId=chosen)
    assert answer["id"] == chosen
    for ack in (1, 2, 3):
        await wa.acked(chosen, ack)
        await wa.until("chat.msg_ack_change", lambda change, ack=ack: change == {"id": chosen, "ack": ack})
    (received,) = await ana.received()
    assert (received["id"], received["to"], received["text"], received["times"], received["ack"]) == (
        "3EB0ABCDEF0123456789",
        BETO,
        "hola",
        1,
        3,
    )
    assert received["acks"]["server"] <= received["acks"]["device"] <= received["acks"]["read"]

    incoming = await ana.write(BETO, "qué tal", name="Beto", quotedId=received["id"])
    key = f"false_{BETO_ID}_{incoming['id']}"
    await wa.until("chat.new_message", lambda msg: msg == {"id": key, "type": "chat", "body": "qué tal"})
    answer = await wa.send(BETO_ID, "bien", quotedMsg=key)
    await wa.acked(answer["id"], 1)
    assert (await ana.received())[1]["quotedId"] == incoming["id"]
    assert (await ana.view())["chats"][0]["unread"] == 0  # sending marked the chat as read
    assert wa.errors == []


async def test_events_come_in_the_order_that_clients_rely_on(linked: Linked) -> None:
    wa, _ = linked
    order = [
        ("conn.stream_mode_changed", "QR"),
        ("conn.stream_mode_changed", "SYNCING"),
        ("conn.backend_event", "open_socket_stream"),
        ("conn.main_loaded", None),
        ("conn.backend_event", "on_critical_sync_done"),
        ("conn.stream_info_changed", "NORMAL"),
        ("conn.stream_mode_changed", "MAIN"),
        ("conn.backend_event", "main_stream_mode_ready"),
        ("conn.backend_event", "offline_delivery_end"),
    ]
    assert [event for event in wa.events if event in order] == order


async def test_a_scan_with_another_secret_is_refused_by_the_page(sandbox: RunningSandbox, wa: WaPage) -> None:
    ana = sandbox.phone("34600112233")
    await wa.page.goto(sandbox.url)
    ref, noise, identity, secret = (await wa.qr()).split(",")
    forged = secret.replace(secret[0], "A" if secret[0] != "A" else "B", 1)
    with pytest.raises(httpx.HTTPStatusError, match="device_refused"):
        await ana.scan(",".join([ref, noise, identity, forged]))
    with pytest.raises(httpx.HTTPStatusError, match="keys_do_not_match"):
        await ana.scan(",".join([ref, identity, noise, secret]))
    assert (await wa.state())["mode"] == "QR"
    await ana.scan(",".join([ref, noise, identity, secret]))  # the page is none the worse
    await wa.main()


@both_generations
async def test_qrs_rotate_expire_and_come_back(sandbox: RunningSandbox, wa: WaPage, generation: str) -> None:
    await sandbox.config(qrFirstMs=2500, qrNextMs=500, qrMax=3)
    ana = sandbox.phone("34600112233")
    await wa.page.goto(sandbox.page_url(generation))
    first = await wa.qr()
    await wa.until("conn.qrcode_idle")
    codes = {data["fullCode"] for name, data in wa.events if name == "conn.auth_code_change" and data}
    assert len(codes) == 3
    for code in codes:
        with pytest.raises(httpx.HTTPStatusError) as refused:
            await ana.scan(code)
        assert refused.value.response.status_code == 410
    assert first in codes

    await sandbox.config(qrFirstMs=60_000)
    seen = len(wa.events)
    if generation == "bridge":
        with pytest.raises(Exception, match="refreshQR is not a function"):
            await wa.page.evaluate("() => WPP.conn.refreshQR()")
        await wa.page.evaluate("() => require('WAWebLaunchSocketUtils').refreshQR()")
    else:
        await wa.page.evaluate("() => { void WPP.conn.refreshQR(); }")
    await ana.scan(await wa.qr(after=seen))
    await wa.main()


async def test_pairing_code(sandbox: RunningSandbox, wa: WaPage) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    await wa.page.goto(sandbox.url)
    await wa.qr()
    code = await wa.page.evaluate("(phone) => WPP.conn.genLinkDeviceCodeForPhoneNumber(phone)", ana.number)
    assert len(code) == 8
    with pytest.raises(httpx.HTTPStatusError, match="unknown_code"):
        await ana.pair("12345678" if code != "12345678" else "87654321")
    assert (await ana.pair(code))["device"] == 1
    await wa.main()


async def test_an_expired_pairing_code_is_refused_and_replaced(sandbox: RunningSandbox, wa: WaPage) -> None:
    await sandbox.config(pairingCodeMs=200)
    ana = sandbox.phone("34600112233", "Ana")
    await wa.page.goto(sandbox.url)
    await wa.until("injected")  # wa-js cancels a code that was asked for before its main_ready
    code = await wa.page.evaluate("(phone) => WPP.conn.startLinkDeviceCodeForPhoneNumber(phone)", ana.number)
    second = await wa.until("conn.link_code_change", lambda shown: shown != code)
    await sandbox.config(pairingCodeMs=60_000)
    with pytest.raises(httpx.HTTPStatusError) as refused:
        await ana.pair(code)
    assert refused.value.response.status_code in (404, 410)
    assert second != code


async def test_lid_chats(sandbox: RunningSandbox, wa: WaPage) -> None:
    await sandbox.config(lid=True)
    ana = sandbox.phone("34600112233", "Ana")
    await wa.page.goto(sandbox.url)
    await ana.scan(await wa.qr())
    await wa.main()
    answer = await wa.send(BETO_ID, "hola")
    assert answer["to"].endswith("@lid")
    assert answer["from"].endswith("@lid")
    await wa.acked(answer["id"], 3)
    assert (await ana.received())[0]["to"] == BETO
    with pytest.raises(Exception, match="remote ID is not same of chat"):
        await wa.send(BETO_ID, "hola", messageId=f"true_{BETO_ID}_3EB0ABCDEF")
    with pytest.raises(Exception, match="Chat not found"):
        await wa.page.evaluate("(id) => WPP.chat.getMessages(id)", BETO_ID)
    incoming = await ana.write(BETO, "qué tal")
    await wa.until("chat.new_message", lambda msg: msg["id"] == f"false_{answer['to']}_{incoming['id']}")


async def test_ciphertext_comes_first_and_then_the_text_with_the_same_id(sandbox: RunningSandbox, wa: WaPage) -> None:
    await sandbox.config(ciphertextFirst=True, ciphertextMs=100)
    ana = sandbox.phone("34600112233", "Ana")
    await wa.page.goto(sandbox.url)
    await ana.scan(await wa.qr())
    await wa.main()
    key = f"false_{BETO_ID}_{(await ana.write(BETO, 'hola'))['id']}"
    await wa.until("chat.new_message", lambda msg: msg["type"] == "chat")
    assert [data for name, data in wa.events if name == "chat.new_message"] == [
        {"id": key, "type": "ciphertext", "body": None},
        {"id": key, "type": "chat", "body": "hola"},
    ]


async def test_a_refused_send_fails_with_the_reason_and_reaches_nobody(sandbox: RunningSandbox, linked: Linked) -> None:
    wa, ana = linked
    await sandbox.config(failSends={"mode": "next", "count": 1, "reason": "ERROR_NETWORK"})
    answer = await wa.send(BETO_ID, "hola", waitForAck=True)
    assert answer["sendMsgResult"]["messageSendResult"] == "ERROR_NETWORK"
    assert (answer["ack"], await ana.received()) == (-1, [])
    answer = await wa.send(BETO_ID, "otra vez", waitForAck=True)
    assert answer["sendMsgResult"]["messageSendResult"] == "OK"


async def test_a_number_without_account_gets_no_chat(sandbox: RunningSandbox, linked: Linked) -> None:
    wa, _ = linked
    await sandbox.config(notOnWhatsapp=[BETO])
    assert await wa.page.evaluate("(id) => WPP.contact.queryExists(id)", BETO_ID) is None
    with pytest.raises(Exception, match="Failed to find or create chat"):
        await wa.send(BETO_ID, "hola")


async def test_the_same_id_twice_is_counted_and_delivered_once(linked: Linked) -> None:
    wa, ana = linked
    chosen = f"true_{BETO_ID}_3EB0ABCDEF0123456789"
    await wa.send(BETO_ID, "hola", messageId=chosen)
    await wa.acked(chosen, 1)
    await wa.send(BETO_ID, "hola", messageId=chosen)
    (received,) = await eventually(ana.received, lambda received: received[0]["times"] == 2)
    assert len(received["arrivalsMs"]) == 2


async def test_newer_message_keys(sandbox: RunningSandbox, wa: WaPage) -> None:
    await sandbox.config(msgKeyField="$1")
    ana = sandbox.phone("34600112233", "Ana")
    await wa.page.goto(sandbox.url)
    await ana.scan(await wa.qr())
    await wa.main()
    answer = await wa.send(BETO_ID, "hola")
    assert answer["id"].startswith(f"true_{BETO_ID}_3EB0")
    await wa.acked(answer["id"], 3)


async def test_a_second_device_gets_history_and_what_the_first_sends(
    sandbox: RunningSandbox,
    linked: Linked,
    playwright: Playwright,
    tmp_path: Path,
    chromium: str,
    chromium_flags: list[str],
) -> None:
    wa, ana = linked
    await ana.write(BETO, "antes")
    async with wa_page(playwright, tmp_path / "second", chromium, chromium_flags) as other:
        await other.page.goto(sandbox.url)
        await ana.scan(await other.qr())
        await other.main()
        assert [message["body"] for message in await other.stored()] == ["antes"]
        sent = await wa.send(BETO_ID, "desde el primero")
        await other.until("chat.new_message", lambda msg: msg["id"] == sent["id"])
        assert [device["device"] for device in (await ana.view())["devices"]] == [1, 2]
