"""The database's errors under our own names, so that nobody above the store imports its library."""

from __future__ import annotations

from sqlalchemy.exc import IntegrityError as AlreadyThere
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

STORE_ERRORS = (SQLAlchemyError, OSError)
"""What a transaction raises when the database is away."""

STORE_AWAY = (OperationalError, InterfaceError, NoFreeConnection, OSError)
"""Those of them that may be gone in a moment; the others mean that a query is wrong."""

__all__ = ["STORE_AWAY", "STORE_ERRORS", "AlreadyThere"]
