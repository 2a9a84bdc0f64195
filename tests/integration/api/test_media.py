"""Files over REST: in as a form, out by a signed address."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlsplit
from uuid import UUID

import httpx
import psutil
import pytest

from session_core.clock import utcnow
from session_core.domain.media import MediaKind, MediaState
from session_core.domain.message import Direction, MessageStatus
from session_core.media.links import Link, Purpose, signer
from session_core.services.media import remove_unneeded
from session_core.settings import Settings
from session_core.store import media
from session_core.store.models import Media
from tests.factories import add_message
from tests.integration.api.conftest import Person
from tests.servers.api import RunningApi
from tests.waiting import eventually

MEBIBYTE = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n" + os.urandom(5000)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={"media_max_size": 2 * MEBIBYTE, "media_quota": 5 * MEBIBYTE})


async def upload(person: Person, content: bytes = PNG, name: str = "photo.png") -> httpx.Response:
    # What the form says about its type is not believed.
    return await person.program.post("/api/v1/media", files={"file": (name, content, "text/html")})


async def add_media(api: RunningApi, person: Person, account_id: object) -> str:
    """Store the file of a message that came in and was not fetched; return its id."""
    message = await add_message(
        api.core.db, UUID(str(account_id)), direction=Direction.IN, status=MessageStatus.RECEIVED
    )
    row = Media(
        user_id=UUID(person.id),
        account_id=message.account_id,
        message_id=message.id,
        wa_message_id="false_34612345678@c.us_3EB0",
        direction=Direction.IN,
        kind=MediaKind.IMAGE,
        state=MediaState.REMOTE,
        mime="image/jpeg",
    )
    media_id = str(row.id)
    async with api.core.db.begin() as session:
        await media.add(session, row)
    return media_id


def path(answer: httpx.Response) -> str:
    """Return the signed address as the server under test has it; the public one has another port."""
    return urlsplit(answer.json()["url"]).path


async def test_a_file_comes_back_as_it_was(ana: Person, anonymous: httpx.AsyncClient) -> None:
    made = await upload(ana)
    assert made.status_code == 201, made.text
    told = made.json()
    assert (told["mime"], told["size"], told["state"]) == ("image/png", len(PNG), "ready")
    assert told["sha256"] == hashlib.sha256(PNG).hexdigest()
    assert (told["filename"], told["direction"], told["accountId"]) == ("photo.png", "out", None)

    again = await ana.program.get(f"/api/v1/media/{told['id']}")
    assert {**again.json(), "url": None, "urlExpiresAt": None} == {**told, "url": None, "urlExpiresAt": None}
    opened = await anonymous.get(path(again))
    assert (opened.status_code, opened.content) == (200, PNG)
    assert opened.headers["content-type"] == "image/png"
    assert opened.headers["content-disposition"].startswith("inline; filename=")
    assert opened.headers["x-content-type-options"] == "nosniff"
    assert opened.headers["content-security-policy"].startswith("sandbox")
    assert opened.headers["etag"] == f'"{told["sha256"]}"'
    assert "private" in opened.headers["cache-control"]


async def test_parts_of_a_file(ana: Person, anonymous: httpx.AsyncClient) -> None:
    address = path(await upload(ana))
    part = await anonymous.get(address, headers={"Range": "bytes=100-199"})
    assert (part.status_code, part.content) == (206, PNG[100:200])
    assert part.headers["content-range"] == f"bytes 100-199/{len(PNG)}"
    tail = await anonymous.get(address, headers={"Range": "bytes=-5"})
    assert tail.content == PNG[-5:]
    beyond = await anonymous.get(address, headers={"Range": f"bytes={len(PNG)}-"})
    assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{len(PNG)}")
    head = await anonymous.head(address)
    assert (head.status_code, head.headers["content-length"], head.content) == (200, str(len(PNG)), b"")
    known = await anonymous.get(address, headers={"If-None-Match": head.headers["etag"]})
    assert known.status_code == 304
    changed = await anonymous.get(address, headers={"Range": "bytes=0-1", "If-Range": '"other"'})
    assert (changed.status_code, len(changed.content)) == (200, len(PNG))


async def test_what_can_hold_a_script_is_never_shown(ana: Person, anonymous: httpx.AsyncClient) -> None:
    for content, name in ((b"<html><script>1</script>", "x.png"), (b"<svg xmlns='x'></svg>", "x.svg")):
        opened = await anonymous.get(path(await upload(ana, content, name)))
        assert opened.headers["content-disposition"].startswith("attachment")
        assert opened.headers["content-type"] == "application/octet-stream"


async def test_an_address_is_good_for_one_file_for_a_short_time(
    ana: Person, anonymous: httpx.AsyncClient, api: RunningApi
) -> None:
    made = await upload(ana)
    address = path(made)
    assert (await anonymous.get(address)).status_code == 200
    for wrong in (address[:-1], address + "A", "/media/x", "/media/", "/media/a/b", address.replace("/i", "/s", 1)):
        answer = await anonymous.get(wrong)
        assert answer.status_code == 404, wrong
        assert answer.headers["content-type"] == "application/problem+json"
    told = made.json()
    late = signer(api.core.settings).token(Link(UUID(told["id"]), Purpose.SHOW, utcnow()))
    assert (await anonymous.get(f"/media/{late}")).status_code == 404

    assert (await ana.program.delete(f"/api/v1/media/{told['id']}")).status_code == 204
    assert (await anonymous.get(address)).status_code == 404
    assert (await ana.program.get(f"/api/v1/media/{told['id']}")).status_code == 404


async def test_what_is_deleted_leaves_the_disk(ana: Person, api: RunningApi) -> None:
    folder = api.core.settings.media_files_dir / "files"
    made = (await upload(ana)).json()
    (file,) = [found for found in folder.rglob("*") if found.is_file()]
    assert file.read_bytes() == PNG
    assert "photo" not in str(file.relative_to(folder))
    await ana.program.delete(f"/api/v1/media/{made['id']}")
    assert await remove_unneeded(api.core) == 1
    assert list(folder.rglob("*")) == []
    assert await remove_unneeded(api.core) == 0


async def test_too_much(ana: Person, api: RunningApi) -> None:
    announced = await upload(ana, b"x" * (2 * MEBIBYTE + 1))
    assert (announced.status_code, announced.json()["code"]) == (413, "media_too_large")

    async def unannounced() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        for _ in range(80):
            yield b"x" * 65_536
        yield b"\r\n--b--\r\n"

    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    streamed = await ana.program.post("/api/v1/media", content=unannounced(), headers=kind)
    assert (streamed.status_code, streamed.json()["code"]) == (413, "media_too_large")

    answers = await asyncio.gather(*(upload(ana, os.urandom(2 * MEBIBYTE)) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 413, 413]
    assert {answer.json()["code"] for answer in answers if answer.status_code == 413} == {"media_quota_exceeded"}
    await eventually(lambda: list((api.core.settings.media_files_dir / "incoming").iterdir()) == [], what="tidy")


BAD_FORMS: list[tuple[bytes, str]] = [
    (b"", "multipart/form-data; boundary=b"),
    (b"x", "multipart/form-data"),
    (b"no form at all", "multipart/form-data; boundary=b"),
    (b'--b\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n--b--\r\n', "multipart/form-data; boundary=b"),
    (b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\ncut', "multipart/form-data; boundary=b"),
    (b"--b\r\n" + b"x" * 20_000 + b": y\r\n\r\n", "multipart/form-data; boundary=b"),
    (b"raw", "image/png"),
]


async def test_bad_forms(ana: Person) -> None:
    for content, kind in BAD_FORMS:
        answer = await ana.program.post("/api/v1/media", content=content, headers={"Content-Type": kind})
        assert (answer.status_code, answer.json()["code"]) == (422, "bad_upload"), content
    empty = await upload(ana, b"")
    assert (empty.status_code, empty.json()["code"]) == (422, "media_empty")
    assert (await ana.program.get("/api/v1/media")).json() == []


async def test_other_fields_and_parts_do_not_matter(ana: Person) -> None:
    files = [("note", (None, b"hello")), ("file", ("a.txt", b"text")), ("file", ("b.txt", b"more"))]
    answer = await ana.program.post("/api/v1/media", files=files)
    assert (answer.status_code, answer.json()["filename"], answer.json()["size"]) == (201, "a.txt", 4)


async def test_pages_of_files(ana: Person, bob: Person) -> None:
    ids = [(await upload(ana, name=f"{number}.png")).json()["id"] for number in range(3)]
    first = (await ana.program.get("/api/v1/media", params={"limit": 2})).json()
    second = (await ana.program.get("/api/v1/media", params={"before": first[-1]["id"]})).json()
    assert [told["id"] for told in first + second] == ids[::-1]
    assert all(told["url"] is None for told in first)
    assert (await bob.program.get("/api/v1/media")).json() == []
    assert (await bob.program.get("/api/v1/media", params={"before": ids[0]})).status_code == 404


async def test_a_large_file_does_not_pass_through_memory(
    ana: Person, anonymous: httpx.AsyncClient, api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = 64 * MEBIBYTE
    for name in ("media_max_size", "media_quota"):
        monkeypatch.setattr(api.core.settings, name, size)
    digest = hashlib.sha256()

    async def form() -> AsyncIterator[bytes]:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="x"\r\n\r\n'
        for number in range(64):
            piece = bytes([number]) * MEBIBYTE
            digest.update(piece)
            yield piece
        yield b"\r\n--b--\r\n"

    before = psutil.Process().memory_info().rss
    kind = {"Content-Type": "multipart/form-data; boundary=b"}
    made = await ana.program.post("/api/v1/media", content=form(), headers=kind)
    assert made.status_code == 201, made.text
    assert made.json()["sha256"] == digest.hexdigest()
    back = hashlib.sha256()
    async with anonymous.stream("GET", path(made)) as answer:
        async for piece in answer.aiter_bytes():
            back.update(piece)
    assert back.hexdigest() == digest.hexdigest()
    assert psutil.Process().memory_info().rss - before < 32 * MEBIBYTE


async def test_a_store_that_is_away_is_said_before_anything_is_sent(
    ana: Person, anonymous: httpx.AsyncClient, api: RunningApi
) -> None:
    address = path(await upload(ana))
    folder = api.core.settings.media_files_dir / "files"
    elsewhere = folder.with_name("elsewhere")
    await asyncio.to_thread(folder.rename, elsewhere)
    assert (await anonymous.get(address)).status_code == 404
    await asyncio.to_thread(elsewhere.rename, folder)
    assert (await anonymous.get(address)).content == PNG


async def test_a_file_that_a_message_waits_with_stays(ana: Person) -> None:
    account = await ana.account()
    made = (await upload(ana)).json()
    where = f"/api/v1/accounts/{account['id']}/messages"
    body = {"to": "+34612345678", "type": "image", "mediaId": made["id"], "caption": "look"}
    sent = await ana.program.post(where, json=body)
    assert sent.status_code == 202, sent.text
    content = sent.json()["content"]
    assert (content["mime"], content["filename"], content["size"]) == ("image/png", "photo.png", len(PNG))
    assert sent.json()["text"] == "look"
    refused = await ana.program.delete(f"/api/v1/media/{made['id']}")
    assert (refused.status_code, refused.json()["code"]) == (409, "media_in_use")
    # The same bytes, uploaded again, are the same message.
    again = (await upload(ana)).json()
    duplicate = await ana.program.post(where, json={**body, "mediaId": again["id"]})
    assert (duplicate.status_code, duplicate.json()["code"]) == (409, "duplicate_message")


async def test_files_that_cannot_be_sent(ana: Person, bob: Person, api: RunningApi) -> None:
    account = await ana.account()
    where = f"/api/v1/accounts/{account['id']}/messages"
    text, foreign = (await upload(ana, b"plain", "a.txt")).json()["id"], (await upload(bob)).json()["id"]
    remote = await add_media(api, ana, account["id"])
    for kind, media_id, status, code in (
        ("image", text, 422, "media_kind_mismatch"),
        ("voice", text, 422, "media_kind_mismatch"),
        ("image", foreign, 404, "media_not_found"),
        ("image", remote, 409, "media_not_ready"),
        ("image", None, 422, "no_media"),
    ):
        answer = await ana.program.post(where, json={"to": "+34612345678", "type": kind, "mediaId": media_id})
        assert (answer.status_code, answer.json()["code"]) == (status, code), (kind, answer.text)
    assert (await ana.program.post(where, json={"to": "+34612345678", "type": "document", "mediaId": text})).is_success


async def test_fetching_is_asked_for(ana: Person, api: RunningApi) -> None:
    account = await ana.account()
    media_id = await add_media(api, ana, account["id"])
    asked = await ana.program.post(f"/api/v1/media/{media_id}/download")
    assert (asked.status_code, asked.json()["state"], asked.json()["url"]) == (202, "pending", None)
    own = (await upload(ana)).json()["id"]
    refused = await ana.program.post(f"/api/v1/media/{own}/download")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_from_whatsapp")


async def test_which_files_come_by_themselves(ana: Person) -> None:
    where = f"/api/v1/accounts/{(await ana.account())['id']}/media-settings"
    every = ["image", "video", "document", "audio", "voice", "sticker"]
    assert (await ana.program.get(where)).json() == {"autoDownload": every}
    chosen = await ana.program.put(where, json={"autoDownload": ["voice", "image", "voice"]})
    assert chosen.json() == (await ana.program.get(where)).json() == {"autoDownload": ["image", "voice"]}
    assert (await ana.program.put(where, json={"autoDownload": ["film"]})).status_code == 422


@asynccontextmanager
async def file_server() -> AsyncIterator[tuple[str, list[str]]]:
    """Serve files that are not ours; gives the address, and what was asked for."""
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        asked.append(request)
        path = request.split()[1]
        body, status, more = PNG, "200 OK", "Content-Disposition: attachment; filename*=UTF-8''a%C3%B1o.png\r\n"
        if path == "/moved":
            body, status, more = b"", "302 Found", "Location: /photo\r\n"
        if path == "/large":
            body, more = b"x" * (3 * MEBIBYTE), ""
        writer.write(f"HTTP/1.1 {status}\r\n{more}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode())
        writer.write(body[:100] if path == "/cut" else body)
        with suppress(ConnectionError):
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", asked


async def test_a_file_by_its_address(ana: Person, api: RunningApi, monkeypatch: pytest.MonkeyPatch) -> None:
    account = await ana.account()
    where = f"/api/v1/accounts/{account['id']}/messages"
    async with file_server() as (url, asked):
        private = await ana.program.post("/api/v1/media", json={"url": f"{url}/photo"})
        assert (private.status_code, private.json()["code"]) == (422, "media_url_forbidden")
        assert asked == []

        monkeypatch.setattr(api.core.settings, "media_private_targets", "allow")
        made = await ana.program.post("/api/v1/media", json={"url": f"{url}/photo?x=1"})
        assert (made.status_code, made.json()["filename"]) == (201, "año.png")
        assert made.json()["sha256"] == hashlib.sha256(PNG).hexdigest()
        assert "cookie" not in asked[0].lower()
        assert "x-api-key" not in asked[0].lower()

        for path, status, code in (
            ("/moved", 422, "media_url_failed"),
            ("/cut", 422, "media_url_failed"),
            ("/large", 413, "media_too_large"),
        ):
            refused = await ana.program.post("/api/v1/media", json={"url": url + path})
            assert (refused.status_code, refused.json()["code"]) == (status, code), path
        assert len((await ana.program.get("/api/v1/media")).json()) == 1

        asked.clear()
        body = {"to": "+34612345678", "type": "image", "url": f"{url}/photo", "caption": "hi"}
        sent = [await ana.program.post(where, json=body, headers={"Idempotency-Key": "k"}) for _ in range(2)]
        assert [answer.status_code for answer in sent] == [202, 202], sent[0].text
        assert sent[0].json()["id"] == sent[1].json()["id"]
        assert sent[0].json()["content"]["filename"] == "año.png"
        assert len(asked) == 1
        other = {**body, "url": f"{url}/photo?other"}
        reused = await ana.program.post(where, json=other, headers={"Idempotency-Key": "k"})
        assert (reused.status_code, reused.json()["code"]) == (409, "idempotency_key_reused")


async def test_the_same_request_twice_at_once_fetches_for_one_message(
    ana: Person, api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = await ana.account()
    where = f"/api/v1/accounts/{account['id']}/messages"
    monkeypatch.setattr(api.core.settings, "media_private_targets", "allow")
    async with file_server() as (url, _):
        body = {"to": "+34612345678", "type": "image", "url": f"{url}/photo"}

        async def ask() -> httpx.Response:
            return await ana.program.post(where, json=body, headers={"Idempotency-Key": "k"})

        answers = await asyncio.gather(*(ask() for _ in range(6)))
        assert {answer.status_code for answer in answers} <= {202, 503}
        assert {answer.json()["code"] for answer in answers if answer.status_code == 503} <= {"try_again"}
        known = {answer.json()["id"] for answer in answers if answer.status_code == 202}
        assert known == {(await ask()).json()["id"]}
        [file] = (await ana.program.get("/api/v1/media")).json()
        await ana.program.delete(f"{where}/{known.pop()}")
        assert (await ana.program.delete(f"/api/v1/media/{file['id']}")).status_code == 204
        # Its bytes are being removed: the same file cannot come again in this very moment.
        gone = await ask()
        assert (gone.status_code, gone.json()["code"]) == (503, "try_again")


async def test_addresses_of_no_file(ana: Person) -> None:
    for url in (
        "ftp://example.org/a",
        "x",
        "file:///etc/passwd",
        "http://",
        "http://a:b@example.org/",
        "http://1.1.1.1:65536/",
    ):
        answer = await ana.program.post("/api/v1/media", json={"url": url})
        assert (answer.status_code, answer.json()["code"]) == (422, "media_url_bad"), url
    for body in ({}, {"url": 5}, {"url": "http://a", "x": 1}):
        answer = await ana.program.post("/api/v1/media", json=body)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")
