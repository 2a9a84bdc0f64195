from __future__ import annotations

from uuid import uuid4

import pytest

from session_core.errors import FatalError, PolicyError
from session_core.store.models import WebhookEndpoint
from session_core.webhooks import own_headers
from session_core.webhooks.secrets import Vault

VAULT = Vault({"k": bytes(32)})


def endpoint() -> WebhookEndpoint:
    return WebhookEndpoint(id=uuid4(), user_id=uuid4(), name="", url="", events=[], secret="")


def test_values_are_encrypted_and_come_back() -> None:
    row, headers = endpoint(), {"Authorization": "Bearer hunter2", "X-Team": "sales"}
    own_headers.sealed(VAULT, row, headers)
    assert row.header_names == ["Authorization", "X-Team"]
    assert "hunter2" not in str(row.model_dump())
    assert own_headers.opened(VAULT, row) == headers


def test_another_endpoint_cannot_open_them() -> None:
    row, other = endpoint(), endpoint()
    own_headers.sealed(VAULT, row, {"X-Team": "sales"})
    other.headers = row.headers
    with pytest.raises(FatalError):
        own_headers.opened(VAULT, other)


def test_none_is_nothing_stored() -> None:
    row = endpoint()
    own_headers.sealed(VAULT, row, {"X-Team": "sales"})
    own_headers.sealed(VAULT, row, {})
    assert (row.header_names, row.headers) == ([], None)
    assert own_headers.opened(VAULT, row) == {}


def test_a_value_that_is_not_given_stays() -> None:
    known = {"Authorization": "Bearer hunter2", "X-Old": "gone"}
    wanted = {"authorization": None, "X-New": " new "}
    assert own_headers.checked(wanted, known) == {"authorization": "Bearer hunter2", "X-New": "new"}


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "x"},
        {"content-length": "1"},
        {"Content-Type": "text/plain"},
        {"Transfer-Encoding": "chunked"},
        {"Connection": "keep-alive"},
        {"Proxy-Authorization": "x"},
        {"webhook-signature": "v1,x"},
        {"Webhook-Anything": "x"},
        {"X-Webhook-Hmac": "x"},
        {"": "x"},
        {"X Team": "x"},
        {"X-Team:": "x"},
        {"X-Team\r\nX-Evil": "x"},
        {"X-Team": "a\r\nX-Evil: b"},
        {"X-Team": ""},
        {"X-Team": "café"},
        {"X-Team": None},
        {"X-Team": "x" * 1001},
        {"X-Team": "a", "x-team": "b"},
        {f"X-{number}": "x" for number in range(11)},
        {"X-Api-Key": "wak_0123456789_" + "x" * 43},
    ],
    ids=str,
)
def test_what_is_refused(headers: dict[str, str | None]) -> None:
    with pytest.raises(PolicyError) as refused:
        own_headers.checked(headers, {})
    assert (refused.value.code, refused.value.status_code) == ("bad_webhook_headers", 422)
    assert "wak_" not in refused.value.message
