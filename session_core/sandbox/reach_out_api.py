"""The part of the phone's API by which WhatsApp limits an account."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import Field

from session_core.sandbox.changes_api import Number
from session_core.sandbox.config import Camel
from session_core.sandbox.reach_out import ReachOut
from session_core.sandbox.views import Json


class Limit(Camel):
    """``phone`` may begin no conversations until ``untilMs`` (epoch milliseconds); null lifts it.

    ``told``: whether the page is told of it, or finds out when a send is refused with 463.
    """

    phone: Number
    until_ms: int | None = Field(ge=0, le=10**14)
    told: bool = True


def reach_out_router(reach_out: ReachOut) -> APIRouter:
    """Return the routes, to be included before those of `phone_router`."""
    router = APIRouter(prefix="/phone")

    @router.post("/limit")
    async def limit(body: Limit) -> Json:
        phone = reach_out.limit(body.phone, body.until_ms, told=body.told)
        return {"phone": phone.number, "untilMs": phone.reach_out_until_ms, "told": phone.reach_out_told}

    return router
