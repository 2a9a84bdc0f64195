"""A full database: ``make bench ARGS=scale``. The same questions to a small one and to a full one, on both databases.

Fills 1,000 accounts with 1,000 messages each, 10 more waiting in every lane, and asks what pages, REST, the lanes and
the host ask. What grows with the number of all messages shows in the last column. Real SQLite, Postgres and Valkey.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import text

from session_core.clock import utcnow
from session_core.core import Core, open_core
from session_core.domain.chats import ChatKind, searchable
from session_core.domain.message import Ack, Direction, MessageStatus
from session_core.domain.status import AccountKind, Desired, SessionStatus
from session_core.host import messages as host_messages
from session_core.services import chats, messages, outgoing, search
from session_core.settings import Settings
from session_core.store import waiting
from session_core.store.migrate import upgrade_async
from session_core.store.models import Account, Chat, Contact, Message, SessionRuntime, User
from session_core.whatsapp.driver import MessageSeen
from tests.servers.databases import postgres_copy
from tests.servers.postgres import running_postgres_server
from tests.servers.valkey import running_valkey

MESSAGES, CHATS, QUEUED, ACCOUNTS_OF_USER = 1_000, 20, 10, 10
"""Of each account: stored messages, the chats that they are in, messages that wait; accounts of each user."""

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = [f"{a}{b}{c}" for a in ("pe", "ca", "mo", "li", "tra") for b in ("di", "mo", "ra", "so", "ven") for c in
         ("do", "na", "ta", "ción", "mente", "res", "ba", "go")]  # fmt: skip
COMMON = "hola"
"""In every fifth message of everybody."""


@dataclass
class Filled:
    """What is in the database."""

    users: list[UUID] = field(default_factory=list)
    accounts: list[tuple[UUID, UUID]] = field(default_factory=list)
    samples: dict[UUID, UUID] = field(default_factory=dict)


def chat_id(chat: int) -> str:
    """Return the id of a chat; every account has the same ones."""
    return f"346{chat:08}@c.us"


async def fill(core: Core, accounts: int, chance: random.Random) -> Filled:
    """Write one account with all that belongs to it, then the others as the database's own copies of it."""
    filled = Filled()
    for number in range(accounts):
        async with core.db.begin() as session:
            if core.db.dialect == "postgresql":
                # Making a thousand rows takes longer than a transaction may do nothing, on a machine that is busy.
                await session.exec(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
            if number % ACCOUNTS_OF_USER == 0:
                user = User(email=f"{uuid4().hex}@example.org", name="Ana")
                filled.users.append(user.id)
                session.add(user)
                await session.flush()
            account_id = uuid4()
            session.add(Account(id=account_id, user_id=filled.users[-1], name="Shop", kind=AccountKind.LIVE))
            await session.flush()
            session.add(SessionRuntime(account_id=account_id, status=SessionStatus.READY, desired=Desired.CONNECTED))
            await session.flush()
            if number == 0:
                session.add_all(message(account_id, one, chance) for one in range(MESSAGES + QUEUED))
                session.add_all(contact(account_id, one, chance) for one in range(CHATS))
                await session.flush()
            else:
                await copy(session, core.db.dialect, filled.accounts[0][1], account_id, number)
            newest = "SELECT chat_id, max(seq) FROM messages WHERE account_id = :to GROUP BY chat_id"
            for name, seq in (await session.exec(text(newest).bindparams(to=_id(core.db.dialect, account_id)))).all():
                session.add(chat(account_id, name, seq))
            middle = "SELECT id FROM messages WHERE account_id = :to ORDER BY seq LIMIT 1 OFFSET :half"
            values = {"to": _id(core.db.dialect, account_id), "half": MESSAGES // 2}
            sample = (await session.exec(text(middle).bindparams(**values))).scalar_one()
        filled.accounts.append((filled.users[-1], account_id))
        filled.samples[account_id] = sample if isinstance(sample, UUID) else UUID(sample)
    async with core.db.begin() as session:
        await session.exec(text("ANALYZE"))
    return filled


async def copy(session: Any, dialect: str, source: UUID, target: UUID, number: int) -> None:
    """Copy the messages and contacts of an account to another one; every text gets the other one's number."""
    new_id = "lower(hex(randomblob(16)))" if dialect == "sqlite" else "gen_random_uuid()"
    for table, special in ((Message, {"id": new_id, "text": "replace(text, ' 0x', :number)"}), (Contact, {})):
        names = [column.name for column in table.__table__.columns if column.name != "seq"]  # type: ignore[attr-defined]
        values = [{"account_id": ":target", **special}.get(name, name) for name in names]
        order = "ORDER BY seq" if table is Message else ""
        statement = (
            f"INSERT INTO {table.__tablename__} ({', '.join(names)})"
            f" SELECT {', '.join(values)} FROM {table.__tablename__} WHERE account_id = :source {order}"
        )
        bound = {"source": _id(dialect, source), "target": _id(dialect, target)}
        if special:
            bound["number"] = f" {number}x"
        await session.exec(text(statement).bindparams(**bound))


def _id(dialect: str, value: UUID) -> Any:
    return value.hex if dialect == "sqlite" else value


def message(account_id: UUID, number: int, chance: random.Random) -> Message:
    """Return a message of the first account."""
    waits, out = number >= MESSAGES, number % 2 == 0
    words = [COMMON] * (number % 5 == 0) + chance.choices(WORDS, k=8) + [f"pedido 0x{number}"]
    status = MessageStatus.QUEUED if waits else MessageStatus.READ if out else MessageStatus.RECEIVED
    at = BEGIN + timedelta(minutes=number)
    chat = chat_id(number % CHATS)
    return Message(
        account_id=account_id,
        direction=Direction.OUT if out or waits else Direction.IN,
        chat_id=chat,
        text=" ".join(words),
        content_hash=f"content {number}",
        status=status,
        status_rank=status.rank,
        wa_key=f"K{number}",
        wa_message_id=None if waits else f"{str(out).lower()}_{chat}_K{number}",
        created_at=at,
        updated_at=at,
    )


def chat(account_id: UUID, name: str, seq: int) -> Chat:
    """Return a chat."""
    at = BEGIN + timedelta(minutes=MESSAGES)
    return Chat(account_id=account_id, chat_id=name, kind=ChatKind.USER, search=name[:11], last_at=at, last_seq=seq)


def contact(account_id: UUID, number: int, chance: random.Random) -> Contact:
    """Return somebody with a name."""
    called, phone = " ".join(chance.choices(WORDS, k=2)), chat_id(number).partition("@")[0]
    return Contact(
        account_id=account_id,
        wa_id=chat_id(number),
        phone=phone,
        name=called,
        search=searchable(called, phone),
    )


class Questions:
    """What is measured, by the name of its line."""

    def __init__(self, core: Core, filled: Filled, chance: random.Random) -> None:
        self._core = core
        self._filled = filled
        self._chance = chance
        self._number = 0

    def all(self) -> dict[str, Callable[[], Awaitable[object]]]:
        """Return the questions in the order of the table."""
        core = self._core
        return {
            "messages of an account, first page": lambda: messages.list_messages(core, *self._account()),
            "the same, from the middle on": self._middle,
            "chats of an account": lambda: chats.list_chats(core, *self._account()),
            "chats with a word in their name": lambda: chats.list_chats(core, *self._account(), query="pedi"),
            "a conversation": self._conversation,
            "search: a word that is there once, one account": lambda: self._search(rare=True, everywhere=False),
            "search: a word of every fifth message, one account": lambda: self._search(rare=False, everywhere=False),
            "search: the same, all ten accounts of a user": lambda: self._search(rare=False, everywhere=True),
            "enqueue a text": self._enqueue,
            "store what came in": self._receive,
            "head of a lane": lambda: self._read(waiting.head),
            "length of a lane": lambda: self._read(waiting.count),
            "sweeper: lanes with work (all of them)": lambda: self._read_all(
                lambda session: waiting.lanes_with_work(session, utcnow())
            ),
            "messages that wait, of everybody": lambda: self._read_all(waiting.count_all),
        }

    def _account(self) -> tuple[UUID, UUID]:
        return self._chance.choice(self._filled.accounts)

    async def _middle(self) -> object:
        user_id, account_id = self._account()
        return await messages.list_messages(self._core, user_id, account_id, before=self._filled.samples[account_id])

    async def _conversation(self) -> object:
        number = self._chance.randrange(len(self._filled.accounts))
        user_id, account_id = self._filled.accounts[number]
        return await chats.chat_messages(self._core, user_id, account_id, chat_id(3))

    async def _search(self, *, rare: bool, everywhere: bool) -> object:
        number = self._chance.randrange(len(self._filled.accounts))
        user_id, account_id = self._filled.accounts[number]
        word = f"{number}x{self._chance.randrange(MESSAGES)}" if rare else COMMON
        found = await search.search_messages(
            self._core, user_id, word, account_id=None if everywhere else account_id, limit=30
        )
        assert found.items
        return found

    async def _enqueue(self) -> object:
        self._number += 1
        user_id, account_id = self._account()
        return await outgoing.send_text(
            self._core, user_id, account_id, to=f"+34612{self._number:06}", text=f"pedido nuevo {self._number}"
        )

    async def _receive(self) -> object:
        self._number += 1
        user_id, account_id = self._account()
        chat = chat_id(self._number % CHATS)
        event = MessageSeen(
            wa_message_id=f"false_{chat}_N{self._number}",
            chat_id=chat,
            from_me=False,
            author=None,
            sender_name="Ana",
            kind="text",
            text=f"hola, pedido {self._number}",
            at=datetime.now(UTC),
            ack=Ack.SERVER,
        )
        return await host_messages.seen(self._core, user_id, account_id, event)

    async def _read(self, query: Callable[[Any, UUID], Awaitable[object]]) -> object:
        async with self._core.db.read() as session:
            return await query(session, self._account()[1])

    async def _read_all(self, query: Callable[[Any], Awaitable[object]]) -> object:
        async with self._core.db.read() as session:
            return await query(session)


async def measure(settings: Settings, accounts: int, runs: int) -> dict[str, list[float]]:
    """Fill an empty database and return the milliseconds of every question."""
    await upgrade_async(settings.database_url)
    chance = random.Random(1)
    async with open_core(settings) as core:
        await core.redis.flushdb()
        began = time.monotonic()
        filled = await fill(core, accounts, chance)
        print(f"{core.db.dialect}: {accounts} accounts filled in {time.monotonic() - began:.0f} s", file=sys.stderr)
        found: dict[str, list[float]] = {}
        for name, ask in Questions(core, filled, chance).all().items():
            for _ in range(3):
                await ask()
            for _ in range(runs):
                start = time.perf_counter()
                await ask()
                found.setdefault(name, []).append((time.perf_counter() - start) * 1000)
        return found


async def both(folder: Path, bus: str, small: int, full: int, runs: int) -> dict[str, list[dict[str, list[float]]]]:
    """Measure SQLite, then Postgres, each small and full."""
    found: dict[str, list[dict[str, list[float]]]] = {"SQLite": [], "Postgres": []}
    for accounts in (small, full):
        url = f"sqlite+aiosqlite:///{folder / f'{accounts}.db'}"
        found["SQLite"].append(await measure(_settings(folder, url, bus), accounts, runs))
    with running_postgres_server(folder, shared_buffers="128MB") as server:
        for accounts in (small, full):
            async with postgres_copy(server.url, None) as url:
                found["Postgres"].append(await measure(_settings(folder, url, bus), accounts, runs))
    return found


def _settings(folder: Path, url: str, bus: str) -> Settings:
    return Settings(data_dir=folder, database_url_setting=url, redis_url_setting=bus)


def show(found: dict[str, list[dict[str, list[float]]]], small: int, full: int) -> str:
    """Return the Markdown table."""
    sizes = [f"{accounts * MESSAGES:,}" for accounts in (small, full)]
    head = [f"{name}, {size}" for name in found for size in sizes]
    lines = ["| ms, median (95 % below) | " + " | ".join(head) + " |", "|---" * (len(head) + 1) + "|"]
    for question in next(iter(found.values()))[0]:
        cells = [_cell(samples[question]) for measured in found.values() for samples in measured]
        lines.append(f"| {question} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(values: list[float]) -> str:
    return f"{statistics.median(values):.1f} ({statistics.quantiles(values, n=20)[-1]:.1f})"


def main(arguments: list[str] | None = None) -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(prog="make bench ARGS=scale", description=__doc__)
    parser.add_argument("--small", type=int, default=10, help="accounts of the small database (default 10)")
    parser.add_argument("--full", type=int, default=1_000, help="accounts of the full database (default 1000)")
    parser.add_argument("--runs", type=int, default=60, help="how often each question is asked (default 60)")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="whahook-scale-") as name:
        folder = Path(name)
        with running_valkey(folder / "valkey") as bus:
            found = asyncio.run(both(folder, bus, options.small, options.full, options.runs))
    print(show(found, options.small, options.full))


if __name__ == "__main__":
    main()
