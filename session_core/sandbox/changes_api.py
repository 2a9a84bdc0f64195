"""The part of the phone's API by which contacts do more than write: react, vote, edit, delete, type, call."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, Field

from session_core.sandbox.changes import Changes
from session_core.sandbox.config import Camel
from session_core.sandbox.ids import parse_number
from session_core.sandbox.views import Json

Number = Annotated[str, Field(max_length=40), AfterValidator(parse_number)]
MessageId = Annotated[str, Field(max_length=128)]


class Reaction(Camel):
    """``from`` reacts to message ``id``; an empty ``emoji`` takes it back."""

    phone: Number
    sender: Number = Field(alias="from")
    id: MessageId
    emoji: str = Field(max_length=40)


class Vote(Camel):
    """``from`` votes in the poll ``id`` for the options named; none takes the vote back."""

    phone: Number
    sender: Number = Field(alias="from")
    id: MessageId
    options: list[str] = Field(max_length=12)


class Edit(Camel):
    """The contact who wrote message ``id`` gives it another text."""

    phone: Number
    id: MessageId
    text: str = Field(min_length=1, max_length=65_536)


class Revocation(Camel):
    """The contact who wrote message ``id`` deletes it for everyone."""

    phone: Number
    id: MessageId


class Presence(Camel):
    """What ``from`` is seen doing, in its chat or in a group."""

    phone: Number
    sender: Number = Field(alias="from")
    state: str
    group: str | None = None


class Call(Camel):
    """``from`` calls the account."""

    phone: Number
    sender: Number = Field(alias="from")
    video: bool = False


class NewGroup(Camel):
    """A group of the account and ``members``."""

    phone: Number
    subject: str = Field(min_length=1, max_length=100)
    members: list[Number] = Field(min_length=1, max_length=50)


def changes_router(changes: Changes) -> APIRouter:
    """Return the routes, to be included before those of `phone_router`."""
    router = APIRouter(prefix="/phone")

    @router.post("/reaction")
    async def reaction(body: Reaction) -> Json:
        changes.react(body.phone, body.sender, body.id, body.emoji)
        return {"id": body.id}

    @router.post("/vote")
    async def vote(body: Vote) -> Json:
        changes.vote(body.phone, body.sender, body.id, body.options)
        return {"id": body.id}

    @router.post("/edit")
    async def edit(body: Edit) -> Json:
        changes.edit(body.phone, body.id, body.text)
        return {"id": body.id}

    @router.post("/revoke")
    async def revoke(body: Revocation) -> Json:
        changes.revoke(body.phone, body.id)
        return {"id": body.id}

    @router.post("/presence")
    async def presence(body: Presence) -> Json:
        changes.presence(body.phone, body.sender, body.state, body.group)
        return {"state": body.state}

    @router.post("/call", status_code=201)
    async def call(body: Call) -> Json:
        return {"id": changes.call(body.phone, body.sender, video=body.video)}

    @router.post("/groups", status_code=201)
    async def groups(body: NewGroup) -> Json:
        group = changes.new_group(body.phone, body.subject, body.members)
        return {"id": group.id, "subject": group.subject, "members": group.members}

    return router
