"""Column types that mean the same on SQLite and on Postgres."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import Enum
from typing import Any

from sqlalchemy import JSON, BigInteger, DateTime, Integer
from sqlalchemy import Enum as SAEnum
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator


class UtcDateTime(TypeDecorator[datetime]):
    """Aware in, aware out, UTC inside. SQLite keeps it naive; a naive value is refused, it has no meaning."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert on the way in."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Convert on the way out; drivers name UTC differently, so normalise."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


BigId = BigInteger().with_variant(Integer(), "sqlite")
"""Growing numbers. SQLite counts up only on INTEGER keys."""

Json = JSON().with_variant(JSONB(), "postgresql")
"""JSON, indexed where the database can."""


def enum_column(enum: type[Enum], *, check: bool = True) -> Any:
    """Return VARCHAR + CHECK on both databases: values can be added by an ordinary migration.

    Args:
        enum: the enum; its values are stored, not its names.
        check: False for enums that grow all the time, where a value that the database does not know yet must never
            keep a row from being stored.
    """
    return SAEnum(
        enum,
        native_enum=False,
        create_constraint=check,
        length=32,
        name=enum.__name__.lower(),
        values_callable=lambda members: [member.value for member in members],
    )
