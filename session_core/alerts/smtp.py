"""Handing one e-mail to the mail server, with the time that it may take and the meaning of what it answers."""

from __future__ import annotations

import ipaddress
import ssl
from contextlib import suppress
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import urlsplit

import aiosmtplib
import structlog

from session_core.errors import FatalError, TransientError
from session_core.settings import Settings

log = structlog.get_logger(__name__)

STEP_TIMEOUT = timedelta(seconds=20)
"""For each answer of the server, and for the connection."""

GOOD_BYE_TIMEOUT = timedelta(seconds=2)

_AWAY = (aiosmtplib.SMTPException, OSError, TimeoutError, ssl.SSLError)


class MailServer:
    """One conversation with the mail server of the settings."""

    def __init__(self, settings: Settings, *, step_timeout: timedelta = STEP_TIMEOUT) -> None:
        """Prepare; nothing is connected before `open`."""
        password = settings.smtp_password
        implicit = settings.smtp_tls == "on"
        self._client = aiosmtplib.SMTP(
            hostname=settings.smtp_host,
            port=settings.smtp_port,
            username=settings.smtp_username,
            password=password.get_secret_value() if password is not None else None,
            use_tls=implicit,
            # Demanded, not tried: whoever sits in between could take the offer out.
            start_tls=not implicit and settings.smtp_starttls == "on",
            # The library would ask the name service for it, without a time limit.
            local_hostname=greeting_name(settings.public_url),
            timeout=step_timeout.total_seconds(),
        )

    async def open(self) -> None:
        """Connect, encrypt and sign in.

        Raises:
            TransientError: it is away, or does not take us; that can be put right on its side or in the settings.
        """
        try:
            await self._client.connect()
        except _AWAY as error:
            raise _away(error) from error

    async def deliver(self, message: EmailMessage) -> None:
        """Hand the message over; when this returns, the server has it.

        Raises:
            FatalError: it will never take this message (``mail_refused``).
            TransientError: it may take it later.
        """
        try:
            await self._client.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            if all(refused.code >= 500 for refused in error.recipients):
                raise _refused(error.recipients[0]) from error
            raise _away(error.recipients[0]) from error
        except aiosmtplib.SMTPNotSupported as error:
            raise FatalError(
                f"The mail server cannot take such an address: {error.message}", code="mail_refused"
            ) from error
        except aiosmtplib.SMTPDataError as error:
            raise _refused(error) if error.code >= 500 else _away(error) from error
        except _AWAY as error:
            raise _away(error) from error

    async def good_bye(self) -> None:
        """Take leave after an e-mail was handed over; never raises."""
        with suppress(*_AWAY):
            await self._client.quit(timeout=GOOD_BYE_TIMEOUT.total_seconds())

    def hang_up(self) -> None:
        """Close the connection if there is one, at once."""
        self._client.close()


def greeting_name(public_url: str) -> str:
    """Return the name by which we greet: the page's host, an address as RFC 5321 wants it."""
    host = urlsplit(public_url).hostname or "localhost"
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[IPv6:{address}]" if address.version == 6 else f"[{address}]"


def _said(error: BaseException) -> str:
    code = getattr(error, "code", "")
    text = getattr(error, "message", "") or str(error)
    return f"{type(error).__name__} {code} {text}".replace("\n", " ")[:300]


def _away(error: BaseException) -> TransientError:
    return TransientError(f"The mail server does not take e-mails now: {_said(error)}", code="mail_server_away")


def _refused(error: BaseException) -> FatalError:
    return FatalError(f"The mail server refuses the e-mail: {_said(error)}", code="mail_refused")
