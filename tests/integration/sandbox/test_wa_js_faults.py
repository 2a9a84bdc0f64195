"""The unmodified wa-js on the sandbox when things break: network, conflict, unlink, killed browser, restart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.async_api import Playwright

from tests.integration.sandbox.waiting import eventually
from tests.integration.sandbox.wajs import WaPage, wa_page
from tests.servers.sandbox import PhoneClient, RunningSandbox

BETO = "34611000001"
BETO_ID = f"{BETO}@c.us"

Linked = tuple[WaPage, PhoneClient]


async def test_offline_messages_wait_and_go_out_once(linked: Linked) -> None:
    wa, ana = linked
    first = await wa.send(BETO_ID, "con red")
    await wa.acked(first["id"], 1)
    await ana.offline()
    await wa.until("conn.stream_info_changed", lambda info: info == "OFFLINE")
    await wa.until("conn.online", lambda online: online is False)
    assert (await wa.state())["state"] == "TIMEOUT"

    sent = await wa.send(BETO_ID, "sin red")
    incoming = await ana.write(BETO, "¿estás?")
    assert len(await ana.received()) == 1
    seen = len(wa.events)
    await ana.online()
    await wa.until("conn.stream_info_changed", lambda info: info == "NORMAL", after=seen)
    await wa.acked(sent["id"], 3)
    await wa.until("chat.new_message", lambda msg: msg["id"] == f"false_{BETO_ID}_{incoming['id']}", after=seen)
    received = await ana.received()
    assert [(one["text"], one["times"]) for one in received] == [("con red", 1), ("sin red", 1)]
    assert (await wa.state())["mode"] == "MAIN"


async def test_conflict_and_take_over(linked: Linked) -> None:
    wa, ana = linked
    await ana.conflict()
    await wa.until("conn.stream_mode_changed", lambda mode: mode == "CONFLICT")
    assert (await wa.state())["authenticated"] is True  # as on the real site: a client must look at the mode
    assert (await eventually(ana.view, lambda view: not view["devices"][0]["connected"]))["devices"]
    seen = len(wa.events)
    await wa.page.evaluate("() => WPP.whatsapp.Socket.takeover()")
    await wa.until("conn.stream_mode_changed", lambda mode: mode == "MAIN", after=seen)
    await wa.acked((await wa.send(BETO_ID, "hola"))["id"], 3)


@pytest.mark.parametrize("generation", ["legacy", "bridge"])
async def test_unlink_reloads_and_shows_a_new_qr(sandbox: RunningSandbox, wa: WaPage, generation: str) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    await wa.page.goto(sandbox.page_url(generation))
    old = await wa.qr()
    await ana.scan(old)
    await wa.main()
    seen = len(wa.events)
    async with wa.page.expect_navigation(url="**/?post_logout=1*"):
        await ana.unlink()
    new = await wa.qr(after=seen)
    assert [field != other for field, other in zip(new.split(","), old.split(","), strict=True)] == [True] * 4
    assert [name for name, _ in wa.events[seen:] if name == "conn.logout"] == (
        ["conn.logout"] if generation == "legacy" else []
    )
    await ana.scan(new)
    await wa.main(after=seen)
    assert [device["device"] for device in (await ana.view())["devices"]] == [2]


@pytest.mark.parametrize("generation", ["legacy", "bridge"])
async def test_logout_removes_the_device(sandbox: RunningSandbox, wa: WaPage, generation: str) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    await wa.page.goto(sandbox.page_url(generation))
    await ana.scan(await wa.qr())
    await wa.main()
    seen = len(wa.events)
    async with wa.page.expect_navigation(url="**/?post_logout=1*"):
        await wa.page.evaluate("() => { void WPP.whatsapp.Socket.logout(); }")
    await wa.qr(after=seen)
    assert (await ana.view())["devices"] == []


async def test_unlinked_while_the_browser_was_closed(
    sandbox: RunningSandbox, playwright: Playwright, tmp_path: Path, chromium: str, chromium_flags: list[str]
) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        await wa.page.goto(sandbox.url)
        await ana.scan(await wa.qr())
        await wa.main()
    await ana.unlink()
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        async with wa.page.expect_navigation(url="**/?post_logout=1*"):
            await wa.page.goto(sandbox.url)
        await wa.qr()


async def test_killed_browser_comes_back_without_a_qr_and_finds_what_it_missed(
    sandbox: RunningSandbox, playwright: Playwright, tmp_path: Path, chromium: str, chromium_flags: list[str]
) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        await wa.page.goto(sandbox.url)
        await ana.scan(await wa.qr())
        await wa.main()
        sent = await wa.send(BETO_ID, "hola")
        await wa.acked(sent["id"], 1)
        wa.kill()
    await eventually(ana.view, lambda view: not view["devices"][0]["connected"])
    missed = await ana.write(BETO, "mientras no estabas", name="Beto")
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        await wa.page.goto(sandbox.url)
        await wa.until("injected")
        await eventually(wa.state, lambda state: state["mode"] == "MAIN" and state["synced"])
        assert not [data for name, data in wa.events if name == "conn.auth_code_change" and data]
        key = f"false_{BETO_ID}_{missed['id']}"
        stored = await eventually(wa.stored, lambda stored: key in [one["id"] for one in stored])
        assert {one["id"] for one in stored} == {key, sent["id"]}
        assert (await ana.received())[0]["times"] == 1


async def test_what_came_before_wa_js_is_in_the_store_and_gives_no_event(
    sandbox: RunningSandbox, playwright: Playwright, tmp_path: Path, chromium: str, chromium_flags: list[str]
) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        await wa.page.goto(sandbox.url)
        await ana.scan(await wa.qr())
        await wa.main()
    missed = await ana.write(BETO, "mientras no estabas")
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags, bare=True) as wa:
        await wa.page.goto(sandbox.url)
        await wa.page.wait_for_function("() => require('WAWebBackendEventBus').BackendEventBus.isOfflineDeliveryEnd")
        await wa.inject()
        await wa.until("injected")
        assert [one["id"] for one in await wa.stored()] == [f"false_{BETO_ID}_{missed['id']}"]
        later = await ana.write(BETO, "ahora sí")
        await wa.until("chat.new_message", lambda msg: msg["id"].endswith(later["id"]))
        assert len([name for name, _ in wa.events if name == "chat.new_message"]) == 1


async def test_killed_right_after_main_keeps_the_login(
    sandbox: RunningSandbox, playwright: Playwright, tmp_path: Path, chromium: str, chromium_flags: list[str]
) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        await wa.page.goto(sandbox.url)
        await ana.scan(await wa.qr())
        await wa.until("conn.stream_mode_changed", lambda mode: mode == "MAIN")
        wa.kill()
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        await wa.page.goto(sandbox.url)
        await wa.until("injected")
        await eventually(wa.state, lambda state: state["mode"] == "MAIN")


async def test_restarted_sandbox_keeps_devices_messages_and_settings(sandbox: RunningSandbox, linked: Linked) -> None:
    wa, ana = linked
    await sandbox.config(ackReadMs=None)
    sent = await wa.send(BETO_ID, "hola")
    await wa.acked(sent["id"], 2)
    await sandbox.stop()
    await wa.until("conn.stream_info_changed", lambda info: info == "OFFLINE")
    seen = len(wa.events)
    await sandbox.start()
    await wa.until("conn.stream_info_changed", lambda info: info == "NORMAL", after=seen)
    assert (await sandbox.get("/phone/config"))["ackReadMs"] is None
    assert await ana.read(BETO) == {"moved": 1}
    await wa.acked(sent["id"], 3)
    view = await ana.view()
    assert (view["name"], view["received"][0]["text"], view["received"][0]["times"]) == ("Ana", "hola", 1)


async def test_started_without_network_and_then_with(
    sandbox: RunningSandbox, playwright: Playwright, tmp_path: Path, chromium: str, chromium_flags: list[str]
) -> None:
    ana = sandbox.phone("34600112233", "Ana")
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        await wa.page.goto(sandbox.url)
        await ana.scan(await wa.qr())
        await wa.main()
    await ana.offline()
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        await wa.page.goto(sandbox.url)
        await wa.until("injected")
        state = await eventually(wa.state, lambda state: state["mode"] == "OFFLINE")
        assert (state["state"], state["info"], state["synced"], state["authenticated"]) == (
            "TIMEOUT",
            "OFFLINE",
            False,
            True,
        )
        await ana.online()
        await wa.main()
        assert (await wa.state())["mode"] == "MAIN"


async def test_network_lost_while_the_page_resumes(
    sandbox: RunningSandbox, playwright: Playwright, tmp_path: Path, chromium: str, chromium_flags: list[str]
) -> None:
    await sandbox.config(resumeMs=3000)
    ana = sandbox.phone("34600112233", "Ana")
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        await wa.page.goto(sandbox.url)
        await ana.scan(await wa.qr())
        await wa.main()
    async with wa_page(playwright, tmp_path / "p", chromium, chromium_flags) as wa:
        await wa.page.goto(sandbox.url)
        await wa.until("conn.stream_info_changed", lambda info: info == "RESUMING")
        await ana.offline()
        await wa.until("conn.stream_info_changed", lambda info: info == "OFFLINE")
        await ana.online()
        await wa.main()
        modes = [data for name, data in wa.events if name == "conn.stream_mode_changed"]
        assert modes == ["OFFLINE", "MAIN"]  # what the lost connection began did not go on


async def test_a_slow_page(sandbox: RunningSandbox, wa: WaPage) -> None:
    await sandbox.config(loadMs=1500)
    await wa.page.goto(sandbox.url)
    await wa.until("injected")
    assert [name for name, _ in wa.events if name == "conn.main_init"] == []
    await wa.qr()


LIMIT = """([chat]) => {
    const { REACHOUT_TIMELOCK_IDB_KEY: key, isUserReachoutTimelocked, canSendMsgWhileTimelocked } =
        require('WAWebReachoutTimelockUtils');
    const found = WPP.chat.get(chat);
    return {
        locked: isUserReachoutTimelocked(),
        ends: require('WAWebUserPrefsIndexedDBStorage').userPrefsIdb.get(key)?.time_enforcement_ends ?? null,
        may: found ? canSendMsgWhileTimelocked({ chat: found, contact: found.contact }) : null,
    };
}"""


async def test_a_limit_on_new_conversations(linked: Linked) -> None:
    wa, ana = linked
    await ana.write(BETO, "hola")
    await wa.until("chat.new_message")
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=1)
    await ana.limit(until, told=False)
    carla = "34611000002@c.us"
    refused = await wa.send(carla, "¿quién eres?")
    await wa.acked(refused["id"], -1)
    code = "([id]) => { const msg = WPP.whatsapp.MsgStore.get(id); return [msg.errorCode, msg.isSendFailure]; }"
    assert await wa.page.evaluate(code, [refused["id"]]) == [463, True]
    assert (await wa.page.evaluate(LIMIT, [carla]))["locked"] is False
    await wa.acked((await wa.send(BETO_ID, "hola, Beto"))["id"], 1)

    async def seen(chat: str, wanted: dict[str, object]) -> None:
        await eventually(lambda: wa.page.evaluate(LIMIT, [chat]), lambda found: found == wanted)

    await ana.limit(until)
    ends = until.timestamp() * 1000
    await seen(carla, {"locked": True, "ends": ends, "may": False})
    await seen(BETO_ID, {"locked": True, "ends": ends, "may": True})
    assert (await ana.view())["limitedUntilMs"] == ends
    await ana.limit(None)
    await seen(carla, {"locked": False, "ends": None, "may": True})
    assert [one["text"] for one in await ana.received()] == ["hola, Beto"]
