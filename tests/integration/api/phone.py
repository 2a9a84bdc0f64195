"""What a host would write and tell, without a browser: through the host's own way to record a status."""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import UUID

from session_core.bus import hosts, lease
from session_core.bus.commands import AnyCommand, CommandServer
from session_core.clock import utcnow
from session_core.core import Core
from session_core.domain.commands import PairingCodeShown
from session_core.domain.events import Qr
from session_core.domain.status import ReasonCode, SessionStatus
from session_core.host.qr_image import draw
from session_core.host.record import StatusChange, status_changed

HOST_ID = "test-host"
NUMBER = "34612345678"


class Phone:
    """Puts accounts into a state, as if a host had seen it on WhatsApp Web."""

    def __init__(self, core: Core) -> None:
        self._core = core

    async def shows(
        self,
        account_id: object,
        status: SessionStatus,
        reason_code: ReasonCode = ReasonCode.NONE,
        *,
        reason: str = "",
        qr: Qr | None = None,
        identity: tuple[str | None, str | None] | None = None,
    ) -> None:
        """Record a status for the account and tell everybody."""
        change = StatusChange(
            status,
            reason_code,
            reason,
            utcnow(),
            HOST_ID,
            attempt=0,
            identity=identity,
            qr=qr,
            line=True,
        )
        await status_changed(self._core, UUID(str(account_id)), change)

    async def shows_qr(self, account_id: object, code: str = "2@code,key,adv", number: int = 1) -> Qr:
        """Show a code that is good for a minute."""
        now = utcnow()
        png = "data:image/png;base64," + base64.b64encode(draw(code)).decode()
        qr = Qr(code=code, png=png, shown_at=now, expires_at=now + timedelta(minutes=1), number=number)
        await self.shows(account_id, SessionStatus.QR, qr=qr)
        return qr

    async def is_linked(self, account_id: object) -> None:
        """Be scanned: the account is ready."""
        await self.shows(account_id, SessionStatus.LINKING)
        await self.shows(account_id, SessionStatus.READY, identity=(NUMBER, "Ana's phone"))

    async def answers_with_pairing_code(self, account_id: object, code: str) -> CommandServer:
        """Hold the account's lease and answer every request for a code; stop the returned server at the end."""

        async def answer(_command: AnyCommand) -> PairingCodeShown:
            return PairingCodeShown(code=code)

        held = await lease.acquire(self._core.redis, UUID(str(account_id)), HOST_ID)
        assert held is not None
        server = CommandServer(self._core.redis, HOST_ID, answer)
        await server.start()
        return server

    async def heartbeat(self) -> None:
        """Say that a host is alive."""
        await hosts.beat(
            self._core.redis,
            hosts.Heartbeat(host_id=HOST_ID, at=utcnow(), running=0, room_for=8, chromium_sandbox=True),
        )
