"""The page of the messages: the conversations of one account, live."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from uuid import UUID

import reflex as rx
import structlog

from session_core.core import Core
from session_core.domain.chats import ChatKind, ChatView, phone_of
from session_core.domain.content import ACTIONS
from session_core.domain.events import (
    AccountDeleted,
    ChatsChanged,
    MediaChanged,
    MessageChanged,
    MessageView,
    SessionChanged,
    SessionSnapshot,
)
from session_core.domain.ids import is_chat_id
from session_core.domain.media import MediaView
from session_core.domain.message import MessageStatus
from session_core.domain.phone import format_phone, normalize_phone
from session_core.domain.status import SessionStatus
from session_core.errors import NotFound, PolicyError
from session_core.services import accounts, chats, lane, media, search
from session_core.services.live import Resync
from session_core.services.principal import Principal
from whahook_app.i18n import Language
from whahook_app.live import Batch, Watch
from whahook_app.runtime import get_core
from whahook_app.states.base import Base
from whahook_app.states.changing import Changing, refused
from whahook_app.states.composing import Composing
from whahook_app.states.guard import as_uuid, error_text, field, guarded, language_of
from whahook_app.states.history import History
from whahook_app.states.media import MediaChoice, written
from whahook_app.states.reading import Reading
from whahook_app.views.chats import Bubble, ChatRow, Hit, bubble, chat_row, chat_title, hit, placed
from whahook_app.views.media import file_row

log = structlog.get_logger(__name__)

CHATS_PAGE = 30
PAGE = 40
AFTER_HIT = 100
"""Messages that are shown after one that was found; when there are more, a button leads to the newest."""

HITS = 20

LIMIT_LIVE = 400
"""Bubbles that a page keeps while messages stream in; older ones come back when one scrolls up."""


class Messages(Changing, Composing, Reading, MediaChoice, History, Base):
    """The conversations of the chosen account, and the one that is open."""

    choices: list[tuple[str, str]] = []
    account: str = ""
    ready: bool = False
    rows: list[ChatRow] = []
    more_chats: bool = False
    query: str = ""
    hits: list[Hit] = []
    new_chat: str = ""
    new_number: str = ""

    chat: str = ""
    title: str = ""
    subtitle: str = ""
    group: bool = False
    bubbles: list[Bubble] = []
    more: bool = False
    past: bool = False
    send_error: str = ""
    duplicate: bool = False

    loaded: bool = False
    broken: bool = False

    _chats_cursor: str = ""
    _older_cursor: str = ""
    _tried: str = ""

    @rx.event(background=True)
    async def watch(self) -> Any:
        """Show the conversations while messages come and go, until the tab is closed."""
        async with self:
            self._read_address()

        async def take_in(watch: Watch, batch: Batch) -> None:
            if self.broken or _accounts_changed(batch):
                await self._read(get_core(), watch.user_id)
            elif batch:
                await self._add(get_core(), watch.user_id, batch)

        return await self._follow(take_in)

    # ---- What people do ---------------------------------------------------------------------------------------------

    @rx.event
    @guarded
    async def choose(self, viewer: Principal, account_id: str) -> Any:
        """Show another account's conversations."""
        found = await accounts.get(get_core(), viewer.user_id, as_uuid(account_id))
        self._close()
        self.account, self.query, self.new_chat, self.hits = account_id, "", "", []
        self.ready = found.status is SessionStatus.READY
        await self._list(viewer)
        return self._tell_address()

    @rx.event
    @guarded
    async def search(self, viewer: Principal, query: str) -> None:
        """Show the conversations that match, and offer to write to what looks like a number."""
        self.query = query[: chats.MAX_QUERY]
        self._offer_number()
        await self._look(viewer)

    @rx.event
    @guarded
    async def more_of_list(self, viewer: Principal) -> None:
        """Show conversations that lie longer back."""
        if not self._chats_cursor:
            return
        page = await chats.list_chats(
            get_core(),
            viewer.user_id,
            as_uuid(self.account),
            limit=CHATS_PAGE,
            cursor=self._chats_cursor,
            query=self.query,
        )
        shown = {row.id for row in self.rows}
        language = language_of(self)
        self.rows = self.rows + [chat_row(chat, language) for chat in page.items if chat.chat_id not in shown]
        self._note_list_end(page.next_cursor)

    @rx.event
    @guarded
    async def open_chat(self, viewer: Principal, chat_id: str) -> Any:
        """Show a conversation, or the empty place for a first message to a number."""
        core, account = get_core(), as_uuid(self.account)
        found = await _conversation(core, viewer.user_id, account, chat_id)
        self._close()
        self._show_conversation(*found)
        return [self._tell_address(), rx.call_script("window.whahookChatOpened()")]

    @rx.event
    @guarded
    async def open_hit(self, viewer: Principal, message_id: str) -> Any:
        """Show the conversation of a message that was found, at that message."""
        core, account = get_core(), as_uuid(self.account)
        chat_id, found, newest = await chats.around(
            core, viewer.user_id, account, as_uuid(message_id, "message"), before=PAGE, after=AFTER_HIT
        )
        chat = await chats.get_chat(core, viewer.user_id, account, chat_id)
        context = await chats.context(core, viewer.user_id, account, found.items)
        self._close()
        self._show_conversation(chat, found, context)
        self.past = not newest
        return [self._tell_address(), rx.call_script(f"window.whahookShowMessage({_quoted(message_id)})")]

    @rx.event
    @guarded
    async def close_chat(self, viewer: Principal) -> Any:
        """Go back to the list."""
        self._close()
        return self._tell_address()

    @rx.event
    @guarded
    async def older(self, viewer: Principal) -> None:
        """Show the messages before the oldest one that is shown."""
        if not self._older_cursor or not self.chat:
            return
        core, account = get_core(), as_uuid(self.account)
        page = await chats.chat_messages(
            core, viewer.user_id, account, self.chat, limit=PAGE, cursor=self._older_cursor
        )
        earlier = await _bubbles(core, viewer.user_id, account, page.items, language_of(self))
        shown = {row.id for row in self.bubbles}
        self.bubbles = [row for row in earlier if row.id not in shown] + self.bubbles
        self._note_end(page.next_cursor)

    @rx.event
    @guarded
    async def reply(self, viewer: Principal, message_id: str) -> Any:
        """Make the next text an answer to a message."""
        row = self._shown(message_id)
        if not row.wa_id:
            raise NotFound("message")
        self.reply_to, self.reply_author = row.wa_id, row.author or ("" if row.out else self.title)
        self.reply_text = row.mention
        return rx.set_focus("compose-text")

    @rx.event
    @guarded
    async def no_reply(self, viewer: Principal) -> Any:
        """Write something new instead of an answer."""
        self.reply_to = self.reply_author = self.reply_text = ""
        return rx.set_focus("compose-text")

    @rx.event
    @guarded
    async def send(self, viewer: Principal, form: dict[str, Any]) -> Any:
        """Queue the text; its way to the phone shows in its bubble."""
        text, file = field(form, "text"), field(form, "media")
        if not self.chat or not (text.strip() or file):
            return None
        tried = f"{text}\0{file}"
        force = self.duplicate and tried == self._tried
        self._tried, self.send_error, self.duplicate = tried, "", False
        try:
            await self._queue(viewer, written(form), force=force)
        except PolicyError as error:
            self.send_error = error_text(language_of(self), error)
            self.duplicate = error.code == "duplicate_message"
            return rx.set_focus("compose-text")
        self._tried = ""
        cleared = rx.call_script("window.whahookAttachClear()")
        return [rx.set_value("compose-text", ""), cleared, rx.call_script("window.whahookChatEnd()")]

    @rx.event
    @guarded
    async def fetch_media(self, viewer: Principal, media_id: str) -> None:
        """Have a file fetched from WhatsApp, again or at last."""
        await media.fetch(get_core(), viewer.user_id, as_uuid(media_id, "media"))

    # ---- What is shown ----------------------------------------------------------------------------------------------

    async def _read(self, core: Core, user_id: UUID) -> None:
        """Read everything that is shown, outside of the lock, then show it."""
        async with self:
            wanted, chat, query, shown = self.account, self.chat, self.query, len(self.rows)
        opened = None
        try:
            known = await accounts.list_accounts(core, user_id)
            chosen = next((one for one in known if str(one.account_id) == wanted), next(iter(known), None))
            listed = await _listed(core, user_id, chosen, query, shown)
            if chosen is not None and chat and str(chosen.account_id) == wanted:
                opened = await _reopened(core, user_id, chosen.account_id, chat)
        except NotFound:
            # Deleted in this very moment; the event of it comes and reads again.
            return
        except Exception as error:
            log.warning("page_not_readable", error=repr(error))
            async with self:
                self.broken, self.loaded = True, True
            return
        async with self:
            self.choices = [(str(account.account_id), account.name) for account in known]
            if self.account in ("", wanted) and chosen is not None:
                self.account, self.ready = str(chosen.account_id), chosen.status is SessionStatus.READY
                if self.query == query:
                    self._show_list(listed)
                if self.chat == chat:
                    self._close_if_gone(opened)
                    if opened is not None:
                        self._show_conversation(*opened, keep=True)
            elif chosen is None:
                self._close()
                self.account, self.rows = "", []
            self.broken, self.loaded = False, True

    async def _add(self, core: Core, user_id: UUID, batch: Batch) -> None:
        """Show what just happened."""
        async with self:
            account, chat, query, shown = self.account, self.chat, self.query, len(self.rows)
            language = language_of(self)
        files = {str(one.media.id): one.media for one in batch if isinstance(one, MediaChanged)}
        if files:
            async with self:
                self._show_files(files)
        news = [one.message for one in batch if isinstance(one, MessageChanged)]
        news = [message for message in news if str(message.account_id) == account]
        listed = any(isinstance(one, ChatsChanged) and str(one.account_id) == account for one in batch)
        if not account or not (news or listed):
            return
        gone = listed and chat and await _reopened(core, user_id, UUID(account), chat) is None
        here = [message for message in news if message.chat_id == chat and message.kind not in ACTIONS]
        try:
            page = await chats.list_chats(core, user_id, UUID(account), limit=max(CHATS_PAGE, shown), query=query)
            rows = await _bubbles_now(core, user_id, UUID(account), [one.id for one in here], language)
        except PolicyError:
            return
        async with self:
            if self.account != account:
                return
            if gone and self.chat == chat:
                self._close()
            if self.query == query:
                self._show_list(page)
            if chat and self.chat == chat:
                self.send_error = refused(news, chat, language) or self.send_error
                self.unread = next((one.unread for one in page.items if one.chat_id == chat), self.unread)
            if rows and self.chat == chat and not self.past:
                bubbles = placed(self.bubbles, rows)
                self.bubbles = bubbles[-max(LIMIT_LIVE, len(self.bubbles)) :]

    async def _look(self, viewer: Principal) -> None:
        """Show what matches: conversations and messages."""
        self.hits = await _hits(viewer.user_id, as_uuid(self.account), self.query, language_of(self))
        await self._list(viewer)

    def _show_files(self, files: dict[str, MediaView]) -> None:
        """Show files anew whose state changed."""
        if not any(row.media.id in files for row in self.bubbles):
            return
        language = language_of(self)
        self.bubbles = [
            replace(row, media=file_row(found, found.kind or "document", language))
            if (found := files.get(row.media.id)) is not None
            else row
            for row in self.bubbles
        ]

    async def _list(self, viewer: Principal) -> None:
        page = await chats.list_chats(
            get_core(), viewer.user_id, as_uuid(self.account), limit=CHATS_PAGE, query=self.query
        )
        self._show_list(page)

    def _show_list(self, page: chats.Page[ChatView]) -> None:
        language = language_of(self)
        self.rows = [chat_row(chat, language) for chat in page.items]
        self._note_list_end(page.next_cursor)

    def _note_list_end(self, cursor: str | None) -> None:
        self._chats_cursor, self.more_chats = cursor or "", cursor is not None

    def _note_end(self, cursor: str | None) -> None:
        self._older_cursor, self.more = cursor or "", cursor is not None

    def _show_conversation(
        self, chat: ChatView | str, found: chats.Page[MessageView], context: Context, *, keep: bool = False
    ) -> None:
        language = language_of(self)
        rows = [bubble(message, language, *context) for message in reversed(found.items)]
        if isinstance(chat, str):
            self.chat, self.title, self.subtitle, self.group = chat, format_phone(phone_of(chat)), "", False
            self.unread = 0
        else:
            self.chat, self.title = chat.chat_id, chat_title(chat, language)
            self.subtitle = format_phone(chat.phone) if chat.name else ""
            self.group, self.unread = chat.kind is ChatKind.GROUP, chat.unread
        if keep and self.past:
            return
        if keep and self.bubbles and rows and self.bubbles[0].at < rows[0].at:
            # What was scrolled to stays, and so does where the next page begins.
            self.bubbles = placed(self.bubbles, rows)
            return
        self.bubbles = rows
        self._note_end(found.next_cursor)

    def _close(self) -> None:
        self.chat = self.title = self.subtitle = self.send_error = ""
        self.reply_to = self.reply_author = self.reply_text = self._tried = self._older_cursor = ""
        self._stop_changing()
        self._stop_composing()
        self.send_at, self.unread = "", 0
        self.bubbles = []
        self.more = self.past = self.duplicate = self.group = False

    def _close_if_gone(self, opened: object) -> None:
        if self.chat and opened is None:
            self._close()

    def _offer_number(self) -> None:
        """Offer to write to the number that was typed."""
        self.new_chat = self.new_number = ""
        digits = sum(character.isdigit() for character in self.query)
        try:
            number = normalize_phone(self.query) if digits >= 7 else ""
        except PolicyError:
            return
        if number:
            self.new_chat, self.new_number = f"{number}@c.us", format_phone(number)

    def _read_address(self) -> None:
        """Take account and chat from the address, after a reload or from a link; without any, what was shown stays."""
        asked = self.router.url.query_parameters
        account, chat = str(asked.get("account", "")), str(asked.get("chat", ""))
        if not account or account == self.account:
            return
        self._close()
        self.query, self.new_chat, self.rows, self.hits = "", "", [], []
        self.account, self.chat = account, chat if is_chat_id(chat) else ""

    def _tell_address(self) -> rx.event.EventSpec:
        """Write account and chat into the address, so that a reload comes back to them."""
        return rx.call_script(f"window.whahookAddress({_quoted(self.account)}, {_quoted(self.chat)})")


