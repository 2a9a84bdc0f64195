"""A real SMTP server for tests (aiosmtpd), which can be told to misbehave as mail servers do."""

from __future__ import annotations

import asyncio
import os
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from session_core.sandbox.certificate import make_certificate

USER, PASSWORD = "alerts", "correct horse"


@dataclass
class MailServer:
    """What the server took, and how it behaves. Answers are used up one after the other, then it takes everything.

    Attributes:
        taken: e-mails for which it said yes.
        rcpt: answers to the next receivers, e.g. ``"550 5.1.1 unknown"``.
        data: answers to the next e-mails.
        hanging: set while it says nothing about an e-mail that it has read; waits for `go_on`.
        hangs: how many of the next e-mails it hangs on.
        encrypted: for each e-mail, whether it came encrypted.
        logins: names of those who signed in.
    """

    port: int = 0
    taken: list[EmailMessage] = field(default_factory=list)
    receivers: list[str] = field(default_factory=list)
    rcpt: list[str] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    hangs: int = 0
    hanging: asyncio.Event = field(default_factory=asyncio.Event)
    go_on: asyncio.Event = field(default_factory=asyncio.Event)
    encrypted: list[bool] = field(default_factory=list)
    logins: list[str] = field(default_factory=list)
    connections: int = 0

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.rcpt:
            return self.rcpt.pop(0)
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        if self.hangs:
            self.hangs -= 1
            self.hanging.set()
            # Ends with the connection: then nothing was said, and nothing is taken.
            await self.go_on.wait()
        if self.data:
            return self.data.pop(0)
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, policy=default)
        self.taken.append(message)
        self.receivers += envelope.rcpt_tos
        self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return "250 OK"

    def authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> AuthResult:
        """Let one name in."""
        good = isinstance(data, LoginPassword) and (data.login, data.password) == (USER.encode(), PASSWORD.encode())
        if good:
            self.logins.append(USER)
        return AuthResult(success=good, handled=False)


@asynccontextmanager
async def running_smtp(
    *,
    tls: ssl.SSLContext | None = None,
    implicit: bool = False,
    auth: bool = False,
    smtputf8: bool = True,
    port: int = 0,
) -> AsyncIterator[MailServer]:
    """Run a server on a free port of this machine.

    Args:
        tls: offer STARTTLS with it.
        implicit: use ``tls`` from the first byte instead.
        auth: take nothing from who has not signed in.
        smtputf8: take addresses in any script.
        port: a port that was free a moment ago.
    """
    mail_server = MailServer()

    def connection() -> SMTP:
        mail_server.connections += 1
        with warnings.catch_warnings():
            # It warns of logins without encryption, which is what some tests are about.
            warnings.simplefilter("ignore", UserWarning)
            return SMTP(
                mail_server,
                hostname="mail.example.org",
                enable_SMTPUTF8=smtputf8,
                tls_context=None if implicit else tls,
                require_starttls=tls is not None and not implicit,
                auth_required=auth,
                auth_require_tls=tls is not None and not implicit,
                authenticator=mail_server.authenticate,
            )

    server = await asyncio.get_running_loop().create_server(
        connection, "127.0.0.1", port, ssl=tls if implicit else None
    )
    try:
        mail_server.port = server.sockets[0].getsockname()[1]
        yield mail_server
    finally:
        mail_server.go_on.set()
        server.close()


@asynccontextmanager
async def mute_server() -> AsyncIterator[int]:
    """Run a server that takes connections and never says a word; gives its port."""
    writers: list[asyncio.StreamWriter] = []

    async def accept(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        for writer in writers:
            writer.close()
        server.close()


def certified(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Return a server's TLS context for this machine, and the file with the certificate to trust."""
    certificate, key = make_certificate()
    trusted, both = folder / "trusted.pem", folder / "both.pem"
    trusted.write_bytes(certificate)
    both.touch(mode=0o600)
    both.write_bytes(key + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    os.unlink(both)
    return context, trusted


def subject(message: EmailMessage) -> str:
    """Return the subject as a person sees it: a no-break space is a space."""
    return str(message["Subject"]).replace("\N{NO-BREAK SPACE}", " ")
