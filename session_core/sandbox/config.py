"""The sandbox's faults and latencies: what tests and people turn to see how a client takes it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator
from pydantic.alias_generators import to_camel

from session_core.sandbox.ids import parse_number

HOUR_MS = 3_600_000


class Camel(BaseModel):
    """Base of what travels as JSON: camelCase outside, unknown fields refused."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="forbid")


class FailSends(Camel):
    """Which sends of linked devices the server refuses.

    Attributes:
        mode: ``none``, the ``next`` ``count`` sends, or ``all``.
        count: how many are still refused when mode is ``next``.
        reason: name that the page gets, as in its ``SendMsgResult`` (``ERROR_UNKNOWN``, ``ERROR_NETWORK``,
            ``ERROR_EXPIRED``, ...).
    """

    mode: Literal["none", "next", "all"] = "none"
    count: int = Field(default=1, ge=1, le=1_000_000)
    reason: str = Field(default="ERROR_UNKNOWN", pattern=r"^[A-Z][A-Z_]{2,40}$")


class SandboxConfig(Camel):
    """Everything that `POST /phone/config` sets. Durations are milliseconds.

    Attributes:
        qr_first_ms: life of the first QR (about 60 s on the real site).
        qr_next_ms: life of each following QR (about 20 s).
        qr_max: QRs shown before the page idles (6).
        pairing_code_ms: life of a pairing code (about 3 minutes).
        ack_server_ms: from the send's arrival to ack 1.
        ack_device_ms: from ack 1 to ack 2.
        ack_read_ms: from ack 2 to ack 3; ``None`` means nobody reads until `POST /phone/read`.
        fail_sends: refused sends.
        generation: ``legacy`` has main_loaded, logout and refreshQR in WAWebCmd; ``bridge`` only ``*_from_bridge``.
        msg_key_field: where message keys cache their text; builds since 2.3000.1042401057 use ``$1``.
        lid: chats live under the hidden id (``@lid``) instead of the number.
        sync_ms: from a scan to the end of the first synchronisation.
        resume_ms: from the connection of a known device to its main mode.
        ciphertext_first: incoming messages appear undecrypted and get their type later.
        ciphertext_ms: how much later.
        load_ms: pause before the page starts (a slow load).
        not_on_whatsapp: numbers that have no account.
        hidden_numbers: numbers that the pages are not told: they know these people by the hidden id (``@lid``) only.
        gate: what keeps accounts out: ``passkey`` at a scan; ``limited``, ``banned`` or ``terms`` at a connection.
        mute: connections of linked devices stay open, and nothing goes through them.
        fail_uploads: the media server takes no file.
        upload_ms: how long it takes to take one.
        media_gone: the media server gives no file.
        heavy: the page weighs what WhatsApp Web weighs: 12 MB of script, 500 chats with their messages.
    """

    qr_first_ms: int = Field(default=60_000, ge=50, le=HOUR_MS)
    qr_next_ms: int = Field(default=20_000, ge=50, le=HOUR_MS)
    qr_max: int = Field(default=6, ge=1, le=1000)
    pairing_code_ms: int = Field(default=180_000, ge=50, le=HOUR_MS)
    ack_server_ms: int = Field(default=20, ge=0, le=HOUR_MS)
    ack_device_ms: int = Field(default=300, ge=0, le=HOUR_MS)
    ack_read_ms: int | None = Field(default=900, ge=0, le=HOUR_MS)
    fail_sends: FailSends = FailSends()
    generation: Literal["legacy", "bridge"] = "legacy"
    msg_key_field: Literal["_serialized", "$1"] = "_serialized"
    lid: bool = False
    sync_ms: int = Field(default=300, ge=0, le=HOUR_MS)
    resume_ms: int = Field(default=500, ge=0, le=HOUR_MS)
    ciphertext_first: bool = False
    ciphertext_ms: int = Field(default=400, ge=0, le=HOUR_MS)
    load_ms: int = Field(default=0, ge=0, le=HOUR_MS)
    not_on_whatsapp: list[str] = Field(default=[], max_length=10_000)
    hidden_numbers: list[str] = Field(default=[], max_length=10_000)
    gate: Literal["none", "passkey", "limited", "banned", "terms"] = "none"
    mute: bool = False
    fail_uploads: bool = False
    upload_ms: int = Field(default=0, ge=0, le=HOUR_MS)
    media_gone: bool = False
    heavy: bool = False

    @field_validator("not_on_whatsapp", "hidden_numbers")
    @classmethod
    def _digits(cls, numbers: list[str]) -> list[str]:
        return [parse_number(number) for number in numbers]

    def for_page(self) -> dict[str, object]:
        """Return what the page must know before it starts; the rest acts on the server's side."""
        return self.model_dump(
            by_alias=True,
            include={
                "generation",
                "msg_key_field",
                "sync_ms",
                "resume_ms",
                "ciphertext_first",
                "ciphertext_ms",
                "load_ms",
                "heavy",
            },
        )
