"""The pages' native forms: they answer with a redirect, and with the cookie."""

from __future__ import annotations

import httpx

from tests.integration.api.conftest import PASSWORD, Person

NEW = {"email": "form@example.org", "password": PASSWORD, "name": "Form"}


async def test_sign_up_goes_to_the_connections(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.post("/auth/sign-up", data=NEW)
    assert (answer.status_code, answer.headers["location"]) == (303, "/settings/connections")
    assert "httponly" in answer.headers["set-cookie"].lower()
    assert (await anonymous.get("/api/v1/auth/me")).json()["email"] == NEW["email"]


async def test_sign_in_goes_where_the_person_wanted_to_go(anonymous: httpx.AsyncClient, ana: Person) -> None:
    form = {"email": ana.email, "password": PASSWORD, "next": "/messages?account=1"}
    answer = await anonymous.post("/auth/sign-in", data=form)
    assert (answer.status_code, answer.headers["location"]) == (303, "/messages?account=1")
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "/\t/evil.example"):
        answer = await anonymous.post("/auth/sign-in", data={**form, "next": elsewhere})
        assert answer.headers["location"] == "/settings/connections"


async def test_a_mistake_goes_back_to_the_form_with_its_code(anonymous: httpx.AsyncClient, ana: Person) -> None:
    wrong = {"email": ana.email, "password": "wrong password", "next": "/messages"}
    answer = await anonymous.post("/auth/sign-in", data=wrong)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        "/sign-in?error=bad_credentials&next=%2Fmessages",
    )
    assert "set-cookie" not in answer.headers
    for form, code in (
        ({**NEW, "email": ana.email}, "email_taken"),
        ({**NEW, "password": "short"}, "bad_password"),
        ({**NEW, "name": "a\x00b"}, "bad_form"),
        ({}, "bad_email"),
    ):
        answer = await anonymous.post("/auth/sign-up", data=form)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/sign-up?error={code}")
        assert "short" not in str(answer.headers)


async def test_sign_out_ends_the_login(ana: Person) -> None:
    token = ana.browser.cookies["wh_session"]
    answer = await ana.browser.post("/auth/sign-out")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in")
    reused = await ana.browser.get("/api/v1/auth/me", headers={"Cookie": f"wh_session={token}"})
    assert reused.status_code == 401


async def test_signing_in_again_ends_the_login_before(ana: Person) -> None:
    token = ana.browser.cookies["wh_session"]
    answer = await ana.browser.post("/auth/sign-in", data={"email": ana.email, "password": PASSWORD})
    assert answer.status_code == 303
    reused = await ana.program.get("/api/v1/auth/me", headers={"Cookie": f"wh_session={token}", "X-API-Key": ana.key})
    assert reused.status_code == 200
    async with httpx.AsyncClient(base_url=ana.browser.base_url) as other:
        assert (await other.get("/api/v1/auth/me", headers={"Cookie": f"wh_session={token}"})).status_code == 401


async def test_another_sites_form_is_refused(anonymous: httpx.AsyncClient, ana: Person) -> None:
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    form = {"email": ana.email, "password": PASSWORD}
    answer = await anonymous.post("/auth/sign-in", data=form, headers=headers)
    assert answer.headers["location"] == "/sign-in?error=foreign_origin"
    assert "set-cookie" not in answer.headers
    await ana.browser.post("/auth/sign-out", headers=headers)
    assert (await ana.browser.get("/api/v1/auth/me")).status_code == 200


async def test_only_post_is_answered_here(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/auth/sign-in")
    assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
