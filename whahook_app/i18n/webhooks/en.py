"""Webhooks, in English."""

from __future__ import annotations

WEBHOOKS_EN: dict[str, str] = {
    "error.webhook_not_found": "That webhook does not exist any more.",
    "error.delivery_not_found": "That delivery does not exist any more.",
    "error.bad_webhook_url": "Write an address like https://example.org/whahook, without user, password or #.",
    "error.bad_webhook_events": "Choose at least one event.",
    "error.bad_webhook_accounts": "Choose at least one account, or all of them.",
    "error.webhook_address_not_allowed": "This server sends no events to private networks. Use a public address.",
    "error.too_many_webhooks": "You have too many webhooks. Delete one that you do not use.",
    "error.webhook_off": "This webhook is off. Switch it on first.",
    "error.delivery_done": "That delivery does not wait any more.",
}
