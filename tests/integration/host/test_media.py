"""Files of messages in the host: promised with the message, fetched later, brought to the page before a send."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr

from session_core.clock import utcnow
from session_core.domain.content import Media as MediaContent
from session_core.domain.media import MediaKind, MediaProblem, MediaState, MediaView
from session_core.errors import TransientError
from session_core.host import media_keeper
from session_core.media.shelf import Shelf
from session_core.services import media as service
from session_core.services import outgoing
from session_core.store import media, messages
from session_core.store.models import Media
from session_core.whatsapp.driver import Loaded, MediaNotThere, MessageRevoked
from tests.factories import CHAT
from tests.fakes.drivers import ScriptedDriver, ready
from tests.files import picture
from tests.integration.host.stage import Stage, listening
from tests.integration.host.test_commands import HELD, command, events_of, ready_with, send
from tests.integration.host.test_messages import listed, seen
from tests.servers.supabase_storage import KEY, running_storage
from tests.waiting import eventually

PHOTO = picture("JPEG")
WA_ID = f"false_{CHAT}_M1"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_keeper, "pause_after", lambda attempts: timedelta(milliseconds=50))


def photo(key: str = "M1", **facts: Any) -> Any:
    content = MediaContent(type="image", mime="image/jpeg; x=y", filename="../a.jpg", caption="look", **facts)
    return seen(key, kind="image", text="look", content=content)


def working(content: bytes = PHOTO) -> ScriptedDriver:
    driver = ScriptedDriver([Loaded(), ready()])
    driver.files[WA_ID] = content
    return driver


async def only(stage: Stage) -> MediaView:
    (found,) = await service.list_media(stage.core, stage.user_id)
    return found


async def until(stage: Stage, state: MediaState) -> MediaView:
    async def reached() -> MediaView | None:
        found = await service.list_media(stage.core, stage.user_id)
        return found[0] if found and found[0].state is state else None

    return await eventually(reached, what=state)


async def content_of(stage: Stage, view: MediaView) -> bytes:
    async with stage.core.db.read() as session:
        row = await media.get(session, view.id)
    assert row is not None
    async with Shelf(stage.core.settings).open(row.store, row.path) as reader:
        return b"".join([piece async for piece in reader.pieces(row.size or 0)])


async def test_a_file_comes_after_its_message_and_everybody_hears_of_it(stage: Stage) -> None:
    driver = working()
    account_id = await ready_with(stage, driver)
    async with listening(stage.core, stage.user_id) as pages:
        driver.emit(photo(size=len(PHOTO)), photo(size=len(PHOTO)))
        (message,) = await listed(stage, account_id, 1)
        there = await until(stage, MediaState.READY)
        await eventually(lambda: "media" in pages.kinds())
    assert (message.kind, message.text) == ("image", "look")
    assert isinstance(message.content, MediaContent)
    assert message.content.media_id == there.id
    assert (there.message_id, there.account_id, there.kind) == (message.id, account_id, MediaKind.IMAGE)
    assert (there.mime, there.size, there.filename) == ("image/jpeg", len(PHOTO), "../a.jpg")
    assert there.expires_at is not None
    assert await content_of(stage, there) == PHOTO
    assert await events_of(stage.core, account_id) == ["message.received", "message.media"]
    assert driver.downloads == [WA_ID]


async def test_the_message_does_not_wait_for_its_file(stage: Stage) -> None:
    class NeverDownloading(ScriptedDriver):
        async def download(self, wa_message_id: str, limit: int) -> AsyncIterator[bytes]:
            yield PHOTO[:10]
            await asyncio.Event().wait()

    driver = NeverDownloading([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    driver.emit(photo(), seen("T1"))
    assert len(await listed(stage, account_id, 2)) == 2
    assert (await only(stage)).state is MediaState.PENDING
    assert await events_of(stage.core, account_id) == ["message.received", "message.received"]


async def test_what_fails_is_tried_again_and_given_up_at_last(stage: Stage) -> None:
    driver = working()
    driver.files[WA_ID] = TransientError("The page did not answer.", code="page_timeout")
    account_id = await ready_with(stage, driver)
    driver.emit(photo())
    failed = await until(stage, MediaState.FAILED)
    assert failed.problem is MediaProblem.NOT_DOWNLOADED
    assert len(driver.downloads) == media_keeper.MAX_TRIES
    assert await events_of(stage.core, account_id) == ["message.received", "message.media"]

    driver.files[WA_ID] = PHOTO
    await service.fetch(stage.core, stage.user_id, failed.id)
    there = await until(stage, MediaState.READY)
    assert (there.problem, await content_of(stage, there)) == (None, PHOTO)


@pytest.mark.parametrize(
    ("error", "problem", "tries"),
    [
        (MediaNotThere("gone"), MediaProblem.GONE, media_keeper.GONE_TRIES),
        (MediaNotThere("too_large"), MediaProblem.TOO_LARGE, 1),
    ],
    ids=["gone", "too large"],
)
async def test_what_cannot_be_had(stage: Stage, error: Exception, problem: MediaProblem, tries: int) -> None:
    driver = working()
    driver.files[WA_ID] = error
    await ready_with(stage, driver)
    driver.emit(photo())
    assert (await until(stage, MediaState.FAILED)).problem is problem
    assert len(driver.downloads) == tries


async def test_limits(stage: Stage) -> None:
    driver = working()
    account_id = await ready_with(stage, driver)
    settings = stage.core.settings
    driver.emit(photo(size=settings.media_max_size + 1))
    assert (await until(stage, MediaState.FAILED)).problem is MediaProblem.TOO_LARGE
    assert driver.downloads == []

    await service.set_auto_download(stage.core, stage.user_id, account_id, [MediaKind.VOICE])
    driver.files[f"false_{CHAT}_M2"] = PHOTO
    driver.emit(photo("M2"))
    waiting = await until(stage, MediaState.REMOTE)
    await service.fetch(stage.core, stage.user_id, waiting.id)
    await until(stage, MediaState.READY)


async def test_a_host_that_died_over_a_download_is_followed(stage: Stage) -> None:
    driver = working()
    account_id = await ready_with(stage, driver)
    driver.files[WA_ID] = MediaNotThere("gone")
    driver.emit(photo())
    failed = await until(stage, MediaState.FAILED)
    driver.files[WA_ID] = PHOTO
    async with stage.core.db.begin() as session:
        # As a host leaves it that was killed in the middle: claimed, and its place written down already.
        assert await media.want_fetched(session, failed.id, utcnow())
        row = await media.get(session, failed.id)
        assert row is not None
        row.next_try_at = utcnow() + timedelta(seconds=1)
    there = await until(stage, MediaState.READY)
    assert await content_of(stage, there) == PHOTO
    assert account_id == there.account_id


async def upload(stage: Stage) -> UUID:
    async def pieces() -> AsyncIterator[bytes]:
        yield PHOTO

    return (await service.upload(stage.core, stage.user_id, pieces(), filename="a.jpg")).id


async def accepted(stage: Stage, account_id: UUID, media_id: UUID) -> Any:
    """Accept a message with a file, and claim it as a worker does."""
    content = MediaContent(type="image", media_id=media_id, caption="look")
    made = await outgoing.send(stage.core, stage.user_id, account_id, to="34612345678", content=content)
    async with stage.core.db.begin() as session:
        assert await messages.claim(session, made.message.id, "t1", utcnow(), utcnow() + HELD)
        row = await messages.get(session, account_id, made.message.id)
    assert row is not None
    return command(row).model_copy(update={"content": made.message.content})


async def test_a_file_is_in_the_page_before_its_message_goes_out(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    media_id = await upload(stage)
    outcome = await send(stage, await accepted(stage, account_id, media_id))
    assert outcome.result == "sent"
    assert driver.staged == {media_id: PHOTO}
    (sent,) = driver.contents
    assert isinstance(sent, MediaContent)
    assert (sent.mime, sent.filename, sent.caption) == ("image/jpeg", "a.jpg", "look")


async def test_a_file_that_was_deleted_is_never_sent(stage: Stage) -> None:
    driver = ScriptedDriver([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    media_id = await upload(stage)
    given = await accepted(stage, account_id, media_id)
    async with stage.core.db.begin() as session:
        await media.want_removed(session, [media_id], utcnow())
    outcome = await send(stage, given)
    assert (outcome.result, outcome.failure) == ("failed", "media_not_found")
    assert driver.sent == []


async def test_a_page_that_takes_no_file_sends_nothing(stage: Stage) -> None:
    class NeverStaging(ScriptedDriver):
        async def stage(self, media_id: UUID, file: object) -> None:
            raise TransientError("The page takes no file.", code="page_failed")

    driver = NeverStaging([Loaded(), ready()])
    account_id = await ready_with(stage, driver)
    outcome = await send(stage, await accepted(stage, account_id, await upload(stage)))
    assert (outcome.result, outcome.failure) == ("not_sent", "media_unavailable")
    assert driver.sent == []


async def test_what_is_too_old_can_come_again_and_what_lost_its_message_is_removed(stage: Stage) -> None:
    driver = working()
    account_id = await ready_with(stage, driver)
    driver.emit(photo())
    there = await until(stage, MediaState.READY)
    async with stage.core.db.begin() as session:
        row = await session.get(Media, there.id)
        assert row is not None
        row.expires_at = utcnow() - timedelta(seconds=1)
    assert await service.remove_unneeded(stage.core) == 1
    assert (await only(stage)).state is MediaState.REMOTE
    await service.fetch(stage.core, stage.user_id, there.id)
    await until(stage, MediaState.READY)

    (message,) = await listed(stage, account_id, 1)
    async with stage.core.db.begin() as session:
        row = await messages.get(session, account_id, message.id)
        await session.delete(row)
    assert await service.remove_unneeded(stage.core) == 1
    assert await service.list_media(stage.core, stage.user_id) == []


async def test_files_in_a_bucket_go_out_and_come_in(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running_storage() as (url, storage):
        monkeypatch.setattr(stage.core.settings, "supabase_url", url)
        monkeypatch.setattr(stage.core.settings, "supabase_service_role_key", SecretStr(KEY))
        driver = working()
        account_id = await ready_with(stage, driver)
        media_id = await upload(stage)
        assert list(storage.objects.values()) == [PHOTO]
        given = await accepted(stage, account_id, media_id)
        storage.broken = 100
        away = await send(stage, given)
        assert (away.result, away.failure) == ("not_sent", "media_unavailable")
        storage.broken = 0
        assert (await send(stage, given)).result == "sent"
        assert driver.staged == {media_id: PHOTO}
        # The copy that the browser read is gone.
        workshop = Shelf(stage.core.settings).workshop
        await eventually(lambda: list(workshop.iterdir()) == [], what="nothing is left")

        driver.emit(photo())
        await eventually(lambda: len(storage.objects) == 2, what="it is kept")
        assert set(storage.objects.values()) == {PHOTO}
        there = await until(stage, MediaState.READY)
        assert await content_of(stage, there) == PHOTO


async def test_a_file_goes_with_the_message_that_was_taken_back(stage: Stage) -> None:
    driver = working()
    await ready_with(stage, driver)
    driver.emit(photo())
    kept = await until(stage, MediaState.READY)
    driver.emit(MessageRevoked((WA_ID,), utcnow()))

    async def gone() -> bool:
        return not await service.list_media(stage.core, stage.user_id)

    await eventually(gone)
    await service.remove_unneeded(stage.core)
    async with stage.core.db.read() as session:
        assert await session.get(Media, kept.id) is None
