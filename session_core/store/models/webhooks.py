"""Webhooks: endpoints, the lanes in which events go to them, and how each try went."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Text, Uuid, text
from sqlmodel import Field

from session_core.clock import utcnow
from session_core.domain.webhooks import BodyFormat, DeliveryStatus, OffReason, Problem
from session_core.store.models.base import GROWING, Base, id_column, ref, time_column
from session_core.store.types import BigId, Json, enum_column

PENDING = text("status = 'pending'")


class OutboxProgress(Base, table=True):
    """One row: how many events have got their place. Whoever gives places locks it first."""

    __tablename__ = "outbox_progress"

    id: int = Field(default=1, primary_key=True, sa_column_kwargs={"autoincrement": False})
    position: int = Field(default=0, sa_column=Column(BigInteger(), nullable=False))


class WebhookEndpoint(Base, table=True):
    """Where a user wants events. Secrets are encrypted with a key that is not in the database."""

    __tablename__ = "webhook_endpoints"

    id: UUID = Field(default_factory=uuid4, sa_column=id_column())
    user_id: UUID = Field(sa_column=ref("users.id"))
    name: str = Field(max_length=100)
    url: str = Field(sa_column=Column(Text(), nullable=False))
    events: list[str] = Field(sa_column=Column(Json, nullable=False))
    account_ids: list[str] | None = Field(default=None, sa_column=Column(Json, nullable=True), description="None: all")
    format: BodyFormat = Field(
        default=BodyFormat.WHAHOOK,
        sa_column=Column(enum_column(BodyFormat, check=False), nullable=False, server_default=BodyFormat.WHAHOOK.value),
    )
    header_names: list[str] = Field(
        default_factory=list, sa_column=Column(Json, nullable=False, server_default="[]"), description="to be shown"
    )
    headers: str | None = Field(
        default=None, sa_column=Column(Text(), nullable=True), description="names and values, encrypted like the secret"
    )
    off_reason: OffReason = Field(
        default=OffReason.NONE, sa_column=Column(enum_column(OffReason, check=False), nullable=False, index=True)
    )
    off_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    resume_from: int | None = Field(
        default=None,
        sa_column=Column(BigInteger(), nullable=True),
        description="first position that it was not told when it went off",
    )
    failing_since: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    last_success_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    secret: str = Field(max_length=300)
    old_secret: str | None = Field(default=None, max_length=300)
    old_secret_until: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    created_at: datetime = Field(default_factory=utcnow, sa_column=time_column())


class WebhookLane(Base, table=True):
    """The events of one account for one endpoint, which go out one after the other."""

    __tablename__ = "webhook_lanes"
    __table_args__ = (
        Index(
            "ix_webhook_lanes_next_try_at",
            "next_try_at",
            postgresql_where=text("next_try_at IS NOT NULL"),
            sqlite_where=text("next_try_at IS NOT NULL"),
        ),
    )

    endpoint_id: UUID = Field(sa_column=ref("webhook_endpoints.id", index=False, primary_key=True))
    lane_id: UUID = Field(
        sa_column=Column(Uuid(), primary_key=True), description="id of the account; of the endpoint itself for tests"
    )
    next_try_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True), description="None: idle")
    tries: int = Field(default=0, description="tries in a row that failed")
    failing_since: datetime | None = Field(default=None, sa_column=time_column(nullable=True))
    lease_token: str | None = Field(default=None, max_length=64, description="who delivers now")
    lease_until: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class WebhookDelivery(Base, table=True):
    """One event for one endpoint. ``id`` is the order within a lane."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        Index("ix_webhook_deliveries_endpoint_id_id", "endpoint_id", "id"),
        Index(
            "ix_webhook_deliveries_pending",
            "endpoint_id",
            "lane_id",
            "id",
            postgresql_where=PENDING,
            sqlite_where=PENDING,
        ),
        Index("ix_webhook_deliveries_created_at", "created_at"),
        GROWING,
    )

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    endpoint_id: UUID = Field(sa_column=ref("webhook_endpoints.id", index=False))
    lane_id: UUID = Field(sa_column=Column(Uuid(), nullable=False))
    account_id: UUID | None = Field(default=None, sa_column=ref("whatsapp_accounts.id", nullable=True))
    outbox_id: int | None = Field(
        default=None,
        sa_column=Column(BigId, ForeignKey("outbox_events.id", ondelete="CASCADE"), nullable=True, index=True),
        description="None: a test",
    )
    event_id: UUID = Field(sa_column=Column(Uuid(), nullable=False))
    event_type: str = Field(max_length=64)
    status: DeliveryStatus = Field(
        default=DeliveryStatus.PENDING, sa_column=Column(enum_column(DeliveryStatus), nullable=False)
    )
    replay: bool = Field(default=False)
    tries: int = Field(default=0)
    last_status_code: int | None = Field(default=None)
    last_problem: Problem = Field(
        default=Problem.NONE, sa_column=Column(enum_column(Problem, check=False), nullable=False)
    )
    created_at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    done_at: datetime | None = Field(default=None, sa_column=time_column(nullable=True))


class WebhookAttempt(Base, table=True):
    """One try, and what the endpoint answered."""

    __tablename__ = "webhook_attempts"

    id: int | None = Field(default=None, sa_column=Column(BigId, primary_key=True, autoincrement=True))
    delivery_id: int = Field(
        sa_column=Column(BigId, ForeignKey("webhook_deliveries.id", ondelete="CASCADE"), nullable=False, index=True)
    )
    at: datetime = Field(default_factory=utcnow, sa_column=time_column())
    duration_ms: int
    status_code: int | None = Field(default=None)
    problem: Problem = Field(sa_column=Column(enum_column(Problem, check=False), nullable=False))
    response: str = Field(default="", sa_column=Column(Text(), nullable=False))
