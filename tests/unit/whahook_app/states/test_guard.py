"""No handler runs for somebody who is not signed in, and none trusts what it is given."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest

from session_core.errors import NotFound, PolicyError
from whahook_app.states.alerts import Alerts
from whahook_app.states.api_keys import ApiKeys
from whahook_app.states.base import Base
from whahook_app.states.connections import Connections
from whahook_app.states.guard import GUARDED, as_uuid, field, sign_in_address
from whahook_app.states.guard import _fitting as fitting
from whahook_app.states.jobs import Jobs
from whahook_app.states.messages import Messages
from whahook_app.states.opt_outs import OptOuts
from whahook_app.states.sending import Sending
from whahook_app.states.sign import Sign
from whahook_app.states.webhooks import Webhooks

OPEN_TO_ALL = {
    "setvar": "Reflex's own: calls set_<name>, and there is no such method",
    "enter": "asks by itself",
    "enter_as_guest": "asks by itself",
    "enter_home": "only leads on",
    "leave": "empties the caller's own tab",
    "choose_language": "the caller's own language",
    "read_address": "reads the caller's own address",
    "watch": "asks through `Watches.open`, again every few seconds",
    "close_dialog": "closes in the caller's own tab",
    "answer_no": "closes in the caller's own tab",
    "close_move": "closes in the caller's own tab",
    "close_rename": "closes in the caller's own tab",
    "hide": "closes in the caller's own tab",
    "keep": "closes in the caller's own tab",
    "close_form": "closes in the caller's own tab",
    "close_look": "closes in the caller's own tab",
    "close_replay": "closes in the caller's own tab",
    "ask_replay": "opens in the caller's own tab",
}


def handlers() -> Iterator[tuple[str, Any]]:
    for state in (Base, Connections, Messages, ApiKeys, Alerts, Sending, OptOuts, Sign, Webhooks, Jobs):
        for name, handler in state.event_handlers.items():
            yield name, handler.fn


def test_every_handler_asks_who_is_signed_in_or_is_known_to_be_harmless() -> None:
    found = list(handlers())
    assert len(found) > 30
    unguarded = {name for name, function in found if not getattr(function, GUARDED, False)}
    assert unguarded == set(OPEN_TO_ALL) & {name for name, _ in found}


def test_no_state_has_a_setter_that_anybody_could_call() -> None:
    assert not [name for name, _ in handlers() if name.startswith("set_")]


def test_pages_do_not_pass_the_viewer() -> None:
    parameters = inspect.signature(dict(handlers())["ask"]).parameters
    assert "viewer" not in parameters


async def _handler(self: Any, viewer: Any, form: dict[str, Any]) -> None: ...


@pytest.mark.parametrize("payload", [{}, {"other": 1}, {"form": {}, "viewer": 1}, {"form": {}, "self": 1}])
def test_a_payload_that_does_not_fit_is_refused(payload: dict[str, Any]) -> None:
    with pytest.raises(PolicyError):
        fitting(_handler, payload)


def test_a_payload_that_fits_is_passed_on() -> None:
    assert fitting(_handler, {"form": {"a": 1}}) == {"form": {"a": 1}}


@pytest.mark.parametrize("value", [None, 7, "", "x", [], {}, "00000000", "' or 1=1 --", UUID(int=1)])
def test_what_is_no_id_is_like_an_id_of_somebody_else(value: object) -> None:
    with pytest.raises(NotFound):
        as_uuid(value)


def test_an_id_is_read() -> None:
    assert as_uuid(str(UUID(int=1))) == UUID(int=1)


@pytest.mark.parametrize("form", [None, 3, "x", [], {}, {"name": 3}, {"name": None}, {"name": {"a": 1}}])
def test_a_field_is_a_text_or_nothing(form: object) -> None:
    assert field(form, "name") == ""


@pytest.mark.parametrize(
    ("path", "address"),
    [
        ("/settings/connections/", "/sign-in"),
        ("/", "/sign-in"),
        ("/messages/", "/sign-in?next=/messages"),
        ("//evil.example", "/sign-in"),
        ("/sign-in/", "/sign-in"),
    ],
)
def test_the_sign_in_leads_back(path: str, address: str) -> None:
    assert sign_in_address(path) == address
