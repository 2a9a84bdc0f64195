"""The contract between a session and the WhatsApp Web behind it. The host knows nothing else about WhatsApp."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Literal, Protocol
from uuid import UUID

from session_core.domain.changes import ChatState, PresenceState
from session_core.domain.chats import ChatFacts, ContactFacts
from session_core.domain.content import AnyContent
from session_core.domain.health import Health
from session_core.domain.message import Ack


@dataclass(frozen=True, slots=True)
class Loaded:
    """The page answered and wa-js runs in it."""


@dataclass(frozen=True, slots=True)
class QrShown:
    """A code to scan; the next one replaces it. ``number`` counts from 1 since the page was loaded or asked anew.

    WhatsApp does not say how long a code lives: ``expires_at`` is an estimate.
    """

    code: str = field(repr=False)
    shown_at: datetime
    expires_at: datetime
    number: int


@dataclass(frozen=True, slots=True)
class QrExpired:
    """WhatsApp stopped renewing the code; only ``refresh_qr`` or a new start shows another one."""


@dataclass(frozen=True, slots=True)
class Linking:
    """A phone scanned or a stored login was found; keys are being exchanged."""


@dataclass(frozen=True, slots=True)
class Syncing:
    """Logged in; chats are being loaded."""


@dataclass(frozen=True, slots=True)
class Ready:
    """Logged in and usable (mode MAIN, synced, info NORMAL)."""

    phone_number: str | None
    push_name: str | None
    lid: str | None = None


@dataclass(frozen=True, slots=True)
class Offline:
    """Logged in, but the page has no connection to WhatsApp. It reconnects by itself; ``detail`` is technical."""

    detail: str = ""


class LogoutCause(StrEnum):
    """Who ended the login."""

    UNLINKED = "unlinked"
    LOGGED_OUT = "logged_out"


@dataclass(frozen=True, slots=True)
class LoggedOut:
    """The login is gone; only a person can bring it back."""

    cause: LogoutCause = LogoutCause.UNLINKED


@dataclass(frozen=True, slots=True)
class Conflicted:
    """WhatsApp Web is open somewhere else with the same login and took over."""


class Gate(StrEnum):
    """What WhatsApp wants of the number's owner before it lets anybody in."""

    PASSKEY = "passkey"
    TERMS = "terms"
    BANNED = "banned"
    LIMITED = "limited"


@dataclass(frozen=True, slots=True)
class Gated:
    """WhatsApp does not let the account in; only its owner can change that, on the phone."""

    gate: Gate


class Loss(StrEnum):
    """What broke."""

    PAGE = "page_crashed"
    BROWSER = "browser_crashed"
    NAVIGATION = "page_unreachable"
    LOAD_TIMEOUT = "load_timeout"
    LINK_TIMEOUT = "link_timeout"
    UNSUPPORTED = "unsupported_browser"
    DEAF = "deaf"


@dataclass(frozen=True, slots=True)
class Lost:
    """The page or its browser is gone or useless; the driver must be closed and started anew."""

    loss: Loss
    detail: str = ""


@dataclass(frozen=True, slots=True)
class MessageSeen:
    """A message is in the page's store. May come more than once for one id: the store keeps it once.

    ``kept_as``: id of the chat when the person has another one, see `session_core.domain.chats.one_chat`.
    ``author``: by the number where it is known; ``author_lid`` is the hidden id that the page names then.
    ``limited``: WhatsApp refused it because the account may begin no conversations.
    """

    wa_message_id: str
    chat_id: str
    from_me: bool
    author: str | None
    sender_name: str | None
    kind: str
    text: str = field(repr=False)
    at: datetime
    ack: Ack
    replayed: bool = False
    content: AnyContent | None = field(default=None, repr=False)
    kept_as: str | None = None
    quoted_id: str | None = None
    edited: bool = False
    limited: bool = False
    author_lid: str | None = None


@dataclass(frozen=True, slots=True)
class AckChanged:
    """A message of ours went a step further."""

    wa_message_id: str
    ack: Ack


@dataclass(frozen=True, slots=True)
class MessageEdited:
    """A message has another text. Comes also for a text that is the known one."""

    wa_message_id: str
    text: str = field(repr=False)
    at: datetime


