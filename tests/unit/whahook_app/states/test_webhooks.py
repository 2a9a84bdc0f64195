"""The form of an endpoint is read as what it is: something that anybody can send."""

from __future__ import annotations

from uuid import UUID

import pytest

from session_core.domain.webhooks import BodyFormat
from session_core.errors import NotFound
from whahook_app.states.deliveries import _account, _number
from whahook_app.states.webhooks import _wanted

ACCOUNT = UUID(int=1)


def test_everything_is_everything() -> None:
    wanted = _wanted(
        {
            "url": " https://example.org ",
            "name": "x",
            "all-events": "on",
            "event-message.sent": "on",
            "all-accounts": "on",
        }
    )
    assert (wanted.url, wanted.events, wanted.account_ids) == ("https://example.org", ("*",), None)


def test_some_are_some() -> None:
    wanted = _wanted({"url": "u", "event-message.sent": "on", "event-x": "", f"account-{ACCOUNT}": "on"})
    assert (wanted.events, wanted.account_ids) == (("message.sent",), [ACCOUNT])


def test_headers_are_a_line_each_and_one_without_a_value_stays() -> None:
    wanted = _wanted({"url": "u", "format": "waha", "headers": "Authorization: Bearer a:b\n\n X-Team :\nX-Old"})
    assert wanted.format is BodyFormat.WAHA
    assert wanted.headers == {"Authorization": "Bearer a:b", "X-Team": None, "X-Old": None}
    assert _wanted({"url": "u", "headers": ""}).headers == {}
    # A page from before there were any.
    assert _wanted({"url": "u", "format": "nonsense"}) == _wanted({"url": "u"})
    assert _wanted({"url": "u"}).headers is None


@pytest.mark.parametrize("form", [None, [], {}, {1: 2}, {"url": 3, "account-nonsense": "on", "event-x": {}}])
def test_nonsense_chooses_nothing(form: object) -> None:
    wanted = _wanted(form)
    assert (wanted.url, wanted.events, wanted.account_ids, wanted.name) == ("", (), [], "")


def test_numbers_of_deliveries() -> None:
    assert _number("12") == 12
    for nonsense in (None, 12, "", "-1", "1.5", "x", "9" * 30, "²"):
        with pytest.raises(NotFound):
            _number(nonsense)
    assert _account("nonsense") is None
    assert _account(str(ACCOUNT)) == ACCOUNT
