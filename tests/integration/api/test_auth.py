from __future__ import annotations

import asyncio

import httpx

from session_core.services import attempts
from session_core.settings import Settings
from tests.integration.api.conftest import PASSWORD, Person, client
from tests.servers.api import RunningApi, running_api

NEW = {"email": "New.Person@Example.org", "password": PASSWORD, "name": "New Person"}


async def test_sign_up_gives_the_user_and_the_cookie(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/api/v1/auth/sign-up", json=NEW)
    assert answer.status_code == 201
    assert answer.json().keys() == {"id", "email", "name"}
    assert (answer.json()["email"], answer.json()["name"]) == ("new.person@example.org", "New Person")
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("wh_session=")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert (await anonymous.get("/api/v1/auth/me")).json() == answer.json()


async def test_the_same_e_mail_twice_is_a_conflict(anonymous: httpx.AsyncClient) -> None:
    await anonymous.post("/api/v1/auth/sign-up", json=NEW)
    again = await anonymous.post("/api/v1/auth/sign-up", json={**NEW, "email": "new.person@example.ORG"})
    assert (again.status_code, again.json()["code"]) == (409, "email_taken")
    assert "set-cookie" not in again.headers


BAD_SIGN_UPS: list[tuple[dict[str, object], str]] = [
    ({"email": "nobody"}, "bad_email"),
    ({"password": "short"}, "bad_password"),
    ({"password": "x" * 201}, "bad_password"),
    ({"password": "secret-1" * 1000}, "invalid_request"),
    ({"email": None}, "invalid_request"),
    ({"name": "two\nlines"}, "invalid_request"),
    ({"admin": True}, "invalid_request"),
]


async def test_bad_sign_ups(anonymous: httpx.AsyncClient) -> None:
    for change, code in BAD_SIGN_UPS:
        answer = await anonymous.post("/api/v1/auth/sign-up", json={**NEW, **change})
        assert (answer.status_code, answer.json()["code"]) == (422, code), change
        assert "secret-1" not in answer.text
        assert "set-cookie" not in answer.headers


async def test_sign_in_and_out(anonymous: httpx.AsyncClient, ana: Person) -> None:
    answer = await anonymous.post("/api/v1/auth/sign-in", json={"email": ana.email, "password": PASSWORD})
    assert (answer.status_code, answer.json()["id"]) == (200, ana.id)
    token = anonymous.cookies["wh_session"]
    assert (await anonymous.get("/api/v1/accounts")).status_code == 200

    out = await anonymous.post("/api/v1/auth/sign-out")
    assert out.status_code == 204
    assert "Max-Age=0" in out.headers["set-cookie"]
    assert "wh_session" not in anonymous.cookies
    # Not only the browser has forgotten it: the token is worth nothing any more.
    reused = await anonymous.get("/api/v1/accounts", headers={"Cookie": f"wh_session={token}"})
    assert reused.status_code == 401
    assert (await anonymous.post("/api/v1/auth/sign-out")).status_code == 204


async def test_a_wrong_password_and_an_unknown_e_mail_look_the_same(anonymous: httpx.AsyncClient, ana: Person) -> None:
    wrong = await anonymous.post("/api/v1/auth/sign-in", json={"email": ana.email, "password": "wrong password"})
    unknown = await anonymous.post("/api/v1/auth/sign-in", json={"email": "no@example.org", "password": "wrong one"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "bad_credentials")
    assert wrong.text == unknown.text
    assert "wrong password" not in wrong.text


async def test_after_ten_failures_an_address_has_to_wait(api: RunningApi, settings: Settings, ana: Person) -> None:
    async def attempt(opened: httpx.AsyncClient, password: str) -> httpx.Response:
        return await opened.post("/api/v1/auth/sign-in", json={"email": ana.email, "password": password})

    proxied = settings.model_copy(update={"trusted_proxy_hops": 1})
    async with running_api(proxied) as behind_proxy:
        async with client(behind_proxy, x_forwarded_for="198.51.100.7") as attacker:
            # What the client writes itself stands further left and does not count.
            for number in range(attempts.MAX_FAILURES):
                attacker.headers["X-Forwarded-For"] = f"203.0.113.{number}, 198.51.100.7"
                assert (await attempt(attacker, "wrong")).status_code == 401
            refused = await attempt(attacker, PASSWORD)
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_attempts")
            assert 800 < int(refused.headers["retry-after"]) <= 900
        async with client(behind_proxy, x_forwarded_for="198.51.100.8") as owner:
            assert (await attempt(owner, PASSWORD)).status_code == 200


async def test_an_address_alone_is_limited_over_rest_and_on_the_page(settings: Settings) -> None:
    limits = {"trusted_proxy_hops": 1, "sign_ins_per_address": 2, "sign_ups_per_address": 2}
    async with running_api(settings.model_copy(update=limits)) as api, client(api) as somebody:

        async def attempt(way: str, number: int, address: str) -> httpx.Response:
            # What the client writes itself stands further left; all of an IPv6 /64 is one address.
            somebody.headers["X-Forwarded-For"] = f"203.0.113.{number}, {address}"
            body = {"email": f"person{number}@example.org", "password": "x" * 8}
            return await somebody.post(f"/api/v1/auth/{way}", json=body | ({"name": "P"} if "up" in way else {}))

        for way, passes in (("sign-in", 401), ("sign-up", 201)):
            for number in range(2):
                assert (await attempt(way, number, f"2001:db8:0:1::{number}")).status_code == passes
            refused = await attempt(way, 3, "2001:db8:0:1:ffff::1")
            assert (refused.status_code, refused.json()["code"]) == (429, "too_many_from_address")
            assert 800 < int(refused.headers["retry-after"]) <= 3600
            assert refused.json()["action"].startswith("Wait ")
            assert (await attempt(way, 4, "2001:db8:0:2::1")).status_code == passes

            somebody.headers["X-Forwarded-For"] = "2001:db8:0:1::9"
            form = await somebody.post(f"/auth/{way}", data={"email": "a@example.org", "password": "x" * 8})
            assert form.status_code == 303
            assert form.headers["location"].startswith(f"/{way}?error=too_many_from_address&wait=")


async def test_a_header_of_an_untrusted_client_changes_nothing(settings: Settings) -> None:
    # A public address: what comes from this machine comes from a proxy, then.
    public = {"sign_ins_per_address": 1, "public_url_setting": "https://wa.example.org"}
    async with running_api(settings.model_copy(update=public)) as api, client(api) as somebody:
        found = []
        for number in range(2):
            somebody.headers["X-Forwarded-For"] = f"203.0.113.{number}"
            body = {"email": "ana@example.org", "password": "wrong one"}
            found.append((await somebody.post("/api/v1/auth/sign-in", json=body)).status_code)
        assert found == [401, 429]


async def test_closed_sign_up(settings: Settings) -> None:
    async with running_api(settings.model_copy(update={"sign_up": "closed"})) as api, client(api) as anonymous:
        answer = await anonymous.post("/api/v1/auth/sign-up", json=NEW)
        assert (answer.status_code, answer.json()["code"]) == (403, "sign_up_closed")


async def test_over_https_the_cookie_is_secure_and_bound_to_the_host(settings: Settings) -> None:
    secure = settings.model_copy(update={"public_url_setting": "https://wa.example.org"})
    async with running_api(secure) as api, client(api) as anonymous:
        answer = await anonymous.post("/api/v1/auth/sign-up", json=NEW)
        cookie = answer.headers["set-cookie"]
        assert cookie.startswith("__Host-wh_session=")
        assert "; Secure" in cookie
        pair = cookie.partition(";")[0]
        me = await anonymous.get("/api/v1/auth/me", headers={"Cookie": pair})
        assert me.status_code == 200
        planted = await anonymous.get("/api/v1/auth/me", headers={"Cookie": pair.removeprefix("__Host-")})
        assert planted.status_code == 401
        described = (await anonymous.get("/api/openapi.json")).json()
        assert described["components"]["securitySchemes"]["cookie"]["name"] == "__Host-wh_session"


async def test_api_keys_are_shown_once_and_end_when_revoked(ana: Person) -> None:
    made = await ana.browser.post("/api/v1/api-keys", json={"name": "Shop"})
    assert made.status_code == 201
    assert made.json().keys() == {"id", "key"}
    key, key_id = made.json()["key"], made.json()["id"]
    headers = {"X-API-Key": key}
    assert (await ana.program.get("/api/v1/auth/me", headers=headers)).json()["id"] == ana.id

    listed = await ana.browser.get("/api/v1/api-keys")
    assert [entry["name"] for entry in listed.json()] == ["Shop", "program"]
    assert listed.json()[0].keys() == {"id", "name", "prefix", "createdAt", "lastUsedAt"}
    assert listed.json()[0]["lastUsedAt"] is not None
    assert key not in listed.text

    assert (await ana.browser.delete(f"/api/v1/api-keys/{key_id}")).status_code == 204
    assert (await ana.program.get("/api/v1/auth/me", headers=headers)).status_code == 401
    assert (await ana.browser.delete(f"/api/v1/api-keys/{key_id}")).status_code == 404
    assert (await ana.browser.post("/api/v1/api-keys", json={"name": " "})).status_code == 422


async def test_a_wrong_key_is_an_error_even_beside_a_good_cookie(ana: Person) -> None:
    for key in ("", "wrong", ana.key + "x", ana.key[:-1]):
        answer = await ana.browser.get("/api/v1/auth/me", headers={"X-API-Key": key})
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert answer.headers["www-authenticate"].startswith("ApiKey")


async def test_another_sites_page_cannot_use_the_cookie(ana: Person) -> None:
    account = await ana.account()
    path = f"/api/v1/accounts/{account['id']}"
    foreign = [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
    ]
    for headers in foreign:
        for method, target, body in (
            ("POST", "/api/v1/accounts", {"name": "x"}),
            ("DELETE", path, None),
            ("PATCH", path, {"name": "x"}),
            ("POST", f"{path}/messages", {"to": "34600000000", "text": "x"}),
            ("POST", "/api/v1/api-keys", {"name": "x"}),
            ("POST", "/api/v1/auth/sign-out", None),
            ("POST", "/api/v1/auth/sign-in", {"email": ana.email, "password": PASSWORD}),
        ):
            answer = await ana.browser.request(method, target, json=body, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin"), (method, target, headers)
            assert "access-control-allow-origin" not in answer.headers
        # Reading is no danger, the answer stays with us; and a key is never sent by accident.
        assert (await ana.browser.get(path, headers=headers)).status_code == 200
        assert (await ana.program.patch(path, json={"name": "Key"}, headers=headers)).status_code == 200


async def test_our_own_page_can(ana: Person, api: RunningApi) -> None:
    for headers in ({"Origin": api.url, "Sec-Fetch-Site": "same-origin"}, {"Origin": api.url}):
        answer = await ana.browser.post("/api/v1/accounts", json={"name": "x"}, headers=headers)
        assert answer.status_code == 201


async def test_many_sign_ins_at_once(anonymous: httpx.AsyncClient, ana: Person) -> None:
    body = {"email": ana.email, "password": PASSWORD}
    answers = await asyncio.gather(
        *(anonymous.post("/api/v1/auth/sign-in", json=body) for _ in range(attempts.MAX_FAILURES))
    )
    assert {answer.status_code for answer in answers} == {200}
