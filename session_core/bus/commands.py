"""Commands to the host that holds an account, and their answers.

A command waits in the host's stream until its time is over; a host that reads it later ignores it. The answer comes on
a list of its own. No answer in time means that nobody knows what became of it.

Time is told by the bus: it stamps a command when it comes in, so the clocks of two machines need not agree.
"""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import structlog
from pydantic import BaseModel, ValidationError

from session_core.bus import keys, lease
from session_core.bus.connection import BUS_ERRORS, RedisClient
from session_core.domain.commands import COMMANDS, AnyCommand
from session_core.errors import PolicyError, TransientError, WhahookError
from session_core.outages import Outage
from session_core.tasks import TaskOwner, end, spawn

log = structlog.get_logger(__name__)

Handler = Callable[[AnyCommand], Awaitable[BaseModel]]

STREAM_LENGTH = 10_000
"""Commands kept at most; far above what can be under way."""

READ_BLOCK = timedelta(seconds=5)

LOOK_EVERY = timedelta(seconds=1)
"""How often who waits for an answer looks whether the host still holds the account. Below the bus's own timeout."""

KEEP = timedelta(minutes=10)
"""What people write to each other is in here: what no host fetches is forgotten. Far above any command's time."""

REMEMBERED = 1000
"""Ids of the last commands. The client's library repeats a command when the connection breaks before its receipt."""


class NoHolder(TransientError):
    """No host runs the account now: the command was not given to anybody."""

    default_code = "account_not_running"


class NoAnswer(TransientError):
    """The command was given to a host and no answer came: it may have been carried out."""

    default_code = "no_answer"


class ChangedHands(NoAnswer):
    """The host that had the command has the account no more, and another holder does.

    The new holder took it over after the old one's lease, or is the same host started anew: either way the browser that
    may have carried the command out is gone, and what it did not do by then it will never do.
    """


class CommandClient:
    """Gives commands to hosts."""

    def __init__(self, redis: RedisClient) -> None:
        self._redis = redis

    async def call(self, command: AnyCommand, *, timeout: timedelta) -> dict[str, Any]:
        """Have a command carried out and return its answer as plain data.

        Raises:
            NoHolder: no host holds the account; nothing was done.
            NoAnswer: no answer within ``timeout``, or the host lost the account or the bus broke while waiting;
                `ChangedHands`: another holder has the account now.
            PolicyError: the host refused; same code and status.
            TransientError: the host could not do it; nothing is known beyond its message.
        """
        try:
            held_as = await lease.held_as(self._redis, command.account_id)
        except BUS_ERRORS as error:
            raise NoHolder("The message bus is not reachable.", code="bus_unreachable") from error
        if held_as is None:
            raise NoHolder("The account is not running on any host.", action="Connect the account first.")
        command_id = uuid4().hex
        try:
            return await asyncio.wait_for(self._ask(held_as, command_id, command, timeout), timeout.total_seconds() + 1)
        except (*BUS_ERRORS, TimeoutError) as error:
            raise NoAnswer("The host did not answer.") from error

    async def _ask(self, held_as: str, command_id: str, command: AnyCommand, timeout: timedelta) -> dict[str, Any]:
        clock = asyncio.get_running_loop().time
        deadline = clock() + timeout.total_seconds()
        stream = keys.host_commands(lease.host_of(held_as))
        reply = keys.reply(command_id)
        fields: dict[Any, Any] = {
            "id": command_id,
            "ms": str(_milliseconds(timeout)),
            "command": command.model_dump_json(),
        }
        async with self._redis.pipeline(transaction=True) as pipe:
            pipe.xadd(stream, fields, maxlen=STREAM_LENGTH)
            pipe.expire(stream, KEEP)
            await pipe.execute()
        while (left := deadline - clock()) > 0:
            # In slices: the connection's own timeout must not fire before the answer may come. Never 0, which the
            # server takes for "for ever".
            seconds = max(0.01, min(left, LOOK_EVERY.total_seconds()))
            answer = await self._redis.blpop([reply], timeout=seconds)
            if answer is not None:
                return _unpack(json.loads(answer[1]))
            holder = await lease.held_as(self._redis, command.account_id)
            if holder != held_as:
                # The host died or was restarted. It may have answered just before.
                last_word = await self._redis.lpop(reply)
                if last_word is not None:
                    return _unpack(json.loads(last_word))
                # A bus that lost its data names nobody while the host goes on.
                kind = NoAnswer if holder is None else ChangedHands
                raise kind("The account changed hands before the host answered.")
        raise NoAnswer("The host did not answer in time.")


