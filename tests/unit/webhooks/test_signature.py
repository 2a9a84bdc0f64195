from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from session_core.clock import utcnow
from session_core.webhooks import signature

BODY = b'{"type":"message.received","text":"caf\xc3\xa9"}'


def test_the_library_verifies_ours() -> None:
    secret = signature.new_secret()
    assert Webhook(secret).verify(BODY, signature.headers("evt_1", BODY, [secret], utcnow()))["text"] == "café"


def test_both_secrets_verify_while_both_count() -> None:
    new, old = signature.new_secret(), signature.new_secret()
    headers = signature.headers("evt_1", BODY, [new, old], utcnow())
    for secret in (new, old):
        Webhook(secret).verify(BODY, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(signature.new_secret()).verify(BODY, headers)
    assert headers["X-Webhook-Hmac"] == signature.waha(old, BODY)


@pytest.mark.parametrize("changed", ["body", "id", "time"])
def test_what_was_changed_on_the_way_does_not(changed: str) -> None:
    secret = signature.new_secret()
    headers = signature.headers("evt_1", BODY, [secret], utcnow())
    body = BODY + b" " if changed == "body" else BODY
    if changed == "id":
        headers["webhook-id"] = "evt_2"
    if changed == "time":
        headers = signature.headers("evt_1", BODY, [secret], utcnow() - timedelta(minutes=10))
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers)


def test_wahas_documented_example() -> None:
    digest = signature.waha("my-secret-key", b'{"event":"message","session":"default","engine":"WEBJS"}')
    assert digest == (
        "208f8a55dde9e05519e898b10b89bf0d0b3b0fdf11fdbf09b6b90476301b98d8"
        "097c462b2b17a6ce93b6b47a136cf2e78a33a63f6752c2c1631777076153fa89"
    )


def test_the_headers_of_waha() -> None:
    at = datetime(2026, 1, 1, 0, 0, 0, 123_000, tzinfo=UTC)
    headers = signature.headers("evt_1", BODY, ["whsec_" + base64.b64encode(b"k" * 32).decode()], at)
    assert headers["webhook-timestamp"] == "1767225600"
    assert headers["X-Webhook-Timestamp"] == "1767225600123"
    assert headers["X-Webhook-Hmac-Algorithm"] == "sha512"
    assert headers["X-Webhook-Request-Id"] == headers["webhook-id"] == "evt_1"


def test_a_secret_is_long_enough_and_never_the_same() -> None:
    secrets = {signature.new_secret() for _ in range(10)}
    assert len(secrets) == 10
    assert all(24 <= len(base64.b64decode(each.removeprefix("whsec_"))) <= 64 for each in secrets)
