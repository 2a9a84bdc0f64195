"""The phone's API over real HTTP: how it refuses. What it does is proved with real pages in the files beside this."""

from __future__ import annotations

import asyncio
import io
import ssl
from typing import Any

import httpx
import pytest
import qrcode
from cryptography import x509

from session_core.sandbox.decode import MAX_IMAGE_BYTES
from tests.integration.sandbox.wajs import WaPage
from tests.servers.sandbox import PhoneClient, RunningSandbox

ANA, BETO = "34600112233", "34611000001"
SECRET = "c2VjcmV0IHNlY3JldCBzZWNyZXQgc2VjcmV0IHNlY3I="
SAMPLE_QR = f"2@neverShown,bm9pc2U=,aWRlbnRpdHk=,{SECRET},CHROME"

Linked = tuple[WaPage, PhoneClient]


async def refused(sandbox: RunningSandbox, path: str, body: Any) -> tuple[int, str]:
    """Post, and return status and name of the refusal; every refusal also says why."""
    response = await sandbox.client.post(path, json=body)
    answer = response.json()
    assert set(answer) == {"error", "message"}
    assert len(answer["message"]) > 10
    return response.status_code, answer["error"]


@pytest.mark.parametrize(
    ("path", "body", "status", "error"),
    [
        ("scan", {"qr": SAMPLE_QR, "phone": "12"}, 422, "malformed_number"),
        ("scan", {"qr": SAMPLE_QR, "phone": "+0034600112233"}, 422, "malformed_number"),
        ("scan", {"qr": SAMPLE_QR, "phone": "hello"}, 422, "malformed_number"),
        ("scan", {"qr": SAMPLE_QR}, 422, "invalid_body"),
        ("scan", {"qr": "", "phone": ANA}, 422, "malformed_qr"),
        ("scan", {"qr": "a,b,c", "phone": ANA}, 422, "malformed_qr"),
        ("scan", {"qr": "2@x,a,b,notBase64!", "phone": ANA}, 422, "malformed_qr"),
        ("scan", {"qr": "x" * 3000, "phone": ANA}, 422, "invalid_body"),
        ("scan", {"qr": SAMPLE_QR, "phone": ANA, "color": "red"}, 422, "invalid_body"),
        ("scan", {"qr": SAMPLE_QR, "phone": ANA}, 404, "unknown_qr"),
        ("scan", [1], 422, "invalid_body"),
        ("pair", {"code": "ABC", "phone": ANA}, 422, "malformed_code"),
        ("pair", {"code": "ABCD-0000", "phone": ANA}, 422, "malformed_code"),
        ("pair", {"code": "ABCD-1234", "phone": ANA}, 404, "unknown_code"),
        ("pair", {"code": "ABCD-1234", "phone": "x"}, 422, "malformed_number"),
        ("messages", {"phone": ANA, "from": BETO, "text": "hola"}, 404, "unknown_phone"),
        ("messages", {"phone": ANA, "from": "1", "text": "hola"}, 422, "malformed_number"),
        ("messages", {"phone": ANA, "from": BETO, "text": "  "}, 422, "empty_text"),
        ("messages", {"phone": ANA, "from": BETO, "text": "x", "type": "poem"}, 422, "unknown_type"),
        ("messages", {"phone": ANA, "from": BETO, "text": 5}, 422, "invalid_body"),
        ("unlink", {"phone": ANA}, 404, "unknown_phone"),
        ("limit", {"phone": ANA, "untilMs": 1}, 404, "unknown_phone"),
        ("limit", {"phone": ANA, "untilMs": -1}, 422, "invalid_body"),
        ("limit", {"phone": ANA}, 422, "invalid_body"),
        ("offline", {"phone": ANA}, 404, "unknown_phone"),
        ("online", {"phone": ANA}, 404, "unknown_phone"),
        ("conflict", {"phone": ANA}, 404, "unknown_phone"),
        ("read", {"phone": ANA, "chat": BETO}, 404, "unknown_phone"),
        ("read", {"phone": ANA, "chat": "x@y"}, 422, "malformed_id"),
        ("config", {"qrMax": 0}, 422, "invalid_config"),
        ("config", {"qrFirstMs": "soon"}, 422, "invalid_config"),
        ("config", {"unknownSetting": 1}, 422, "invalid_config"),
        ("config", {"generation": "future"}, 422, "invalid_config"),
        ("config", {"failSends": {"mode": "sometimes"}}, 422, "invalid_config"),
        ("config", {"notOnWhatsapp": ["12"]}, 422, "malformed_number"),
        ("config", [], 422, "invalid_json"),
    ],
)
async def test_bad_input(sandbox: RunningSandbox, path: str, body: Any, status: int, error: str) -> None:
    assert await refused(sandbox, f"/phone/{path}", body) == (status, error)


async def test_body_that_is_no_json(sandbox: RunningSandbox) -> None:
    for path in ("scan", "config"):
        response = await sandbox.client.post(
            f"/phone/{path}", content=b"{", headers={"content-type": "application/json"}
        )
        assert (response.status_code, set(response.json())) == (422, {"error", "message"})


async def test_refusals_that_need_a_linked_phone(sandbox: RunningSandbox, linked: Linked) -> None:
    wa, ana = linked
    await ana.write(BETO, "hola")
    assert await refused(sandbox, "/phone/unlink", {"phone": ANA, "device": 7}) == (404, "unknown_device")
    assert await refused(sandbox, "/phone/read", {"phone": ANA, "chat": "34699999999"}) == (404, "unknown_chat")
    same = {"phone": ANA, "from": ANA, "text": "hola"}
    assert await refused(sandbox, "/phone/messages", same) == (422, "same_number")
    quoting = {"phone": ANA, "from": BETO, "text": "hola", "quotedId": "3EB0NOTHING"}
    assert await refused(sandbox, "/phone/messages", quoting) == (404, "unknown_message")
    await ana.offline()
    assert await refused(sandbox, "/phone/conflict", {"phone": ANA}) == (409, "not_connected")
    await ana.unlink()
    assert await refused(sandbox, "/phone/offline", {"phone": ANA}) == (409, "no_linked_device")
    assert wa.page.url.startswith(sandbox.url)


