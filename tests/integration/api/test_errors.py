"""Every error has the same shape, whoever makes it: a route, the framework, or an outage."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from session_core.services.principal import new_api_key
from session_core.settings import Settings
from tests.integration.api.conftest import Person, client, signed_up
from tests.integration.api.phone import Phone
from tests.servers.api import RunningApi, running_api
from tests.servers.valkey import running_valkey_server
from whahook_app.api.problems import MAX_BODY_BYTES


def check_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body.keys() >= {"type", "title", "status", "detail", "code", "action"}
    assert (body["status"], body["code"]) == (status, code)
    assert body["type"] == f"urn:whahook:problem:{code}"


async def test_unknown_paths(anonymous: httpx.AsyncClient) -> None:
    for path in ("/api/nothing", "/api/v1/accounts/", "/api/v2/accounts", "/api/v1", "/auth/nothing", "/api/"):
        check_problem(await anonymous.get(path), 404, "path_not_found")
        check_problem(await anonymous.post(path, json={}), 404, "path_not_found")


async def test_wrong_methods_name_the_right_ones(anonymous: httpx.AsyncClient) -> None:
    for method, path, allowed in (
        ("PUT", "/api/v1/accounts", "GET, POST"),
        ("DELETE", "/api/v1/auth/sign-in", "POST"),
        ("POST", "/healthz", "GET, HEAD"),
        ("GET", "/api/v1/accounts/x/connect", "POST"),
        ("POST", "/api/openapi.json", "GET, HEAD"),
    ):
        answer = await anonymous.request(method, path)
        check_problem(answer, 405, "method_not_allowed")
        assert answer.headers["allow"] == allowed


async def test_bodies_that_are_no_json(ana: Person) -> None:
    for content, kind in ((b"{", "application/json"), (b"name=x", "application/x-www-form-urlencoded"), (b"", "")):
        answer = await ana.program.post("/api/v1/accounts", content=content, headers={"Content-Type": kind})
        check_problem(answer, 422, "invalid_request")
        assert answer.json()["errors"][0]["field"].startswith("body")


async def test_a_body_of_nothing_but_mistakes_gets_a_short_answer(ana: Person) -> None:
    many = {f"field {number}": number for number in range(5000)}
    answer = await ana.program.post("/api/v1/accounts", json=many)
    check_problem(answer, 422, "invalid_request")
    assert len(answer.json()["errors"]) == 20
    answer = await ana.program.post("/api/v1/accounts", json={"x" * 100_000: 1, "name": "x"})
    check_problem(answer, 422, "invalid_request")
    assert len(answer.content) < 1000
    for deep in (b"[" * 500_000, b'{"name":' * 100_000, b'{"name": ' + b"9" * 10_000 + b"}"):
        answer = await ana.program.post("/api/v1/accounts", content=deep, headers={"Content-Type": "application/json"})
        assert answer.status_code in {400, 422}
        assert answer.headers["content-type"] == "application/problem+json"


async def test_a_body_without_an_end_is_refused(ana: Person) -> None:
    too_much = b'{"name": "' + b"x" * MAX_BODY_BYTES + b'"}'
    check_problem(await ana.program.post("/api/v1/accounts", content=too_much), 413, "body_too_large")

    async def unannounced() -> AsyncIterator[bytes]:
        for _ in range(2000):
            yield b" " * 1024

    check_problem(await ana.program.post("/api/v1/accounts", content=unannounced()), 413, "body_too_large")


async def test_what_nobody_expected_tells_nothing(
    ana: Person, api: RunningApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("secret detail")

    monkeypatch.setattr("session_core.services.accounts.list_accounts", broken)
    answer = await ana.program.get("/api/v1/accounts")
    check_problem(answer, 500, "internal")
    assert "secret detail" not in answer.text
    assert "ZeroDivision" not in answer.text


async def test_before_the_core_is_open_it_says_so(settings: Settings) -> None:
    async with running_api(settings, started=False) as api, client(api) as anonymous:
        answer = await anonymous.get("/api/v1/accounts", headers={"X-API-Key": "x"})
        check_problem(answer, 503, "starting")
        assert int(answer.headers["retry-after"]) > 0
        assert (await anonymous.get("/healthz")).status_code == 200


async def test_health_without_and_with_a_host(anonymous: httpx.AsyncClient, phone: Phone) -> None:
    assert (await anonymous.get("/healthz")).json() == {"status": "ok"}
    assert (await anonymous.head("/healthz")).status_code == 200
    answer = await anonymous.get("/readyz")
    check_problem(answer, 503, "not_ready")
    assert answer.json()["checks"] == {"database": "ok", "bus": "ok", "host": "no host is running"}
    assert "host (no host is running)" in answer.json()["detail"]
    await phone.heartbeat()
    answer = await anonymous.get("/readyz")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")
    assert (await anonymous.head("/readyz")).status_code == 200


async def test_without_the_bus_accounts_can_be_read_and_changed(settings: Settings, tmp_path: Path) -> None:
    with running_valkey_server(tmp_path / "valkey") as valkey:
        alone = settings.model_copy(update={"redis_url_setting": valkey.url})
        async with running_api(alone) as api, signed_up(api) as ana:
            account = await ana.account()
            valkey.kill()
            path = f"/api/v1/accounts/{account['id']}"
            assert (await ana.program.get(path)).status_code == 200
            assert (await ana.program.post(f"{path}/connect")).status_code == 202
            sent = await ana.program.post(f"{path}/messages", json={"to": "+34612345678", "text": "kept"})
            assert sent.status_code == 202
            check_problem(await ana.program.get("/readyz"), 503, "not_ready")
            assert (await ana.program.get("/healthz")).status_code == 200


async def test_without_the_database_it_says_try_again(settings: Settings, tmp_path: Path) -> None:
    gone = settings.model_copy(update={"database_url_setting": f"sqlite:///{tmp_path}/no-such-folder/db"})
    async with running_api(gone) as api, client(api) as anonymous:
        body = {"email": "a@example.org", "password": "long enough", "name": ""}
        for answer in (
            await anonymous.post("/api/v1/auth/sign-up", json=body),
            await anonymous.get("/api/v1/accounts", headers={"X-API-Key": new_api_key()[1]}),
        ):
            check_problem(answer, 503, "temporarily_unavailable")
            assert int(answer.headers["retry-after"]) > 0
            assert "no-such-folder" not in answer.text
        form = await anonymous.post("/auth/sign-in", data=body)
        assert form.headers["location"] == "/sign-in?error=temporarily_unavailable"


async def test_security_headers(anonymous: httpx.AsyncClient, ana: Person) -> None:
    for answer in (
        await anonymous.get("/api/v1/accounts"),
        await ana.program.get("/api/v1/accounts"),
        await anonymous.get("/api/nothing"),
        await anonymous.get("/healthz"),
        await anonymous.get("/socket.io/?EIO=4&transport=polling"),
    ):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["cache-control"] == "no-store"
        assert "server" not in answer.headers or answer.headers["server"] == "uvicorn"
