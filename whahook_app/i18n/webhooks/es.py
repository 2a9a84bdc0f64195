"""Webhooks, in Spanish."""

from __future__ import annotations

WEBHOOKS_ES: dict[str, str] = {
    "error.webhook_not_found": "Ese webhook ya no existe.",
    "error.delivery_not_found": "Esa entrega ya no existe.",
    "error.bad_webhook_url": "Escribe una dirección como https://example.org/whahook, sin usuario, contraseña ni #.",
    "error.bad_webhook_events": "Elige al menos un evento.",
    "error.bad_webhook_accounts": "Elige al menos una cuenta, o todas.",
    "error.webhook_address_not_allowed": "Este servidor no envía eventos a redes privadas. Usa una dirección pública.",
    "error.too_many_webhooks": "Tienes demasiados webhooks. Borra uno que no uses.",
    "error.webhook_off": "Este webhook está apagado. Enciéndelo primero.",
    "error.delivery_done": "Esa entrega ya no espera.",
}