async def test_reading_phones_that_are_not_there(sandbox: RunningSandbox) -> None:
    assert await sandbox.get("/phone") == {"phones": []}
    for path, status in (
        (f"/phone/{ANA}", 404),
        (f"/phone/{ANA}/received", 404),
        ("/phone/12", 422),
        ("/assets/x.js", 404),
    ):
        response = await sandbox.client.get(path)
        assert (response.status_code, set(response.json())) == (status, {"error", "message"})


async def test_one_phone_at_a_time_per_qr(sandbox: RunningSandbox, wa: WaPage) -> None:
    await wa.page.goto(sandbox.url)
    qr = await wa.qr()
    answers = await asyncio.gather(
        *(sandbox.client.post("/phone/scan", json={"qr": qr, "phone": f"3460000000{n}"}) for n in range(3))
    )
    assert sorted(answer.status_code for answer in answers) in ([200, 409, 409], [200, 409, 410], [200, 410, 410])
    assert sum(len(phone["devices"]) for phone in (await sandbox.get("/phone"))["phones"]) == 1


async def test_a_used_qr_is_refused(sandbox: RunningSandbox, wa: WaPage) -> None:
    await wa.page.goto(sandbox.url)
    qr = await wa.qr()
    await sandbox.phone(ANA).scan(qr)
    assert await refused(sandbox, "/phone/scan", {"qr": qr, "phone": BETO}) == (410, "qr_expired")


async def test_settings_are_kept_changed_one_by_one_and_reset(sandbox: RunningSandbox) -> None:
    before = await sandbox.get("/phone/config")
    changed = await sandbox.config(lid=True, failSends={"mode": "all", "reason": "ERROR_NETWORK"})
    assert changed["failSends"] == {"mode": "all", "count": 1, "reason": "ERROR_NETWORK"}
    assert {name for name in before if before[name] != changed[name]} == {"lid", "failSends"}
    reset = (await sandbox.client.delete("/phone/config")).json()
    assert (reset["lid"], reset["ackReadMs"], reset["qrFirstMs"], reset["qrNextMs"], reset["qrMax"]) == (
        False,
        900,
        60_000,
        20_000,
        6,
    )


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://localhost:1", "https://web.whatsapp.com"])
async def test_other_sites_are_kept_out(sandbox: RunningSandbox, origin: str) -> None:
    for method, path in (("POST", "/phone/scan"), ("GET", "/phone"), ("GET", "/"), ("GET", "/ws/device")):
        response = await sandbox.client.request(method, path, headers={"origin": origin})
        assert (response.status_code, response.json()["error"]) == (403, "cross_site")


async def test_names_that_others_can_own_are_refused(sandbox: RunningSandbox) -> None:
    for host, status in (("evil.example", 403), (f"localhost:{sandbox.http_port}", 200), ("web.whatsapp.com", 200)):
        response = await sandbox.client.get("/phone", headers={"host": host})
        assert response.status_code == status
    own = {"host": f"localhost:{sandbox.http_port}", "origin": f"http://localhost:{sandbox.http_port}"}
    assert (await sandbox.client.get("/phone", headers=own)).status_code == 200


async def test_pictures(sandbox: RunningSandbox) -> None:
    out = io.BytesIO()
    qrcode.make(SAMPLE_QR).save(out, "PNG")
    picture = out.getvalue()
    assert (await sandbox.client.post("/phone/decode", content=picture)).json() == {"qr": SAMPLE_QR}
    form = await sandbox.client.post("/phone/decode", files={"picture": ("qr.png", picture, "image/png")})
    assert form.json() == {"qr": SAMPLE_QR}

    empty = io.BytesIO()
    qrcode.make("x").get_image().convert("L").point(lambda _: 255).save(empty, "PNG")
    for content, status, error in (
        (empty.getvalue(), 422, "no_qr"),
        (b"", 415, "not_an_image"),
        (picture[:200], 415, "not_an_image"),
        (b"\0" * (MAX_IMAGE_BYTES + 1), 413, "image_too_large"),
    ):
        response = await sandbox.client.post("/phone/decode", content=content)
        assert (response.status_code, response.json()["error"]) == (status, error)


async def test_the_page_over_https_has_the_certificate_of_whatsapp_web(sandbox: RunningSandbox) -> None:
    async with httpx.AsyncClient(verify=False) as client:
        response = await client.get(f"https://127.0.0.1:{sandbox.https_port}/", headers={"host": "web.whatsapp.com"})
    assert response.status_code == 200
    pem = await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", sandbox.https_port))
    certificate = x509.load_pem_x509_certificate(pem.encode())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "web.whatsapp.com" in names.get_values_for_type(x509.DNSName)


async def test_the_pages_load_nothing_from_elsewhere(sandbox: RunningSandbox) -> None:
    for path in ("/", "/phone"):
        response = await sandbox.client.get(path, headers={"accept": "text/html"})
        assert response.headers["content-security-policy"].startswith("default-src 'self';")


async def test_health_and_generation(sandbox: RunningSandbox) -> None:
    assert (await sandbox.get("/healthz"))["status"] == "ok"
    assert '"generation": "bridge"' in (await sandbox.client.get("/?generation=bridge")).text
    assert (await sandbox.client.get("/?generation=other")).status_code == 422
