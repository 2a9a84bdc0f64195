"""How a page becomes a linked device: rotating QRs, pairing codes, and the exchange that proves both sides."""

from __future__ import annotations

import asyncio
import hmac
from collections import OrderedDict
from dataclasses import dataclass, field
from datetime import timedelta

from session_core.sandbox import proofs
from session_core.sandbox.errors import SandboxError
from session_core.sandbox.ids import lid_of, new_ref
from session_core.sandbox.model import MAX_DEVICES, Device
from session_core.sandbox.world import Connection, World, now_ms

ANSWER_TIMEOUT = timedelta(seconds=10)
REMEMBERED_REFS = 10_000


@dataclass
class PendingCode:
    """A pairing code that a page shows. The server knows only what the code proves, not the code."""

    phone: str
    salt: bytes
    digest: bytes
    expires_at_ms: int


@dataclass(eq=False)
class Candidate:
    """A page that is not linked yet.

    Attributes:
        ref: reference in the QR that it shows now.
        refresh: set when the page asks for a fresh round of QRs.
        answer: where the page's reply to the phone's identity arrives.
    """

    connection: Connection
    noise_pub: str
    identity_pub: str
    platform: str
    browser: str
    ref: str | None = None
    code: PendingCode | None = None
    refresh: asyncio.Event = field(default_factory=asyncio.Event)
    answer: asyncio.Future[dict[str, object]] | None = None
    device: Device | None = None