@dataclass(frozen=True, slots=True)
class MessageRevoked:
    """A message was deleted for everyone. Builds name it by its own id, or by another one beside it."""

    wa_message_ids: tuple[str, ...]
    at: datetime


@dataclass(frozen=True, slots=True)
class ReactionSeen:
    """Somebody reacted, or took it back (no emoji). Comes more than once.

    ``sender``: by the number where it is known; ``lid`` is the hidden id that the page names then, ``name`` what it
    calls the person. ``replayed``: found by a sweep.
    """

    wa_message_id: str
    sender: str
    from_me: bool
    emoji: str
    at: datetime
    replayed: bool = False
    lid: str | None = None
    name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class VoteSeen:
    """Somebody chose in a poll: all that they chose, nothing when they took it back. Comes more than once.

    The voter, ``lid``, ``name`` and ``replayed`` as in `ReactionSeen`.
    """

    wa_message_id: str
    voter: str
    from_me: bool
    options: tuple[str, ...] = field(repr=False)
    at: datetime
    replayed: bool = False
    lid: str | None = None
    name: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class PresenceSeen:
    """Somebody is there, gone, typing or recording. ``participant``: who, in a group."""

    chat_id: str
    participant: str | None
    state: PresenceState
    at: datetime


@dataclass(frozen=True, slots=True)
class CallSeen:
    """Somebody calls; it rings on the phone."""

    call_id: str
    caller: str
    video: bool
    group: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class ReachOutChanged:
    """Whether WhatsApp lets the account begin no conversations, as the page says; comes first once it is ready.

    ``until``: None when it does not say.
    """

    limited: bool
    until: datetime | None


@dataclass(frozen=True, slots=True)
class ReachOutHit:
    """WhatsApp refused a message of ours, which the page had taken, because it begins a conversation; nobody got it."""

    wa_message_id: str
    until: datetime | None


@dataclass(frozen=True, slots=True)
class UploadLost:
    """A file of ours that the page had taken went down with its browser before it was uploaded; nobody got it."""

    wa_message_id: str


ChangeEvent = MessageEdited | MessageRevoked | ReactionSeen | VoteSeen | PresenceSeen | CallSeen
MessageEvent = MessageSeen | AckChanged | ReachOutChanged | ReachOutHit | UploadLost | ChangeEvent
"""What a session writes down, in order."""

DriverEvent = (
    Loaded
    | QrShown
    | QrExpired
    | Linking
    | Syncing
    | Ready
    | Offline
    | LoggedOut
    | Conflicted
    | Gated
    | Lost
    | MessageEvent
)


@dataclass(frozen=True, slots=True)
class SentMessage:
    """What the page says about a message that it took or that it knows already.

    ``wa_message_id`` is None for what only changes another message.
    """

    wa_message_id: str | None
    chat_id: str
    ack: Ack


DirectoryPart = Literal["chats", "contacts"]


@dataclass(frozen=True, slots=True)
class DirectoryPiece:
    """Some of the chats or contacts that the page knows. ``end``: where the next piece begins, if there is one."""

    chats: list[ChatFacts] = field(default_factory=list)
    contacts: list[ContactFacts] = field(default_factory=list)
    end: str | None = None


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """What WhatsApp says about a number. ``exists``: None when this build cannot say; ``lid``: its hidden id."""

    exists: bool | None
    lid: str | None = None


class SendRefused(Exception):
    """WhatsApp Web refused the message for good (no such number, blocked, ...). ``code`` is stable."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code = code


class MediaNotThere(Exception):
    """The file of a message cannot be had. ``code``: ``gone`` or ``too_large``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class SendNotTried(Exception):
    """The message was proved not to have left the host: the page was not usable at all."""


class ReachOutRefused(Exception):
    """The message would begin a conversation, and WhatsApp lets the account begin none; nobody got it.

    Attributes:
        until: when that ends; None when WhatsApp did not say.
        tried: whether WhatsApp refused it, so that its id is used up; else it never left the page.
    """

    def __init__(self, until: datetime | None, *, tried: bool) -> None:
        super().__init__("WhatsApp lets the account begin no conversation")
        self.until = until
        self.tried = tried


