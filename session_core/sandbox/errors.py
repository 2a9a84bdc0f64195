"""What the phone's API and the device socket refuse, and how they say it."""

from __future__ import annotations


class SandboxError(Exception):
    """A refusal with a status, a stable name and a sentence that says why and what to do.

    Attributes:
        status: HTTP status, always 4xx.
        error: stable machine-readable name, e.g. ``"qr_expired"``.
        message: for people.
    """

    def __init__(self, status: int, error: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error = error
        self.message = message


def unknown_phone(number: str) -> SandboxError:
    """Return the refusal for a phone that nobody has used yet."""
    return SandboxError(
        404,
        "unknown_phone",
        f"There is no phone +{number}. A phone exists once it has scanned a QR or entered a pairing code.",
    )