class Linking:
    """Knows the pages that wait for a phone."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._candidates: set[Candidate] = set()
        self._spent: OrderedDict[str, None] = OrderedDict()

    def add(self, candidate: Candidate) -> None:
        """Let a page wait for a phone."""
        self._candidates.add(candidate)

    def remove(self, candidate: Candidate) -> None:
        """Forget a page that is gone or linked."""
        self._spend(candidate)
        self._candidates.discard(candidate)
        if candidate.answer is not None and not candidate.answer.done():
            candidate.answer.set_result({"refused": "the page went away"})

    async def rotate(self, candidate: Candidate) -> None:
        """Show QR after QR: the first lives longest, after the last the page idles until it asks for more."""
        while candidate.device is None:
            candidate.refresh.clear()
            for index in range(self._world.config.qr_max):
                self._spend(candidate)
                candidate.ref = new_ref()
                life_ms = self._world.config.qr_next_ms if index else self._world.config.qr_first_ms
                candidate.connection.push({"t": "ref", "ref": candidate.ref, "lifeMs": life_ms, "index": index})
                try:
                    await asyncio.wait_for(candidate.refresh.wait(), life_ms / 1000)
                    break
                except TimeoutError:
                    continue
            else:
                self._spend(candidate)
                candidate.connection.push({"t": "idle"})
                await candidate.refresh.wait()

    def _spend(self, candidate: Candidate) -> None:
        if candidate.ref is not None:
            self._spent[candidate.ref] = None
            candidate.ref = None
        while len(self._spent) > REMEMBERED_REFS:
            self._spent.popitem(last=False)

    def offer_code(self, candidate: Candidate, phone: str, salt: str, digest: str) -> int:
        """Note that a page shows a pairing code for ``phone``; return its life in milliseconds."""
        life_ms = self._world.config.pairing_code_ms
        candidate.code = PendingCode(phone, proofs.decode(salt), proofs.decode(digest), now_ms() + life_ms)
        return life_ms

    async def scan(self, qr: str, number: str, name: str | None) -> Device:
        """Scan a QR with a phone.

        Args:
            qr: the text in the QR: ``ref,noisePub,identityPub,advSecret[,platform]``.
            number: digits of the phone that scans; it is made when it is new.
            name: name of the account, shown as pushname.

        Raises:
            SandboxError: 422 ``malformed_qr``; 410 ``qr_expired``; 404 ``unknown_qr``; 409 ``keys_do_not_match``,
                ``device_refused``, ``too_many_devices``, ``scan_under_way``.
        """
        fields = qr.strip().rpartition("#")[2].split(",")
        secret = proofs.decode(fields[3]) if len(fields) in (4, 5) else b""
        if len(secret) != 32:
            raise SandboxError(
                422,
                "malformed_qr",
                "This is no code of a WhatsApp Web QR (ref,noise key,identity key,secret). Copy the whole text.",
            )
        if fields[0] in self._spent:
            raise SandboxError(
                410, "qr_expired", "This QR has expired or was used. Scan the one that the page shows now."
            )
        candidate = next((one for one in self._candidates if one.ref == fields[0]), None)
        if candidate is None:
            raise SandboxError(
                404, "unknown_qr", "This sandbox has never shown this QR. Reload the page and scan its QR."
            )
        if [candidate.noise_pub, candidate.identity_pub] != fields[1:3]:
            raise SandboxError(409, "keys_do_not_match", "The keys in the QR are not those of the page that shows it.")
        return await self._link(candidate, number, name, secret)

    async def pair(self, code: str, number: str, name: str | None) -> Device:
        """Enter a pairing code on a phone.

        Raises:
            SandboxError: 422 ``malformed_code``; 404 ``unknown_code``; 410 ``code_expired``; 409 as for `scan`.
        """
        code = code.replace("-", "").replace(" ", "").upper()
        if len(code) != 8 or set(code) - set(proofs.CODE_ALPHABET):
            raise SandboxError(422, "malformed_code", "A pairing code has 8 characters, for example ABCD-1234.")
        for candidate in list(self._candidates):
            pending = candidate.code
            if pending is None or pending.phone != number:
                continue
            digest, secret = await asyncio.to_thread(proofs.code_keys, code, pending.salt)
            if hmac.compare_digest(digest, pending.digest):
                if pending.expires_at_ms <= now_ms():
                    raise SandboxError(
                        410, "code_expired", "This pairing code has expired. Ask the page for a new one."
                    )
                return await self._link(candidate, number, name, secret)
        raise SandboxError(
            404, "unknown_code", f"No page waits with this code for +{number}. Check both the code and the number."
        )

    async def _link(self, candidate: Candidate, number: str, name: str | None, secret: bytes) -> Device:
        if candidate.answer is not None:
            raise SandboxError(409, "scan_under_way", "Another phone is being linked with this QR right now.")
        if len(self._world.devices_of(number)) >= MAX_DEVICES:
            raise SandboxError(
                409, "too_many_devices", f"+{number} has {MAX_DEVICES} linked devices already. Unlink one first."
            )
        if self._world.config.gate == "passkey":
            candidate.connection.push({"t": "passkey"})
            raise SandboxError(409, "passkey_required", "The owner has to confirm the link with a passkey first.")
        phone = self._world.phones.get(number)
        device_number = phone.next_device if phone else 1
        facts: dict[str, object] = {
            "pn": number,
            "lid": lid_of(number),
            "device": device_number,
            "noisePub": candidate.noise_pub,
            "identityPub": candidate.identity_pub,
        }
        identity = proofs.Identity.make(secret, facts)
        candidate.answer = asyncio.get_running_loop().create_future()
        candidate.connection.push({"t": "pair", "details": identity.details, "hmac": identity.hmac})
        try:
            reply = await asyncio.wait_for(candidate.answer, ANSWER_TIMEOUT.total_seconds())
        except TimeoutError:
            reply = {"refused": "the page did not answer"}
        finally:
            candidate.answer = None
        if not proofs.signed_by(candidate.identity_pub, identity.details, str(reply.get("signature", ""))):
            why = str(reply.get("refused") or "its signature is wrong")
            raise SandboxError(409, "device_refused", f"The page refused the link: {why}. Scan again.")
        return self._commit(candidate, number, name, device_number)

    def _commit(self, candidate: Candidate, number: str, name: str | None, device_number: int) -> Device:
        phone = self._world.ensure_phone(number, name)
        phone.next_device = device_number + 1
        self._world.storage.put(number, phone)
        device = Device(
            phone=number,
            device=device_number,
            noise_pub=candidate.noise_pub,
            identity_pub=candidate.identity_pub,
            platform=candidate.platform,
            browser=candidate.browser,
            linked_at_ms=now_ms(),
            last_seen_ms=now_ms(),
        )
        self._world.add_device(device)
        candidate.device = device
        self.remove(candidate)
        candidate.refresh.set()  # ends the rotation
        candidate.connection.push({"t": "linked"})
        return device
