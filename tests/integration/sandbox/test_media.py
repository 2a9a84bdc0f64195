"""Files through the sandbox by the unmodified wa-js and whatsapp-web.js. wa-js sends in whatsapp/test_media.py."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import httpx
import pytest

from tests.files import every_kind
from tests.integration.sandbox.waiting import eventually
from tests.integration.sandbox.wajs import WaPage
from tests.integration.sandbox.wwebjs import web_js
from tests.servers.sandbox import PhoneClient, RunningSandbox

BETO = "34611000001"
BETO_ID = f"{BETO}@c.us"

READ = """async (id) => {
  const blob = await WPP.chat.downloadMedia(id);
  return await WPP.util.blobToBase64(blob);
}"""

TOLD = "(id) => { const msg = WPP.whatsapp.MsgStore.get(id); return [msg.caption, msg.mimetype]; }"

Linked = tuple[WaPage, PhoneClient]


def content_of(url: str) -> bytes:
    return base64.b64decode(url.partition(",")[2])


async def test_wa_js_receives_every_kind(linked: Linked, sandbox: RunningSandbox) -> None:
    wa, phone = linked
    await sandbox.config(ciphertextFirst=True, ciphertextMs=50)
    for file in every_kind():
        told = {"type": file.wa_type, "filename": file.name, "caption": "look"}
        key = f"false_{BETO_ID}_{(await phone.send_file(BETO, file.content, file.mime, **told))['id']}"
        shown = (key, file.wa_type)
        await wa.until("chat.new_message", lambda msg, shown=shown: (msg["id"], msg["type"]) == shown)
        assert content_of(await wa.page.evaluate(READ, key)) == file.content, file.kind
        assert await wa.page.evaluate(TOLD, key) == ["look", file.mime]
    before = len(wa.events)
    await wa.page.reload()
    await wa.until("conn.main_ready", after=before)
    assert content_of(await wa.page.evaluate(READ, key)) == file.content


async def test_phones_refuse_what_makes_no_sense(linked: Linked, sandbox: RunningSandbox) -> None:
    _, phone = linked
    with pytest.raises(httpx.HTTPStatusError, match="unknown_type"):
        await phone.send_file(BETO, b"x", "text/plain", type="hologram")
    with pytest.raises(httpx.HTTPStatusError, match="no_media"):
        await phone.file("nothing")
    for path in ("/v/nothing", "/v/..%2F..%2Fsandbox.sqlite3"):
        assert (await sandbox.client.get(path)).status_code == 404
    wrong = await sandbox.client.post("/mms/image/" + "A" * 43, content=b"x")
    assert wrong.json()["error"] == "bad_hash"


@pytest.mark.slow
async def test_whatsapp_web_js_both_ways(
    sandbox: RunningSandbox, tmp_path: Path, chromium_flags: list[str], chromium: str
) -> None:
    await sandbox.config(resumeMs=3000)
    phone = sandbox.phone("34600112233", "Ana")
    async with web_js(tmp_path / "auth", [*sandbox.chromium_args, *chromium_flags], chromium) as client:
        await phone.scan((await client.until("qr"))["qr"])
        await client.until("ready")
        for file in every_kind():
            data = base64.b64encode(file.content).decode()
            options = {
                "sendAudioAsVoice": file.kind == "voice",
                "sendMediaAsDocument": file.kind == "document",
                "sendMediaAsSticker": file.kind == "sticker",
            }
            media = {"mimetype": file.mime, "data": data, "filename": file.name}
            before = len(await phone.received())
            await client.call("sendMedia", to=BETO_ID, media=media, options=options)
            received = await eventually(phone.received, lambda found, before=before: len(found) > before)
            assert received[-1]["type"] == file.wa_type
            assert await phone.file(received[-1]["id"]) == file.content, file.kind

            sent = await phone.send_file(BETO, file.content, file.mime, type=file.wa_type, filename=file.name)
            message = await client.until("message", lambda event, sent=sent: event["id"].endswith(sent["id"]))
            back = await client.call("media", id=message["id"])
            assert (back["mimetype"], back["sha256"]) == (file.mime, hashlib.sha256(file.content).hexdigest())
