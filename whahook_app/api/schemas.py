"""What travels over REST: JSON in camelCase. Unknown fields are refused, so that a typing error is not silence."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from session_core.domain.events import ActivityEntry, Qr, SessionSnapshot
from session_core.domain.status import AccountKind, PublicStatus, ReasonCode, SessionStatus
from session_core.services.api_keys import ApiKeyView
from session_core.services.principal import Principal
from whahook_app import i18n
from whahook_app.api.fields import Line as Line
from whahook_app.api.schema_base import Incoming as _In
from whahook_app.api.schema_base import Outgoing as _Out


class FieldProblem(_Out):
    """One field that is wrong."""

    field: str = Field(examples=["body.to"])
    message: str
    type: str = Field(examples=["missing"])


class Problem(_Out):
    """An error (RFC 9457). Programs branch on ``code``, people read ``detail`` and ``action``."""

    type: str = Field(examples=["urn:whahook:problem:account_not_found"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field(examples=["There is no such account."])
    code: str = Field(examples=["account_not_found"])
    action: str = Field(default="", description="what to do next")
    existing_id: str | None = Field(default=None, description="with 409: what is in the way")
    errors: list[FieldProblem] | None = Field(default=None, description="with 422: the fields that are wrong")
    checks: dict[str, str] | None = Field(default=None, description="of /readyz: what works and what does not")


class SignUp(_In):
    """A new user."""

    email: Line = Field(max_length=320, examples=["ana@example.org"])
    password: str = Field(max_length=1000, repr=False, description="8 to 200 characters")
    name: Line = Field(default="", max_length=200, examples=["Ana"])


class SignIn(_In):
    """Who wants to sign in."""

    email: Line = Field(max_length=320, examples=["ana@example.org"])
    password: str = Field(max_length=1000, repr=False)


class User(_Out):
    """Who is signed in."""

    id: UUID
    email: str
    name: str

    @classmethod
    def of(cls, who: Principal) -> User:
        """Show a principal."""
        return cls(id=who.user_id, email=who.email, name=who.name)


class NewKey(_In):
    """A key to be made."""

    name: Line = Field(max_length=100, examples=["Shop"])


class CreatedKey(_Out):
    """A fresh key. It is shown this once; we keep only its hash."""

    id: UUID
    key: str = Field(repr=False)


class ApiKey(_Out):
    """A key as its owner sees it later."""

    id: UUID
    name: str
    prefix: str = Field(description="the part after wak_, to recognise it by")
    created_at: datetime
    last_used_at: datetime | None

    @classmethod
    def of(cls, key: ApiKeyView) -> ApiKey:
        """Show a key."""
        return cls(
            id=key.id, name=key.name, prefix=key.prefix, created_at=key.created_at, last_used_at=key.last_used_at
        )


class NewAccount(_In):
    """An account to be made."""

    name: Line = Field(max_length=200, examples=["Shop"])
    kind: AccountKind = AccountKind.LIVE


class Rename(_In):
    """A new name."""

    name: Line = Field(max_length=200)


class Disconnect(_In):
    """How to disconnect."""

    logout: bool = Field(default=False, description="also unlink the device from the phone: connecting needs a new QR")


def milliseconds(at: datetime) -> int:
    """Return a time as the seed's SessionData writes it: milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def _action(session: SessionSnapshot) -> str:
    """Return what the owner can do: nothing while the session is on its way or ready."""
    waits = session.status.settled or session.status in {SessionStatus.RECONNECTING, SessionStatus.QUEUED}
    return i18n.next_step("en", session.reason_code) if waits else ""


class Account(_Out):
    """A WhatsApp account with its session (the seed's SessionData, and more)."""

    id: UUID
    session_id: str = Field(examples=["user_6a0f…_wa_91c2…"])
    user_id: UUID
    account_id: UUID = Field(description="the same as id")
    name: str
    kind: AccountKind
    status: PublicStatus
    phase: SessionStatus = Field(description="the finer state behind status")
    reason_code: ReasonCode = Field(description="why it is there; empty when there is nothing to explain")
    reason: str = Field(description="the same as a sentence, in English", examples=["The phone unlinked this device."])
    action: str = Field(description="what to do next, or what happens by itself", examples=["Link it again."])
    detail: str = Field(description="what exactly happened, technically; may be empty")
    phone_number: str | None = Field(description="digits with the country code", examples=["34612345678"])
    push_name: str | None
    last_activity: int = Field(description="ms since 1970; the account's creation as long as nothing has happened")
    created_at: int = Field(description="ms since 1970")
    status_since: datetime
    attempt: int = Field(description="starts in a row that did not get to ready")
    next_retry_at: datetime | None
    host_id: str | None = Field(description="the host that runs it; null while none does")
    moving_to: str | None = Field(description="the host that it is being moved to, until that one has it")
    seq: int = Field(description="grows with every change: a lower one is older")

    @classmethod
    def of(cls, session: SessionSnapshot) -> Account:
        """Show an account's snapshot."""
        return cls(
            id=session.account_id,
            session_id=session.session_id,
            user_id=session.user_id,
            account_id=session.account_id,
            name=session.name,
            kind=session.kind,
            status=session.public_status,
            phase=session.status,
            reason_code=session.reason_code,
            reason=i18n.reason("en", session.reason_code),
            action=_action(session),
            detail=session.reason,
            phone_number=session.phone_number,
            push_name=session.push_name,
            last_activity=milliseconds(session.last_activity or session.created_at),
            created_at=milliseconds(session.created_at),
            status_since=session.status_since,
            attempt=session.attempt,
            next_retry_at=session.next_retry_at,
            host_id=session.host_id,
            moving_to=session.wanted_host_id,
            seq=session.seq,
        )


class QrCode(_Out):
    """A code to scan. Whoever scans it links the account: treat it like a password."""

    qr: str = Field(repr=False, description="the text inside the picture")
    expires_at: datetime

    @classmethod
    def of(cls, qr: Qr) -> QrCode:
        """Show a code as text."""
        return cls(qr=qr.code, expires_at=qr.expires_at)


class Phone(_In):
    """The phone that is to be linked."""

    phone: Line = Field(max_length=50, examples=["+34 612 34 56 78"])


class PairingCode(_Out):
    """A code to type on the phone."""

    code: str = Field(repr=False, examples=["ABCD1234"])


class Activity(_Out):
    """One line of an account's history."""

    id: int
    account_id: UUID
    at: datetime
    kind: str = Field(examples=["status"])
    status: PublicStatus | None
    phase: SessionStatus | None
    reason_code: ReasonCode
    detail: str

    @classmethod
    def of(cls, entry: ActivityEntry) -> Activity:
        """Show a line."""
        return cls(
            id=entry.id,
            account_id=entry.account_id,
            at=entry.at,
            kind=entry.kind,
            status=entry.status.public if entry.status is not None else None,
            phase=entry.status,
            reason_code=entry.reason_code,
            detail=entry.detail,
        )


class Alive(_Out):
    """The web process answers."""

    status: str = "ok"


class Ready(_Out):
    """Everything that a request needs is there."""

    status: str = "ok"
    checks: dict[str, str] = Field(examples=[{"database": "ok", "bus": "ok", "host": "ok"}])


Json = dict[str, Any]