Context = tuple[dict[str, str], dict[str, MessageView], dict[UUID, MediaView]]
Conversation = tuple[ChatView | str, "chats.Page[MessageView]", Context]


async def _conversation(core: Core, user_id: UUID, account_id: UUID, chat_id: str) -> Conversation:
    try:
        chat: ChatView | str = await chats.get_chat(core, user_id, account_id, chat_id)
    except NotFound as error:
        if error.code != "chat_not_found" or not is_chat_id(chat_id) or phone_of(chat_id) is None:
            raise
        return chat_id, chats.Page([]), ({}, {}, {})
    found = await chats.chat_messages(core, user_id, account_id, chat_id, limit=PAGE)
    found = replace(found, items=await _with_holds(core, user_id, account_id, found.items))
    return chat, found, await chats.context(core, user_id, account_id, found.items)


async def _with_holds(core: Core, user_id: UUID, account_id: UUID, found: list[MessageView]) -> list[MessageView]:
    """Return messages with what holds them back, where they wait."""
    if not any(message.status is MessageStatus.QUEUED for message in found):
        return found
    ready = (await accounts.get(core, user_id, account_id)).status is SessionStatus.READY
    return await lane.with_holds(core, account_id, found, ready=ready)


async def _hits(user_id: UUID, account_id: UUID, query: str, language: Language) -> list[Hit]:
    """Return the messages that have the words; none while there is too little to look for."""
    if not search.can_search(query):
        return []
    core = get_core()
    page = await search.search_messages(core, user_id, query, account_id=account_id, limit=HITS)
    names = await chats.names(core, user_id, account_id, {message.chat_id for message in page.items})
    return [hit(message, language, names) for message in page.items]


