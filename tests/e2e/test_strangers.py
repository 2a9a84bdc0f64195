"""Handlers can be called by anybody, without a page, with anything. They are: here."""

from __future__ import annotations

from itertools import cycle
from typing import Any
from uuid import uuid4

import pytest
from playwright.async_api import Error, Page, expect

from session_core.core import Core
from session_core.domain.status import SessionStatus
from tests.e2e.conftest import NewPerson
from tests.e2e.people import Person, card
from tests.e2e.staging import code, stage
from whahook_app.states.alerts import Alerts
from whahook_app.states.api_keys import ApiKeys
from whahook_app.states.base import Base
from whahook_app.states.connections import Connections
from whahook_app.states.messages import Messages
from whahook_app.states.opt_outs import OptOuts
from whahook_app.states.sending import Sending

OPEN = """
(token) => new Promise((resolve, reject) => {
  const heard = [];
  const socket = new WebSocket(`${ADDRESS}/_event/?EIO=4&transport=websocket&token=${token}`);
  socket.onclose = () => reject(new Error("closed"));
  socket.onmessage = ({ data }) => {
    if (data === "2") socket.send("3");
    else if (data.startsWith("0")) socket.send("40/_event,");
    else if (data.startsWith("40/_event")) resolve(true);
    else heard.push(data);
  };
  window.intruder = { heard, call: (event) => socket.send("42/_event," + JSON.stringify(["event", event])) };
})
"""
"""Speaks Engine.IO by hand, in a browser, so that cookies and the origin are what a browser makes of them."""