class Driver(Protocol):
    """One WhatsApp Web in one browser with one profile.

    Life: ``start`` once, then ``events`` until it ends, then ``close``. Everything else may be called between
    ``start`` and ``close`` and raises `session_core.errors.TransientError` when the page is not in a state for it.
    Every call ends by itself within its timeout; a timeout raises TransientError too.
    """

    async def start(self) -> None:
        """Open the browser on the profile and load the page.

        Raises:
            TransientError: the browser or the page did not come up; try again later.
            FatalError: it cannot come up on this machine (no Chromium, profile in use, disk full).
        """
        ...

    def events(self) -> AsyncIterator[DriverEvent]:
        """Yield what happens, from the start on, in order, to one reader. Ends after `Lost` or ``close``.

        While the browser is being closed only messages and acknowledgements are yielded still; after ``close`` another
        reader gets those that nobody took. WhatsApp may have delivered them for good.
        """
        ...

    async def refresh_qr(self) -> None:
        """Ask for new codes after `QrExpired`. `QrShown` follows; where the page cannot do it, it is loaded again."""
        ...

    async def pairing_code(self, phone: str) -> str:
        """Ask for an 8-character linking code for ``phone`` (digits with country code). Only on the QR screen."""
        ...

    async def send(
        self,
        chat_id: str,
        content: AnyContent,
        wa_key: str,
        quoted_id: str | None = None,
        *,
        within: timedelta | None = None,
    ) -> SentMessage:
        """Hand a message to WhatsApp Web under the id ``wa_key``; returns when the page took it, long before delivery.

        Args:
            chat_id: to whom.
            content: what.
            wa_key: the id chosen beforehand.
            quoted_id: the message that it answers.
            within: only the page itself knows when it sends; what is not sent by then is never sent.

        Raises:
            SendRefused: it will never go out.
            SendNotTried: it did not go out, proved.
            ReachOutRefused: nor that: it would begin a conversation.
            TransientError: nobody knows whether it went out (timeout, crash in the middle).
        """
        ...

    async def find_sent(self, chat_id: str, wa_key: str, content: AnyContent | None = None) -> SentMessage | None:
        """Look for a message of ours by the id chosen beforehand; None when the page does not know it.

        What only changes another message (``content`` is a reaction, an edit, a revocation) has no place of its own in
        the chat: it counts as sent when that message is as wished.

        Raises:
            ReachOutRefused: it is there, and WhatsApp refused it.
        """
        ...

    async def stage(self, media_id: UUID, file: Path) -> None:
        """Have the page know the file that a message with this ``media_id`` will carry; before `send`, each time.

        Args:
            media_id: as in the content.
            file: on this machine; read by the browser while the message is sent.
        """
        ...

    def download(self, wa_message_id: str, limit: int) -> AsyncIterator[bytes]:
        """Yield the file of a message, in order, from WhatsApp; at most ``limit`` bytes.

        Raises:
            MediaNotThere: it is gone, or larger than ``limit``.
            TransientError: it may work in a moment; what came is worth nothing.
        """
        ...

    async def mark_read(self, chat_id: str) -> None:
        """Tell WhatsApp that the chat was read.

        Raises:
            SendRefused: ``chat_not_found``.
        """
        ...

    async def show_state(self, chat_id: str, state: ChatState, lasting: timedelta) -> None:
        """Let the other side see the account typing or recording, at most for so long.

        Raises:
            SendRefused: ``chat_not_found``.
        """
        ...

    async def watch(self, chat_id: str) -> None:
        """Ask to be told what the other side does: `PresenceSeen` follows when it does something.

        Raises:
            SendRefused: ``chat_not_found``.
        """
        ...

    async def number_exists(self, chat_id: str) -> NumberFacts:
        """Ask WhatsApp whether a number (``…@c.us``) has an account. Nothing is written to it."""
        ...

    async def directory(self, part: DirectoryPart, after: str = "", *, limit: int) -> DirectoryPiece:
        """Return a piece of what the page knows, in the order of the ids, without asking WhatsApp.

        Args:
            part: chats or contacts.
            after: where the piece before ended.
            limit: how many entries are looked at; fewer are returned where some are no conversations or say nothing.
        """
        ...

    async def logout(self) -> None:
        """Unlink this device; the phone no longer lists it. `LoggedOut` follows as an event."""
        ...

    def health(self) -> Health | None:
        """Return what the last looks at the page found; None while there is no login to judge. Never waits."""
        ...

    async def close(self) -> None:
        """Close the browser cleanly and see that no process of it is left. Never raises; may be called twice."""
        ...
