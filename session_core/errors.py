"""The errors of the product. The *type* of an error chooses what happens next; nobody compares messages."""

from __future__ import annotations

import math
from datetime import timedelta


class WhahookError(Exception):
    """Base of every error that we raise on purpose.

    Attributes:
        code: stable machine-readable name, e.g. ``"account_not_ready"``.
        message: one plain sentence for people, without secrets.
        action: what to do next, one sentence; may be empty.
    """

    default_code = "error"

    def __init__(self, message: str, *, code: str | None = None, action: str = "") -> None:
        super().__init__(message)
        self.code = code or self.default_code
        self.message = message
        self.action = action


class TransientError(WhahookError):
    """It may work in a moment: the session reconnects with backoff, a job is tried again."""

    default_code = "try_again"


class PersonRequired(WhahookError):
    """Only a person can go on, on the phone or at the machine; trying again by ourselves is useless."""

    default_code = "person_required"


class LoginRequired(PersonRequired):
    """A person has to link the phone again."""

    default_code = "login_required"


class FatalError(WhahookError):
    """It will not work until somebody changes something on this machine or in its settings."""

    default_code = "fatal"


class PolicyError(WhahookError):
    """The request is understood and refused. Carries the HTTP status that says why."""

    default_code = "refused"

    def __init__(self, message: str, *, code: str | None = None, action: str = "", status_code: int = 400) -> None:
        super().__init__(message, code=code, action=action)
        self.status_code = status_code


class NotFound(PolicyError):
    """There is no such thing, or it is somebody else's: both look the same from outside."""

    def __init__(self, what: str = "resource") -> None:
        super().__init__(f"There is no such {what}.", code=f"{what}_not_found", status_code=404)


class Unauthenticated(PolicyError):
    """Nobody is signed in, or the key is unknown."""

    def __init__(self, message: str = "Sign in, or send a valid API key.") -> None:
        super().__init__(
            message,
            code="unauthenticated",
            action="Sign in on the page or send the header X-API-Key.",
            status_code=401,
        )


class TooMany(PolicyError):
    """Somebody tries too often.

    Attributes:
        retry_after: so long the next tries are refused, too.
    """

    def __init__(self, message: str, *, code: str, retry_after: timedelta) -> None:
        minutes = max(1, math.ceil(retry_after.total_seconds() / 60))
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        super().__init__(message, code=code, action=f"Wait {wait} and try again.", status_code=429)
        self.retry_after = retry_after


class Conflict(PolicyError):
    """The request contradicts what is already there.

    Attributes:
        existing_id: id of the thing that is in the way, when there is one.
    """

    def __init__(self, message: str, *, code: str, action: str = "", existing_id: str | None = None) -> None:
        super().__init__(message, code=code, action=action, status_code=409)
        self.existing_id = existing_id
