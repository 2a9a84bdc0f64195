"""Files through the driver: every kind, both ways, byte by byte; and what a large one costs."""

from __future__ import annotations

import hashlib
import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from session_core.clock import utcnow
from session_core.domain.content import Media, Text
from session_core.domain.ids import new_wa_key
from session_core.domain.message import Ack
from session_core.whatsapp.driver import (
    AckChanged,
    MediaNotThere,
    MessageSeen,
    Ready,
    SendNotTried,
    SendRefused,
    UploadLost,
)
from session_core.whatsapp.page import PageDriver
from tests.files import File, every_kind
from tests.integration.whatsapp.conftest import Cockpit
from tests.integration.whatsapp.listening import Listener
from tests.servers.sandbox import PhoneClient, RunningSandbox
from tests.waiting import eventually

EVA = "34611000001"
CHAT = f"{EVA}@c.us"
MEBIBYTE = 1024 * 1024
LIMIT = 100 * MEBIBYTE

SLOW_PREPARATION = """() => {
  const module = require('WAWebPrepRawMedia');
  const prepare = module.MediaPrep.prototype._prepare;
  module.MediaPrep.prototype._prepare = async function (...given) {
    const data = await prepare.apply(this, given);
    await new Promise((done) => setTimeout(done, 1500));
    return data;
  };
}"""

NAMES_ARE_CAPTIONS = """() => {
  const { prototype } = require('WAWebPrepRawMedia').MediaPrep, send = prototype.sendToChat;
  prototype.sendToChat = function ({ chat, options }) {
    return send.call(this, { chat, options: { ...options, caption: options.productMsgOptions.caption } });
  };
}"""

DELETES_NOTHING = "() => { WPP.whatsapp.Cmd.sendDeleteMsgs = async () => undefined; }"

Linked = tuple[PageDriver, Listener]


@pytest.fixture
async def linked(cockpit: Cockpit, ana: PhoneClient) -> Linked:
    return await cockpit.link(ana)


def content_of(file: File, caption: str = "") -> Media:
    return Media(type=file.kind, media_id=uuid4(), mime=file.mime, filename=file.name, caption=caption)


async def staged(driver: PageDriver, folder: Path, file: File, caption: str = "") -> Media:
    content = content_of(file, caption)
    assert content.media_id is not None
    # On the disk it has no name of its own.
    path = folder / str(content.media_id)
    path.write_bytes(file.content)
    await driver.stage(content.media_id, path)
    return content


async def everything(pieces: AsyncIterator[bytes]) -> bytes:
    return b"".join([piece async for piece in pieces])


async def test_every_kind_goes_out_as_it_is(linked: Linked, ana: PhoneClient, tmp_path: Path) -> None:
    driver, told = linked
    for number, file in enumerate(every_kind()):
        caption = "" if file.kind == "document" else f"caption {number}"
        content = await staged(driver, tmp_path, file, caption)
        key = new_wa_key()
        sent = await driver.send(CHAT, content, key)
        assert sent.wa_message_id == f"true_{CHAT}_{key}"
        await told.hear(AckChanged, lambda event, sent=sent: event == AckChanged(sent.wa_message_id, Ack.READ))
        again = await driver.send(CHAT, content, key)
        assert again.wa_message_id == sent.wa_message_id
        got = (await ana.received())[-1]
        assert (got["id"], got["type"], got["text"], got["times"]) == (key, file.wa_type, caption, 1)
        assert got["media"]["mimetype"].partition(";")[0] == file.mime
        if file.kind == "document":
            assert got["media"]["filename"] == file.name
        if file.kind == "audio":
            assert got["media"]["seconds"] is None
        assert await ana.file(key) == file.content, file.kind


async def test_every_kind_comes_in_as_it_is(linked: Linked, ana: PhoneClient, sandbox: RunningSandbox) -> None:
    driver, told = linked
    for number, file in enumerate(every_kind()):
        facts = {"type": file.wa_type, "filename": file.name, "caption": f"caption {number}", "seconds": 3}
        sent = await ana.send_file(EVA, file.content, file.mime, **facts)
        seen = await told.hear(MessageSeen, lambda event, sent=sent: sent["id"] in event.wa_message_id)
        assert isinstance(seen.content, Media)
        assert (seen.kind, seen.content.type, seen.text) == (file.kind, file.kind, f"caption {number}")
        assert (seen.content.mime, seen.content.size, seen.content.seconds) == (file.mime, len(file.content), 3)
        assert seen.content.media_id is None
        assert await everything(driver.download(seen.wa_message_id, LIMIT)) == file.content, file.kind
    await sandbox.config(mediaGone=True)
    photo = every_kind()[0]
    sent = await ana.send_file(EVA, photo.content, photo.mime, type="image")
    seen = await told.hear(MessageSeen, lambda event: sent["id"] in event.wa_message_id)
    for limit, code in ((LIMIT, "gone"), (len(photo.content) - 1, "too_large")):
        with pytest.raises(MediaNotThere) as caught:
            await everything(driver.download(seen.wa_message_id, limit))
        assert caught.value.code == code
    await sandbox.config(mediaGone=False)
    assert await everything(driver.download(seen.wa_message_id, LIMIT)) == photo.content


