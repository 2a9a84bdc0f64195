"""Retention, erasing and export over REST."""

from __future__ import annotations

import csv
import io

import pytest

from tests.integration.api.conftest import Person


@pytest.fixture
async def account(ana: Person) -> str:
    return str((await ana.account())["id"])


async def send(person: Person, account: str, text: str) -> None:
    body = {"to": "+34612345678", "text": text}
    sent = await person.program.post(f"/api/v1/accounts/{account}/messages", json=body)
    assert sent.status_code == 202, sent.text


async def test_a_table_that_a_spreadsheet_can_open(ana: Person, account: str) -> None:
    for text in ('=HYPERLINK("http://example.org")', 'a, b\n"c"', "plain"):
        await send(ana, account, text)
    answer = await ana.browser.get(f"/api/v1/accounts/{account}/export", params={"format": "csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    assert answer.headers["content-disposition"] == f'attachment; filename="messages-{account}.csv"'
    assert answer.text.startswith("\ufeff")
    rows = list(csv.DictReader(io.StringIO(answer.text.removeprefix("\ufeff"))))
    assert [row["text"] for row in rows] == ['\'=HYPERLINK("http://example.org")', 'a, b\n"c"', "plain"]
    assert (rows[0]["chatId"], rows[0]["from"], rows[0]["replayed"]) == ("34612345678@c.us", "", "false")


async def test_the_same_as_json(ana: Person, account: str) -> None:
    path = f"/api/v1/accounts/{account}/export"
    assert (await ana.program.get(path)).json() == []
    for text in ("one", "=two"):
        await send(ana, account, text)
    listed = (await ana.program.get(f"/api/v1/accounts/{account}/messages")).json()
    # What holds a message back is of this moment only, and no part of an export.
    kept = [{**message, "hold": None} for message in reversed(listed)]
    assert (await ana.program.get(path)).json() == kept
    assert (await ana.program.get(path, params={"chat": "34612345678@c.us"})).json() == kept
    assert (await ana.program.get(path, params={"chat": "nobody"})).status_code == 404
    assert (await ana.program.get(path, params={"format": "xml"})).status_code == 422


async def test_a_person_is_erased(ana: Person, account: str) -> None:
    await send(ana, account, "gone")
    path = f"/api/v1/accounts/{account}/contacts/34612345678@c.us"
    assert (await ana.program.delete(path)).json() == {"messages": 1, "events": 1}
    assert (await ana.program.get(f"/api/v1/accounts/{account}/messages")).json() == []
    again = await ana.program.delete(path)
    assert (again.status_code, again.json()["code"]) == (404, "contact_not_found")


async def test_how_long_messages_are_kept(ana: Person, account: str) -> None:
    path = f"/api/v1/accounts/{account}/retention"
    assert (await ana.program.get(path)).json() == {"days": None}
    assert (await ana.program.put(path, json={"days": 30})).json() == {"days": 30}
    assert (await ana.program.get(path)).json() == {"days": 30}
    assert (await ana.program.put(path, json={"days": None})).json() == {"days": None}
    for days in (0, 3651, "x", 1.5):
        assert (await ana.program.put(path, json={"days": days})).status_code == 422
