"""The e-mail of one alert, from the decision to the mail server's word, written down at each step.

A row says who may send: of two jobs one finds it claimed. A job that dies leaves a claim that runs out, and the next
one sends. Between the server's "yes" and our note of it lies the only moment in which a death makes the same e-mail go
out again; both then carry the same Message-ID.
"""

from __future__ import annotations

import asyncio
import random
from datetime import datetime, timedelta
from email.message import EmailMessage
from uuid import UUID, uuid4

import structlog
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from session_core.alerts import mail_policy
from session_core.alerts.letter import Content, compose
from session_core.alerts.mail_policy import Later, MailFacts, Never, Other
from session_core.alerts.smtp import MailServer
from session_core.bus import alerts as bus_alerts
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.alerts import MailNote, MailStatus
from session_core.errors import FatalError, TransientError
from session_core.store import alert_mails
from session_core.store.alert_mails import Letter
from session_core.store.errors import STORE_AWAY

log = structlog.get_logger(__name__)

SEND_TIMEOUT = timedelta(seconds=60)
"""For the whole conversation with the mail server."""

CLAIM = timedelta(minutes=2)
"""How long the e-mail is ours. Longer than the conversation and the notes around it."""

NOTE_TIMEOUT = timedelta(seconds=30)
"""How long the note that it is sent is tried while the database is away."""


async def send(core: Core, alert_id: UUID) -> str:
    """Send the e-mail if it is due, wanted and nobody else's; returns what became of it, for the job's log.

    Raises:
        STORE_ERRORS, BUS_ERRORS: the next round queues it again.
    """
    await bus_alerts.taken(core.redis, alert_id)
    token = uuid4().hex
    letter = await _claim(core, alert_id, token)
    if letter is None:
        return "nothing to do"
    try:
        message = _compose(core, letter)
    except ValueError as error:
        return await _failed(core, letter, token, FatalError(f"Not an address: {error}", code="mail_refused"))
    server = MailServer(core.settings)
    try:
        if not await _hand_over(core, server, message, alert_id, token):
            return "taken over"
        await _note_sent(core, alert_id, token)
        await server.good_bye()
    except (FatalError, TransientError) as error:
        return await _failed(core, letter, token, error)
    finally:
        server.hang_up()
    return "sent"


async def _claim(core: Core, alert_id: UUID, token: str) -> Letter | None:
    """Decide about the e-mail and claim it in one transaction; None when it is not to be sent now."""
    now = utcnow()
    quiet = core.settings.alert_quiet
    async with core.db.begin() as session:
        letter = await alert_mails.read(session, alert_id, now, now - quiet)
        if letter is None:
            return None
        decision = mail_policy.decide(_facts(letter, now), letter.preferences, now=now, quiet=quiet)
        if isinstance(decision, Later):
            await alert_mails.postpone(session, letter.alert, decision.at, decision.note)
            return None
        if isinstance(decision, Never):
            await alert_mails.skip(session, letter.alert, decision.note)
            log.info("alert_not_mailed", alert=str(alert_id), kind=letter.alert.kind, because=decision.note)
            return None
        await alert_mails.claim(session, letter.alert, token, now, now + CLAIM)
    return letter


def _facts(letter: Letter, now: datetime) -> MailFacts:
    alert = letter.alert
    return MailFacts(
        kind=alert.kind,
        over=alert.resolved_at is not None,
        age=now - alert.raised_at,
        told=tuple(problem.mail for problem in letter.told),
        others=tuple(
            Other(
                kind=other.kind,
                same_subject=other.subject == alert.subject,
                open=other.resolved_at is None,
                mail=other.mail,
                sent_at=other.sent_at,
            )
            for other in letter.beside
        ),
    )


def _compose(core: Core, letter: Letter) -> EmailMessage:
    alert = letter.alert
    sent = [problem for problem in letter.told if problem.sent_at is not None]
    content = Content(
        alert_id=alert.id,
        kind=alert.kind,
        account_id=alert.account_id,
        accounts=letter.accounts,
        reason_code=alert.reason_code,
        raised_at=alert.raised_at,
        answers=max(sent, key=lambda problem: problem.raised_at).id if sent else None,
    )
    return compose(
        content,
        to=letter.email,
        preferences=letter.preferences,
        sender=core.settings.smtp_from,
        public_url=core.settings.public_url,
        now=utcnow(),
    )


async def _hand_over(core: Core, server: MailServer, message: EmailMessage, alert_id: UUID, token: str) -> bool:
    """Give the e-mail to the mail server; False when it took so long to reach it that somebody else sends it.

    Raises:
        FatalError: it will never take it.
        TransientError: it did not take it now.
    """
    try:
        async with asyncio.timeout(SEND_TIMEOUT.total_seconds()):
            await server.open()
            async with core.db.read() as session:
                if not await alert_mails.owns(session, alert_id, token, utcnow()):
                    return False
            await server.deliver(message)
    except TimeoutError as error:
        raise TransientError("The mail server took too long.", code="mail_server_away") from error
    return True


async def _failed(core: Core, letter: Letter, token: str, error: FatalError | TransientError) -> str:
    """Write down that it was not sent, and when it is tried again."""
    alert, now = letter.alert, utcnow()
    refused = isinstance(error, FatalError)
    given_up = not refused and alert.first_try_at is not None and now - alert.first_try_at >= mail_policy.TRIED_FOR
    again: datetime | None = None
    if refused or given_up:
        note = MailNote.REFUSED if refused else MailNote.GIVEN_UP
        log.error("alert_mail_given_up", alert=str(alert.id), kind=alert.kind, tries=alert.tries, error=error.message)
    else:
        note = MailNote.SERVER_AWAY
        again = now + mail_policy.next_try(alert.tries, random.random)
        log.warning("alert_mail_not_sent", alert=str(alert.id), tries=alert.tries, error=error.message)
    async with core.db.begin() as session:
        status = MailStatus.FAILED if again is None else MailStatus.WAITING
        await alert_mails.settle(session, alert.id, token, status, note=note, next_try_at=again)
    return f"not sent: {error.code}"


@retry(
    retry=retry_if_exception_type(STORE_AWAY),
    wait=wait_exponential_jitter(multiplier=0.1, max=5),
    stop=stop_after_delay(NOTE_TIMEOUT),
    reraise=True,
)
async def _note_sent(core: Core, alert_id: UUID, token: str) -> None:
    async with core.db.begin() as session:
        noted = await alert_mails.settle(session, alert_id, token, MailStatus.SENT, at=utcnow())
    log.info("alert_mailed", alert=str(alert_id), noted=noted)
