"""Drivers without a browser. Each is named by how it fails; `ScriptedDriver` is the one that works."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from session_core.domain.changes import ChatState
from session_core.domain.chats import ChatFacts, ContactFacts
from session_core.domain.content import AnyContent
from session_core.domain.health import Health
from session_core.domain.message import Ack
from session_core.errors import TransientError
from session_core.whatsapp.driver import (
    DirectoryPart,
    DirectoryPiece,
    Driver,
    DriverEvent,
    Loaded,
    LoggedOut,
    LogoutCause,
    Loss,
    Lost,
    MediaNotThere,
    NumberFacts,
    QrShown,
    ReachOutRefused,
    Ready,
    SendNotTried,
    SendRefused,
    SentMessage,
)

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def qr(number: int = 1, *, shown_at: datetime = T0, life: timedelta = timedelta(seconds=60)) -> QrShown:
    """Return a code as the page would show it."""
    return QrShown(f"2@ref{number},noise,identity,adv", shown_at, shown_at + life, number)


def ready(phone_number: str = "34600111222", push_name: str = "Ana") -> Ready:
    """Return the event of a usable login."""
    return Ready(phone_number, push_name)


class ScriptedDriver:
    """Yields the events it was given, then those that the test emits, until `close` or `Lost`.

    Attributes:
        started, closed: how often each was called.
        sent: ``(chat_id, text, wa_key)`` of every accepted message, in order.
        contents: what they said.
        told: ``(what, chat)`` of what is no message: read marks, states, watched chats, numbers asked for.
        numbers: what WhatsApp says about numbers; all others exist.
        known: what `find_sent` finds, by ``wa_key``; accepted messages get in by themselves.
        logouts: how often `logout` was called; each one emits `LoggedOut`.
        found: what `health` returns.
        staged: files that were made known, by media id.
        files: what `download` gives or raises, by WhatsApp id.
        downloads: what was asked for.
        known_chats, known_contacts: what the page knows.
    """

    def __init__(self, events: Iterable[DriverEvent] = ()) -> None:
        self.started = 0
        self.closed = 0
        self.logouts = 0
        self.sent: list[tuple[str, str, str]] = []
        self.contents: list[AnyContent] = []
        self.told: list[tuple[str, str]] = []
        self.numbers: dict[str, NumberFacts] = {}
        self.known: dict[str, SentMessage] = {}
        self.found: Health | None = None
        self.staged: dict[UUID, bytes] = {}
        self.files: dict[str, bytes | Exception] = {}
        self.downloads: list[str] = []
        self.known_chats: list[ChatFacts] = []
        self.known_contacts: list[ContactFacts] = []
        self._queue: asyncio.Queue[DriverEvent | None] = asyncio.Queue()
        for event in events:
            self._queue.put_nowait(event)

    def emit(self, *events: DriverEvent) -> None:
        """Let ``events`` happen now."""
        for event in events:
            self._queue.put_nowait(event)

    async def start(self) -> None:
        self.started += 1

    async def events(self) -> AsyncIterator[DriverEvent]:
        while True:
            event = await self._queue.get()
            if event is None:
                return
            yield event
            if isinstance(event, Lost):
                return

    async def refresh_qr(self) -> None:
        self.emit(qr())

    async def pairing_code(self, phone: str) -> str:
        return "ABCD1234"

    async def send(
        self,
        chat_id: str,
        content: AnyContent,
        wa_key: str,
        quoted_id: str | None = None,
        *,
        within: timedelta | None = None,
    ) -> SentMessage:
        self.sent.append((chat_id, content.plain_text, wa_key))
        self.contents.append(content)
        message = SentMessage(f"true_{chat_id}_{wa_key}", chat_id, Ack.PENDING)
        self.known[wa_key] = message
        return message

    async def find_sent(self, chat_id: str, wa_key: str, content: AnyContent | None = None) -> SentMessage | None:
        return self.known.get(wa_key)

    async def stage(self, media_id: UUID, file: Path) -> None:
        # The browser reads it later: it must be there now.
        self.staged[media_id] = await asyncio.to_thread(file.read_bytes)

    async def download(self, wa_message_id: str, limit: int) -> AsyncIterator[bytes]:
        self.downloads.append(wa_message_id)
        found = self.files.get(wa_message_id, MediaNotThere("gone"))
        if isinstance(found, Exception):
            raise found
        yield found

    async def directory(self, part: DirectoryPart, after: str = "", *, limit: int) -> DirectoryPiece:
        known = {chat.chat_id: chat for chat in self.known_chats} if part == "chats" else {}
        people = {one.wa_id: one for one in self.known_contacts} if part == "contacts" else {}
        ids = sorted(name for name in (*known, *people) if name > after)
        here = ids[:limit]
        return DirectoryPiece(
            chats=[known[name] for name in here if name in known],
            contacts=[people[name] for name in here if name in people],
            end=here[-1] if len(ids) > limit else None,
        )

    async def mark_read(self, chat_id: str) -> None:
        self.told.append(("read", chat_id))

    async def show_state(self, chat_id: str, state: ChatState, lasting: timedelta) -> None:
        self.told.append((state.value, chat_id))

    async def watch(self, chat_id: str) -> None:
        self.told.append(("watch", chat_id))

    async def number_exists(self, chat_id: str) -> NumberFacts:
        self.told.append(("exists", chat_id))
        return self.numbers.get(chat_id, NumberFacts(True))

    async def logout(self) -> None:
        self.logouts += 1
        self.emit(LoggedOut(LogoutCause.LOGGED_OUT))

    def health(self) -> Health | None:
        return self.found

    async def close(self) -> None:
        self.closed += 1
        self._queue.put_nowait(None)


class LateDriver(ScriptedDriver):
    """Tells more while it is being closed."""

    def __init__(self, events: Iterable[DriverEvent], late: Iterable[DriverEvent]) -> None:
        super().__init__(events)
        self.late = list(late)

    async def close(self) -> None:
        late, self.late = self.late, []
        self.emit(*late)
        await super().close()


class UnstartableDriver(ScriptedDriver):
    """Its `start` raises what it was given (TransientError by default), every time."""

    def __init__(self, error: Exception | None = None) -> None:
        super().__init__()
        self.error = error or TransientError("The browser did not start.", code="browser_crashed")

    async def start(self) -> None:
        self.started += 1
        raise self.error


class NeverReadyDriver(ScriptedDriver):
    """Loads, and then nothing happens, ever."""

    def __init__(self) -> None:
        super().__init__([Loaded()])


class NeverStartedDriver(ScriptedDriver):
    """Its `start` never comes back by itself; cancelling ends it."""

    async def start(self) -> None:
        self.started += 1
        await asyncio.Event().wait()


class CrashingDriver(ScriptedDriver):
    """Gets as far as the events it was given, then is lost."""

    def __init__(self, before: Iterable[DriverEvent] = (), loss: Loss = Loss.BROWSER) -> None:
        super().__init__([Loaded(), *before, Lost(loss, "crashed on purpose")])


class SlowDriver(ScriptedDriver):
    """Every call waits until the test opens the `gate`."""

    def __init__(self, events: Iterable[DriverEvent] = ()) -> None:
        super().__init__(events)
        self.gate = asyncio.Event()

    async def start(self) -> None:
        await self.gate.wait()
        await super().start()

    async def pairing_code(self, phone: str) -> str:
        await self.gate.wait()
        return await super().pairing_code(phone)

    async def send(
        self,
        chat_id: str,
        content: AnyContent,
        wa_key: str,
        quoted_id: str | None = None,
        *,
        within: timedelta | None = None,
    ) -> SentMessage:
        await self.gate.wait()
        return await super().send(chat_id, content, wa_key, quoted_id, within=within)

    async def find_sent(self, chat_id: str, wa_key: str, content: AnyContent | None = None) -> SentMessage | None:
        await self.gate.wait()
        return await super().find_sent(chat_id, wa_key, content)

    async def logout(self) -> None:
        await self.gate.wait()
        await super().logout()

    async def close(self) -> None:
        await self.gate.wait()
        await super().close()


class UnclosableDriver(ScriptedDriver):
    """Its browser does not end before the test says that it is dead (`gate`); everything else works."""

    def __init__(self, events: Iterable[DriverEvent] = ()) -> None:
        super().__init__(events)
        self.gate = asyncio.Event()

    async def close(self) -> None:
        await self.gate.wait()
        await super().close()


class RefusingDriver(ScriptedDriver):
    """WhatsApp refuses every message for good."""

    def __init__(self, events: Iterable[DriverEvent] = (), code: str = "not_on_whatsapp") -> None:
        super().__init__(events)
        self.code = code

    async def send(
        self,
        chat_id: str,
        content: AnyContent,
        wa_key: str,
        quoted_id: str | None = None,
        *,
        within: timedelta | None = None,
    ) -> SentMessage:
        raise SendRefused(self.code)


class NotTryingDriver(ScriptedDriver):
    """The page cannot send at all, which it proves, every time."""

    async def send(
        self,
        chat_id: str,
        content: AnyContent,
        wa_key: str,
        quoted_id: str | None = None,
        *,
        within: timedelta | None = None,
    ) -> SentMessage:
        raise SendNotTried("the page is not usable")


class LimitedDriver(ScriptedDriver):
    """WhatsApp lets its account write to ``known`` chats only.

    Attributes:
        known_to: chats that may be written to.
        until: when that ends; None: nobody says.
        tried: whether WhatsApp refuses, or the page knows beforehand.
        asked: texts that it was asked to send in vain.
    """

    def __init__(
        self, events: Iterable[DriverEvent] = (), *, until: datetime | None = None, tried: bool = False
    ) -> None:
        super().__init__(events)
        self.known_to: set[str] = set()
        self.until = until
        self.tried = tried
        self.asked: list[str] = []

    async def send(
        self,
        chat_id: str,
        content: AnyContent,
        wa_key: str,
        quoted_id: str | None = None,
        *,
        within: timedelta | None = None,
    ) -> SentMessage:
        if chat_id in self.known_to:
            return await super().send(chat_id, content, wa_key, quoted_id, within=within)
        self.asked.append(content.plain_text)
        raise ReachOutRefused(self.until, tried=self.tried)


class DoubtfulDriver(ScriptedDriver):
    """Breaks in the middle of a send: nobody is told whether it went out. It did when ``went_out``."""

    def __init__(self, events: Iterable[DriverEvent] = (), *, went_out: bool = True) -> None:
        super().__init__(events)
        self.went_out = went_out

    async def send(
        self,
        chat_id: str,
        content: AnyContent,
        wa_key: str,
        quoted_id: str | None = None,
        *,
        within: timedelta | None = None,
    ) -> SentMessage:
        if self.went_out:
            await super().send(chat_id, content, wa_key, quoted_id, within=within)
        raise TransientError("The page did not answer.", code="page_timeout")


ALL: tuple[type[Driver], ...] = (
    ScriptedDriver,
    UnstartableDriver,
    NeverReadyDriver,
    NeverStartedDriver,
    CrashingDriver,
    SlowDriver,
    UnclosableDriver,
    RefusingDriver,
    NotTryingDriver,
    LimitedDriver,
    DoubtfulDriver,
)
"""Every fake; the annotation makes mypy prove that each keeps the contract."""
