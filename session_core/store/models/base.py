"""What all tables share."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, ForeignKey, MetaData, Uuid
from sqlmodel import SQLModel

from session_core.domain.status import ReasonCode
from session_core.store.types import UtcDateTime, enum_column


class Base(SQLModel):
    """What all tables share: our own metadata, in which every constraint has a name.

    A constraint without a name cannot be dropped by a migration on SQLite.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


def id_column() -> Any:
    """Return the column of a row's own UUID."""
    return Column(Uuid(), primary_key=True)


def ref(target: str, *, nullable: bool = False, index: bool = True, primary_key: bool = False) -> Any:
    """Return a column with the id of a row of another table (``target``); goes away together with that row."""
    return Column(
        Uuid(), ForeignKey(target, ondelete="CASCADE"), nullable=nullable, index=index, primary_key=primary_key
    )


def time_column(*, nullable: bool = False) -> Any:
    """Return a column for a moment, aware and in UTC."""
    return Column(UtcDateTime(), nullable=nullable)


GROWING = {"sqlite_autoincrement": True}
"""A number is never given twice, also when the row with the highest one is deleted: readers go on from a number."""


def reason_column() -> Any:
    """Return a column for a `ReasonCode`; without a check, so that an older program stores a newer code."""
    return Column(enum_column(ReasonCode, check=False), nullable=False)