async def _reopened(core: Core, user_id: UUID, account_id: UUID, chat_id: str) -> Conversation | None:
    """Return the open conversation as it is now; None when it is gone."""
    try:
        return await _conversation(core, user_id, account_id, chat_id)
    except NotFound:
        return None


async def _listed(
    core: Core, user_id: UUID, account: SessionSnapshot | None, query: str, shown: int
) -> chats.Page[ChatView]:
    if account is None:
        return chats.Page([])
    return await chats.list_chats(core, user_id, account.account_id, limit=max(CHATS_PAGE, shown), query=query)


async def _bubbles(
    core: Core, user_id: UUID, account_id: UUID, found: list[MessageView], language: Language
) -> list[Bubble]:
    """Make bubbles, oldest first."""
    found = await _with_holds(core, user_id, account_id, found)
    context = await chats.context(core, user_id, account_id, found)
    return sorted((bubble(message, language, *context) for message in found), key=lambda row: row.at)


async def _bubbles_now(
    core: Core, user_id: UUID, account_id: UUID, ids: list[UUID], language: Language
) -> list[Bubble]:
    """Make bubbles of messages as they are now; none is asked for where nothing happened."""
    found = await chats.as_now(core, user_id, account_id, ids) if ids else []
    return await _bubbles(core, user_id, account_id, found, language) if found else []


def _accounts_changed(batch: Batch) -> bool:
    """Tell whether the accounts have to be read again: after a break, or because one came, went or changed."""
    return any(isinstance(event, Resync | AccountDeleted | SessionChanged) for event in batch)


def _quoted(value: str) -> str:
    """Write an id as JavaScript. What is no id is left out: it would come from an address."""
    good = value.replace("-", "").replace("@", "").replace(".", "").isalnum() and value.isascii()
    return f'"{value if good else ""}"'