async def test_nothing_overtakes_a_file_that_is_being_uploaded(
    linked: Linked, ana: PhoneClient, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    driver, _ = linked
    keys = [new_wa_key() for _ in range(4)]
    # The answer to the first message of a chat is waited for in any case.
    await driver.send(CHAT, Text(text="hello"), keys[0])
    await sandbox.config(uploadMs=1200)
    await driver.send(CHAT, await staged(driver, tmp_path, every_kind()[0]), keys[1])
    await driver.send(CHAT, Text(text="did you see it?"), keys[2])
    assert [message["id"] for message in await ana.received()] == keys[:3]
    # What takes longer than a try may is on its way all the same; it arrives when it is uploaded.
    driver._send_timeout = timedelta(seconds=1)
    sent = await driver.send(CHAT, await staged(driver, tmp_path, every_kind()[0]), keys[3])
    assert (sent.ack, len(await ana.received())) == (Ack.PENDING, 3)

    async def all_there() -> bool:
        return [message["id"] for message in await ana.received()] == keys

    await eventually(all_there, timedelta(seconds=10))


async def test_what_is_not_sent(linked: Linked, ana: PhoneClient, sandbox: RunningSandbox, tmp_path: Path) -> None:
    driver, told = linked
    photo = every_kind()[0]
    with pytest.raises(SendNotTried):
        await driver.send(CHAT, content_of(photo), new_wa_key())

    late = await staged(driver, tmp_path, photo)
    with pytest.raises(SendNotTried):
        await driver.send(CHAT, late, new_wa_key(), within=timedelta(milliseconds=1))

    await sandbox.config(failUploads=True)
    key = new_wa_key()
    with pytest.raises(SendRefused) as caught:
        await driver.send(CHAT, await staged(driver, tmp_path, photo), key)
    assert caught.value.code == "upload_failed"
    await told.hear(AckChanged, lambda event: event == AckChanged(f"true_{CHAT}_{key}", Ack.ERROR))
    await sandbox.config(failUploads=False)

    # The time is over while wa-js prepares the file: whether it is too late is asked again when it hands it over.
    assert driver._browser is not None
    await driver._browser.page.evaluate(SLOW_PREPARATION)
    content = await staged(driver, tmp_path, photo)
    key = new_wa_key()
    with pytest.raises(SendNotTried):
        await driver.send(CHAT, content, key, within=timedelta(seconds=1))
    assert await driver.find_sent(CHAT, key, content) is None
    assert await ana.received() == []

    # wa-js makes a caption of a file's name, and a build may take it for one.
    await driver._browser.page.evaluate(NAMES_ARE_CAPTIONS)
    await driver.send(CHAT, await staged(driver, tmp_path, photo), new_wa_key())
    await told.hear(AckChanged, lambda event: event.ack is Ack.SERVER)
    assert [message["text"] for message in await ana.received()] == [""]


@pytest.mark.parametrize("clears", [True, False], ids=["", "a page that keeps what it was told to delete"])
async def test_a_file_that_went_down_with_its_page_goes_out_again_under_its_id(
    clears: bool, cockpit: Cockpit, linked: Linked, ana: PhoneClient, tmp_path: Path
) -> None:
    driver, _ = linked
    assert driver._browser is not None
    driver._send_timeout = timedelta(seconds=2)
    await driver._browser.page.route("**/mms/**", lambda _route: None)  # the upload never ends
    photo = every_kind()[0]
    content = await staged(driver, tmp_path, photo)
    key = new_wa_key()
    began = utcnow() - timedelta(minutes=1)
    sent = await driver.send(CHAT, content, key)
    assert await driver.find_sent(CHAT, key, content) is not None

    await cockpit.kill_browser()
    await driver.close()
    driver, told = await cockpit.start(since=began)
    await told.hear(Ready)
    # It was said to be out.
    await told.hear(UploadLost, lambda event: event == UploadLost(str(sent.wa_message_id)))
    if not clears:
        assert driver._browser is not None
        await driver._browser.page.evaluate(DELETES_NOTHING)
        for again in (driver.find_sent(CHAT, key, content), driver.send(CHAT, content, key)):
            with pytest.raises(SendRefused) as caught:
                await again
            assert caught.value.code == "upload_failed"
        assert await ana.received() == []
        return
    assert await driver.find_sent(CHAT, key, content) is None
    again = await staged(driver, tmp_path, photo)
    assert (await driver.send(CHAT, again, key)).wa_message_id == sent.wa_message_id
    await told.hear(AckChanged, lambda event: event == AckChanged(str(sent.wa_message_id), Ack.SERVER))
    assert [(message["id"], message["times"]) for message in await ana.received()] == [(key, 1)]
    assert await ana.file(key) == photo.content


@pytest.mark.slow
async def test_a_large_document_does_not_pass_through_this_process(
    linked: Linked, ana: PhoneClient, tmp_path: Path
) -> None:
    driver, told = linked
    size = 16 * MEBIBYTE
    media_id = uuid4()
    path = tmp_path / str(media_id)
    path.write_bytes(os.urandom(size))
    content = Media(type="document", media_id=media_id, mime="application/zip", filename="a.zip")
    before = psutil.Process().memory_info().rss
    await driver.stage(media_id, path)
    assert psutil.Process().memory_info().rss - before < 4 * MEBIBYTE
    key = new_wa_key()
    await driver.send(CHAT, content, key)
    await told.hear(AckChanged, lambda event: event.ack is Ack.SERVER)
    assert hashlib.sha256(await ana.file(key)).digest() == hashlib.sha256(path.read_bytes()).digest()
