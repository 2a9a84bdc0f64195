"""The heavy variant weighs what it says, and both clients run on it unmodified."""

from __future__ import annotations

from pathlib import Path

import pytest

from session_core.sandbox import heavy
from tests.integration.sandbox.wajs import WaPage
from tests.integration.sandbox.wwebjs import web_js
from tests.servers.sandbox import RunningSandbox

BETO = "34611000001"

pytestmark = pytest.mark.slow


async def test_wa_js_runs_on_it_and_it_weighs_what_it_says(sandbox: RunningSandbox, wa: WaPage) -> None:
    await sandbox.config(heavy=True)
    ana = sandbox.phone("34600112233", "Ana")
    devtools = await wa.page.context.new_cdp_session(wa.page)
    await wa.page.goto(sandbox.url)
    await ana.scan(await wa.qr())
    await wa.main()
    await wa.page.wait_for_function(
        "window.heavyEager?.length === 0 && document.querySelectorAll('nav li').length >= 500"
    )
    sent = await wa.send(f"{BETO}@c.us", "hola")
    await wa.acked(sent["id"], 3)
    await ana.write(BETO, "qué tal")
    assert (await wa.until("chat.new_message", lambda message: message["body"] == "qué tal"))["type"] == "chat"

    after = len(wa.events)
    await wa.page.goto(sandbox.url)
    await wa.main(after=after)
    stored = await wa.stored()
    assert len(stored) == heavy.CHATS * heavy.MESSAGES_PER_CHAT + 2
    assert len({message["id"] for message in stored}) == len(stored)
    await devtools.send("HeapProfiler.collectGarbage")
    used = (await devtools.send("Runtime.getHeapUsage"))["usedSize"]
    assert 60e6 < used < 80e6
    scripts = await wa.page.evaluate(
        """() => performance.getEntriesByType('resource')
            .filter((one) => one.initiatorType === 'script').map((one) => one.decodedBodySize)"""
    )
    assert 12e6 < sum(scripts) + len(heavy.worker()) < 14e6
    # Both by the address itself: nothing is made for another version of the sandbox, or beyond the last bundle.
    for missing in ("0123456789ab/bundle-0.js", f"{heavy.VERSION}/bundle-{heavy.BUNDLES}.js"):
        assert (await sandbox.client.get(f"/heavy/{missing}")).status_code == 404
    assert wa.errors == []


async def test_whatsapp_web_js_runs_on_it(
    sandbox: RunningSandbox, tmp_path: Path, chromium_flags: list[str], chromium: str
) -> None:
    await sandbox.config(heavy=True)
    ana = sandbox.phone("34600112233", "Ana")
    async with web_js(tmp_path / "auth", [*sandbox.chromium_args, *chromium_flags], chromium) as client:
        await ana.scan((await client.until("qr"))["qr"])
        await client.until("ready")
        assert len((await client.call("chats"))["chats"]) == heavy.CHATS
        sent = await client.call("send", to=f"{BETO}@c.us", text="hola")
        await client.until("message_ack", lambda event: event["id"] == sent["id"] and event["ack"] == 3)