class Intruder:
    """A websocket to the pages' backend that says what no page would say."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._languages = cycle(("en", "es"))

    async def calls(self, state: type, handler: str, **payload: Any) -> str:
        """Call a handler; return everything that came back until the answer to the next call."""
        start: int = await self._page.evaluate("window.intruder.heard.length")
        await self._send(state, handler, payload)
        # Events of a tab are handled one after the other, so this answer is the last one.
        language = next(self._languages)
        await self._send(Base, "choose_language", {"language": language})
        await self._page.wait_for_function(
            "([start, end]) => window.intruder.heard.slice(start).some((text) => text.includes(end))",
            arg=[start, f'"lang_rx_state_":"{language}"'],
        )
        heard: list[str] = await self._page.evaluate("(start) => window.intruder.heard.slice(start)", start)
        return "".join(heard)

    async def begins(self, state: type, handler: str, **payload: Any) -> None:
        """Call a handler and wait for nothing."""
        await self._send(state, handler, payload)

    async def hears(self, text: str) -> None:
        """Wait until a text came."""
        await self._page.wait_for_function(
            "(text) => window.intruder.heard.some((one) => one.includes(text))", arg=text
        )

    async def _send(self, state: type, handler: str, payload: dict[str, Any]) -> None:
        event = {
            "name": f"{state.get_full_name()}.{handler}",  # type: ignore[attr-defined]
            "payload": payload,
            "router_data": {"pathname": "/settings/connections/", "asPath": "/settings/connections/"},
        }
        await self._page.evaluate("(event) => window.intruder.call(event)", event)


async def intruder(person: Person, page_url: str | None = None) -> Intruder:
    """Connect from a page of the person's browser: with their cookie, if they have one.

    Raises:
        playwright.async_api.Error: the server does not want it.
    """
    page = await person.context.new_page()
    await page.goto(page_url or f"{person.whahook.url}/logo.svg")
    address = person.whahook.url.replace("http", "ws", 1)
    await page.evaluate(OPEN.replace("ADDRESS", f'"{address}"'), str(uuid4()))
    return Intruder(page)


WITH_AN_ACCOUNT = [
    (Connections, "connect", {}),
    (Connections, "connect_by_code", {}),
    (Connections, "show", {}),
    (Connections, "toggle", {}),
    (Connections, "ask", {"kind": "delete"}),
    (Connections, "ask_name", {}),
    (Messages, "choose", {}),
    (Sending, "choose", {}),
]


@pytest.mark.parametrize(("state", "handler", "more"), WITH_AN_ACCOUNT)
async def test_somebody_elses_account_does_not_exist(
    new_person: NewPerson, core: Core, state: type, handler: str, more: dict[str, Any]
) -> None:
    owner, stranger = await new_person(), await new_person()
    account_id = await owner.account("De la dueña")
    await stage(core, account_id, SessionStatus.QR, qr=code(seconds=300))
    said = await intruder(stranger)
    answer = await said.calls(state, handler, account_id=account_id, **more)
    assert "Esa cuenta ya no existe." in answer
    for secret in ("De la dueña", "data:image", account_id):
        assert secret not in answer
    kept = (await owner.api.get(f"/api/v1/accounts/{account_id}")).json()
    assert kept["phase"] == "qr"
    assert [line["kind"] for line in (await owner.api.get(f"/api/v1/accounts/{account_id}/activity")).json()] == [
        "status",
        "created",
    ]


async def test_nobody_kills_somebody_elses_browser(new_person: NewPerson, core: Core) -> None:
    owner, stranger = await new_person(), await new_person()
    account_id = await owner.account("De la dueña")
    await stage(core, account_id, SessionStatus.READY, phone="34612345678")
    said = await intruder(stranger)
    # It runs in the background: the next call, which changes the language of the answers, would overtake it.
    await said.begins(Connections, "force_stop", account_id=account_id)
    await said.hears("Esa cuenta ya no existe.")
    lines = (await owner.api.get(f"/api/v1/accounts/{account_id}/activity")).json()
    assert [line["kind"] for line in lines] == ["status", "created"]


async def test_how_somebody_else_sends_is_nobodys_business(new_person: NewPerson) -> None:
    owner, stranger = await new_person(), await new_person()
    account_id = await owner.account("De la dueña")
    settings = f"/api/v1/accounts/{account_id}/settings"
    before = (await owner.api.get(settings)).json()
    made = (await owner.api.post("/api/v1/opt-outs", json={"to": "+34612345678"})).json()
    said = await intruder(stranger)
    assert _gone(await said.calls(Sending, "save", form={"account": account_id, "gap": "5"}))
    answer = await said.calls(OptOuts, "ask", opt_out_id=made["id"])
    assert _gone(answer)
    assert "612 34 56 78" not in answer
    assert _gone(await said.calls(OptOuts, "add", form={"to": "+34699112233", "account": account_id}))
    assert (await owner.api.get(settings)).json() == before
    assert (await owner.api.get("/api/v1/opt-outs")).json()["items"] == [made]


def _gone(answer: str) -> bool:
    """Tell whether a page was told that there is no such thing, in the language that it has by then."""
    return "ya no existe." in answer or "no longer exists." in answer


async def test_without_a_login_nothing_happens_but_the_way_to_the_sign_in(new_person: NewPerson) -> None:
    owner, nobody = await new_person(), await new_person(signed_up=False)
    account_id = await owner.account("De la dueña")
    said = await intruder(nobody)
    for state, handler, payload in (
        (Connections, "connect", {"account_id": account_id}),
        (Connections, "create", {"form": {"name": "x", "kind": "sandbox"}}),
        (Connections, "answer_yes", {}),
        (Connections, "send_test", {"form": {"to": "+34611000001", "text": "x"}}),
        (ApiKeys, "create", {"form": {"name": "x"}}),
        (ApiKeys, "load", {}),
        (Messages, "older", {}),
        (Messages, "react", {"message_id": account_id, "emoji": "👍"}),
        (Messages, "edit", {"form": {"text": "x"}}),
        (Messages, "delete_for_everyone", {}),
        (Messages, "send_composed", {"form": {"coordinates": "0, 0"}}),
        (Connections, "back_up", {}),
        (Connections, "ask_restore", {"backup_id": account_id}),
        (Connections, "verify_backup", {"backup_id": account_id}),
        (Alerts, "load", {}),
        (Alerts, "save", {"form": {"language": "en"}}),
        (Sending, "save", {"form": {"account": account_id, "gap": "5"}}),
        (Sending, "save_and_keep_less", {}),
        (OptOuts, "load", {}),
        (OptOuts, "add", {"form": {"to": "+34612345678"}}),
        (OptOuts, "undo", {}),
    ):
        assert "/sign-in" in await said.calls(state, handler, **payload)
    assert len((await owner.api.get("/api/v1/accounts")).json()) == 1
    assert (await owner.api.get("/api/v1/api-keys")).json() == []


NONSENSE: list[tuple[type, str, dict[str, Any]]] = [
    (Connections, "connect", {"account_id": 7}),
    (Connections, "connect", {"account_id": "../../etc/passwd"}),
    (Connections, "connect", {}),
    (Connections, "connect", {"account_id": "x", "viewer": "me"}),
    (Connections, "create", {"form": "no form"}),
    (Connections, "create", {"form": {"name": {"a": 1}, "kind": ["live"]}}),
    (Connections, "create", {"form": {"name": "x" * 101}}),
    (Connections, "open_new", {"kind": {"a": 1}}),
    (Connections, "ask", {"kind": "explode", "account_id": "x"}),
    (Connections, "answer_yes", {}),
    (Connections, "use_code", {"wanted": "maybe"}),
    (Connections, "send_test", {"form": None}),
    (Connections, "try_again", {}),
    (Connections, "rename", {"form": {"name": "x"}}),
    (Connections, "setvar", {"var_name": "cards", "value": []}),
    (Messages, "choose", {"account_id": []}),
    (Messages, "react", {"message_id": 7, "emoji": ["x"]}),
    (Messages, "ask_to_edit", {"message_id": {"a": 1}}),
    (Messages, "edit", {"form": None}),
    (Messages, "compose", {"kind": {"a": 1}}),
    (Messages, "send_composed", {"form": "x"}),
    (Messages, "send_later", {"form": {"at": "soon"}}),
    (Messages, "read_opened", {}),
    (Alerts, "save", {"form": {"language": ["en"], "quiet": {}}}),
    (Connections, "back_up", {}),
    (Connections, "ask_restore", {"backup_id": "x"}),
    (Connections, "verify_backup", {"backup_id": ["x"]}),
    (Alerts, "save", {"form": 7}),
    (Sending, "save", {"form": {"account": "x", "gap": {"a": 1}}}),
    (Sending, "save", {"form": None}),
    (Sending, "discard", {}),
    (Sending, "save_and_keep_less", {}),
    (OptOuts, "add", {"form": {"to": {"a": 1}, "account": "x"}}),
    (OptOuts, "search", {"query": ["x"]}),
    (OptOuts, "search", {"query": "\x00"}),
    (OptOuts, "ask", {"opt_out_id": 7}),
    (Alerts, "suggest_zone", {"zone": {"a": 1}}),
    (ApiKeys, "revoke", {}),
    (ApiKeys, "ask", {"key_id": None}),
    (ApiKeys, "create", {"form": {"name": ""}}),
]


async def test_nonsense_changes_nothing_and_breaks_nothing(new_person: NewPerson) -> None:
    person = await new_person()
    await person.account("Tienda")
    said = await intruder(person)
    for state, handler, payload in NONSENSE:
        await said.calls(state, handler, **payload)
    # And the connection still does what it should.
    assert "Clave de verdad" in await said.calls(ApiKeys, "create", form={"name": "Clave de verdad"})
    assert [account["name"] for account in (await person.api.get("/api/v1/accounts")).json()] == ["Tienda"]
    page = await person.open("/settings/connections")
    await expect(await card(page, "Tienda")).to_contain_text("Desconectado")


async def test_another_sites_page_gets_no_connection(new_person: NewPerson) -> None:
    person = await new_person()
    await intruder(person)
    with pytest.raises(Error):
        await intruder(person, f"{person.whahook.sandbox_url}phone")
