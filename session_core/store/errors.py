"""The database's errors under our own names, so that nobody above the store imports its library."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, SQLAlchemyError, StatementError
from sqlalchemy.exc import IntegrityError as AlreadyThere
from sqlalchemy.exc import TimeoutError as NoFreeConnection

STORE_ERRORS = (SQLAlchemyError, OSError)
"""What a transaction raises when the database is away."""

STORE_AWAY = (OperationalError, InterfaceError, NoFreeConnection, OSError)
"""Those of them that may be gone in a moment; the others mean that a query is wrong."""

_REFUSED = ("22", "23")
"""Classes of SQLSTATE: data exception, integrity constraint violation."""


def is_refusal(error: BaseException) -> bool:
    """Tell whether the database is there and will never take what it was given: trying again cannot help.

    asyncpg's errors arrive as a bare DBAPIError, also a server's shutdown, so their SQLSTATE decides.
    """
    if isinstance(error, AlreadyThere):
        return True
    if isinstance(error, DBAPIError):
        return str(getattr(error.orig, "sqlstate", None) or "").startswith(_REFUSED)
    return isinstance(error, StatementError)


__all__ = ["STORE_AWAY", "STORE_ERRORS", "AlreadyThere", "is_refusal"]