def _milliseconds(duration: timedelta) -> int:
    return int(duration.total_seconds() * 1000)


def _unpack(answer: dict[str, Any]) -> dict[str, Any]:
    if answer["ok"]:
        result: dict[str, Any] = answer["result"]
        return result
    if answer.get("status_code"):
        raise PolicyError(
            answer["message"], code=answer["code"], action=answer["action"], status_code=answer["status_code"]
        )
    raise TransientError(answer["message"], code=answer["code"], action=answer["action"])


class CommandServer:
    """Reads a host's commands and answers them, each in a task of its own."""

    def __init__(self, redis: RedisClient, host_id: str, handler: Handler) -> None:
        self._redis = redis
        self._stream = keys.host_commands(host_id)
        self._handler = handler
        self._tasks = TaskOwner()
        self._reader: asyncio.Task[None] | None = None
        self._seen: deque[str] = deque(maxlen=REMEMBERED)

    async def start(self) -> None:
        """Begin with what comes from now on: older commands were meant for a host that is gone."""
        await self._redis.delete(self._stream)
        self._reader = spawn(self._read(), name="command-server")

    async def stop(self) -> None:
        """Stop reading and cancel what is under way."""
        if self._reader is not None:
            await end(self._reader)
        await self._tasks.close()

    async def _read(self) -> None:
        outage = Outage("commands_not_readable")
        while True:
            try:
                # From the beginning each time: what was taken is removed, and a stream that begins anew after the bus's
                # clock was set back gives smaller ids than those before.
                batches = await self._redis.xread({self._stream: "0"}, block=_milliseconds(READ_BLOCK))
                outage.ends()
                for _stream, entries in batches or []:
                    for entry_id, fields in entries:
                        self._take(entry_id, fields)
                    await self._redis.xdel(self._stream, *(entry_id for entry_id, _ in entries))
            except Exception as error:
                # Whatever it was: a host that stopped listening would hold its accounts and send nothing.
                outage.begins(error)
                await asyncio.sleep(0.5)

    def _take(self, entry_id: str, fields: dict[str, str]) -> None:
        command_id = fields.get("id", "")
        if command_id in self._seen:
            log.warning("command_came_twice", command=command_id)
            return
        self._seen.append(command_id)
        spawn(self._answer(entry_id, fields), name=f"command-{command_id}", owner=self._tasks)

    async def _answer(self, entry_id: str, fields: dict[str, str]) -> None:
        try:
            answer = await self._carry_out(entry_id, fields)
            if answer is None:
                return
            key = keys.reply(fields["id"])
            async with self._redis.pipeline(transaction=True) as pipe:
                pipe.rpush(key, json.dumps(answer))
                pipe.expire(key, 60)
                await pipe.execute()
        except BUS_ERRORS as error:
            # Then the client hears nothing and does not know, which is what it is made for.
            log.warning("command_not_answered", command=fields.get("id"), error=repr(error))

    async def _left(self, entry_id: str, fields: dict[str, str]) -> float:
        """Return the seconds that are left for a command, by the bus's clock."""
        seconds, microseconds = await self._redis.time()
        given = int(entry_id.partition("-")[0])
        left = float(given + int(fields["ms"]) - seconds * 1000 - microseconds / 1000) / 1000
        # The bus's clock may have been set back since; its stream goes on from the greatest time that it has seen.
        return min(left, int(fields["ms"]) / 1000)

    async def _carry_out(self, entry_id: str, fields: dict[str, str]) -> dict[str, Any] | None:
        left = await self._left(entry_id, fields)
        if left <= 0:
            log.warning("command_too_late", command=fields["id"])
            return None
        try:
            command = COMMANDS.validate_json(fields["command"])
            result = await asyncio.wait_for(self._handler(command), left)
        except TimeoutError:
            return None
        except ValidationError:
            return {"ok": False, "code": "bad_command", "message": "The command is not understood.", "action": ""}
        except WhahookError as error:
            return {
                "ok": False,
                "code": error.code,
                "message": error.message,
                "action": error.action,
                "status_code": getattr(error, "status_code", None),
            }
        except Exception:
            log.exception("command_failed", command=fields["id"])
            return {"ok": False, "code": "internal", "message": "The host failed.", "action": "See the host's log."}
        return {"ok": True, "result": result.model_dump(mode="json")}
