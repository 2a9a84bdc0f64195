"""The unmodified wa-js in a real Chromium, injected by plain init scripts."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil
from playwright.async_api import BrowserContext, Page, Playwright

BUNDLE = Path(__file__).resolve().parents[3] / "node_modules/@wppconnect/wa-js/dist/wppconnect-wa.js"
USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/144.0.0.0 Safari/537.36"
PATIENCE = timedelta(seconds=30)

CONFIG = "window.WPPConfig = { disableGoogleAnalytics: true, linkPreviewApiServers: [] };"
WATCH = """
if (window === top) {
  const tell = (name, data) => window.tellTest(name, data ?? null);
  const plain = (data) => JSON.parse(JSON.stringify(data ?? null));
  const names = ['auth_code_change', 'main_init', 'main_ready', 'authenticated', 'main_loaded', 'logout', 'online',
    'stream_mode_changed', 'stream_info_changed', 'backend_event', 'qrcode_idle', 'link_code_change'];
  for (const name of names.map((name) => `conn.${name}`)) WPP.on(name, (data) => tell(name, plain(data)));
  const view = (msg) => ({ id: msg.id.toString(), type: msg.type, body: msg.body ?? null });
  WPP.on('chat.new_message', (msg) => tell('chat.new_message', view(msg)));
  WPP.on('chat.msg_ack_change', ({ ids, ack }) => tell('chat.msg_ack_change', { id: ids[0].toString(), ack }));
  WPP.loader.onInjected(() => {
    WPP.whatsapp.MsgStore.on('change:ack', (msg) => tell('store.ack', { id: msg.id.toString(), ack: msg.ack }));
    tell('injected');
  });
}
"""

SCRIPTS = (CONFIG, BUNDLE.read_text(), WATCH)

Event = tuple[str, Any]


class WaPage:
    """A page with wa-js in it, its events so far as pairs of name and data, and the ``errors`` that it printed."""

    def __init__(self, context: BrowserContext, profile: Path) -> None:
        self.page: Page = context.pages[0]
        self.events: list[Event] = []
        self.errors: list[str] = []
        self._context = context
        self._profile = profile
        self._changed = asyncio.Condition()

    async def prepare(self) -> None:
        """Set the init scripts; nothing is loaded yet."""
        await self.listen()
        for script in SCRIPTS:
            await self.page.add_init_script(script)

    async def inject(self) -> None:
        """Bring wa-js into the page that is open now."""
        await self.page.evaluate(";".join(SCRIPTS))

    async def listen(self) -> None:
        """Hear what the page complains about and, once wa-js is in it, its events."""
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        await self.page.expose_binding("tellTest", self._told)

    async def _told(self, _source: Any, name: str, data: Any) -> None:
        async with self._changed:
            self.events.append((name, data))
            self._changed.notify_all()

    async def until(self, name: str, accept: Callable[[Any], bool] = lambda _: True, *, after: int = 0) -> Any:
        """Return the data of the first accepted event of that name, waiting for it; ``after``: index in `events`."""

        def found() -> list[Any]:
            return [data for event, data in self.events[after:] if event == name and accept(data)]

        async with self._changed:
            try:
                await asyncio.wait_for(self._changed.wait_for(found), PATIENCE.total_seconds())
            except TimeoutError:
                seen = [f"{event} {data}"[:80] for event, data in self.events[after:]]
                raise AssertionError(f"no {name!r} among {seen}; errors: {self.errors}") from None
        return found()[0]

    async def qr(self, *, after: int = 0) -> str:
        """Wait for a QR; return its text."""
        code: str = (await self.until("conn.auth_code_change", bool, after=after))["fullCode"]
        return code

    async def main(self, *, after: int = 0) -> None:
        """Wait until messages flow."""
        await self.until("conn.backend_event", lambda event: event == "offline_delivery_end", after=after)

    async def ready(self) -> None:
        """Wait until wa-js can be used in main mode. Not by its ``isFullReady``: it may miss the moment for that."""
        await self.page.wait_for_function("window.WPP?.isReady && WPP.conn.isMainReady()")

    async def state(self) -> dict[str, Any]:
        """Return the state of the connection, read directly."""
        found: dict[str, Any] = await self.page.evaluate(
            """() => ({
                state: WPP.whatsapp.Socket.state, synced: WPP.whatsapp.Socket.hasSynced, mode: WPP.whatsapp.Stream.mode,
                info: WPP.whatsapp.Stream.info, online: WPP.conn.isOnline(), authenticated: WPP.conn.isAuthenticated(),
            })"""
        )
        return found

    async def send(self, to: str, text: str, **options: Any) -> dict[str, Any]:
        """Send without waiting for the server; return wa-js's answer."""
        answer: dict[str, Any] = await self.page.evaluate(
            """async ([to, text, options]) => JSON.parse(JSON.stringify(await WPP.chat.sendTextMessage(to, text, {
                waitForAck: false, linkPreview: false, ...options })))""",
            [to, text, options],
        )
        return answer

    async def acked(self, message_id: str, ack: int) -> None:
        """Wait until the store shows an ack."""
        await self.until("store.ack", lambda change: change == {"id": message_id, "ack": ack})

    async def stored(self) -> list[dict[str, Any]]:
        """Return what the message store holds: the sweep after a start."""
        found: list[dict[str, Any]] = await self.page.evaluate(
            """() => WPP.whatsapp.MsgStore.getModelsArray().map((m) => (
                { id: m.id.toString(), type: m.type, body: m.body, ack: m.ack }))"""
        )
        return found

    def kill(self) -> None:
        """SIGKILL the browser with all its processes."""
        mine = [
            one
            for one in psutil.Process().children(recursive=True)
            if f"--user-data-dir={self._profile}" in _command(one)
        ]
        for process in [child for one in mine for child in one.children(recursive=True)] + mine:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(mine, timeout=10)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


@contextlib.asynccontextmanager
async def wa_page(
    playwright: Playwright, profile: Path, chromium: str, flags: list[str], *, bare: bool = False
) -> AsyncIterator[WaPage]:
    """Open a browser with its profile; the caller navigates. ``bare``: without wa-js, until `WaPage.inject`."""
    context = await playwright.chromium.launch_persistent_context(
        profile, executable_path=chromium, chromium_sandbox="--no-sandbox" not in flags, user_agent=USER_AGENT
    )
    try:
        page = WaPage(context, profile)
        await (page.listen() if bare else page.prepare())
        yield page
    finally:
        with contextlib.suppress(Exception):  # a killed browser is closed already
            await context.close()
