"""The database's errors under our own names, so that nobody above the store imports its library."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError as AlreadyThere
from sqlalchemy.exc import SQLAlchemyError

STORE_ERRORS = (SQLAlchemyError, OSError)
"""What a transaction raises when the database is away."""

__all__ = ["STORE_ERRORS", "AlreadyThere"]
