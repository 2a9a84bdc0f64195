from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from session_core.bus import keys
from session_core.clock import utcnow
from session_core.core import Core, open_core
from session_core.errors import Conflict, PolicyError, TooMany
from session_core.services import attempts, auth
from session_core.services.principal import from_cookie, hash_secret
from session_core.store import users
from tests.factories import SECOND
from tests.waiting import eventually

ADDRESS = "198.51.100.7"
ANA: dict[str, Any] = {"email": "ana@example.org", "password": "correct horse", "name": "Ana", "address": ADDRESS}


def with_settings(core: Core, **values: object) -> Core:
    return replace(core, settings=core.settings.model_copy(update=values))


async def sign_in(core: Core, **changes: str) -> auth.SignedIn:
    values = {"email": ANA["email"], "password": ANA["password"], "address": ADDRESS, **changes}
    return await auth.sign_in(core, **values)


async def refused(core: Core, **changes: str) -> PolicyError:
    with pytest.raises(PolicyError) as caught:
        await sign_in(core, **changes)
    return caught.value


class TestSignUp:
    async def test_a_person_is_signed_in_at_once(self, core: Core) -> None:
        before = utcnow()
        signed_in = await auth.sign_up(core, **ANA, user_agent="Firefox\0" * 99)
        assert signed_in.principal.email == "ana@example.org"
        assert signed_in.principal.name == "Ana"
        assert signed_in.token not in repr(signed_in)
        assert before + core.settings.login_lifetime <= signed_in.expires_at <= utcnow() + core.settings.login_lifetime
        assert await from_cookie(core, signed_in.token) == signed_in.principal

    async def test_secrets_are_stored_as_hashes_only(self, core: Core) -> None:
        signed_in = await auth.sign_up(core, **ANA)
        async with core.db.read() as session:
            found = await users.login_by_hash(session, hash_secret(signed_in.token), utcnow())
        assert found is not None
        login, user = found
        assert login.token_hash != signed_in.token
        assert user.password_hash is not None
        assert user.password_hash.startswith("$argon2id$")
        assert ANA["password"] not in user.password_hash

    async def test_an_email_is_taken_once_however_it_is_written(self, core: Core) -> None:
        await auth.sign_up(core, **ANA)
        with pytest.raises(Conflict) as caught:
            await auth.sign_up(core, **{**ANA, "email": "  ANA@Example.org "})
        assert caught.value.code == "email_taken"

    async def test_two_at_once_are_one_person(self, core: Core) -> None:
        outcomes = await asyncio.gather(*(auth.sign_up(core, **ANA) for _ in range(4)), return_exceptions=True)
        assert sum(isinstance(outcome, auth.SignedIn) for outcome in outcomes) == 1
        assert sum(isinstance(outcome, Conflict) for outcome in outcomes) == 3

    @pytest.mark.parametrize(
        ("changes", "code"),
        [
            ({"email": "no address"}, "bad_email"),
            ({"email": "ana@exa\0mple.org"}, "bad_email"),
            ({"email": "\ud800@example.org"}, "bad_email"),
            ({"email": "a" * 400 + "@example.org"}, "bad_email"),
            ({"password": "short"}, "bad_password"),
            ({"password": "x" * 201}, "bad_password"),
            ({"password": "pass\ud800word"}, "bad_password"),
            ({"password": "pass\0word"}, "bad_password"),
        ],
    )
    async def test_what_cannot_be_is_refused(self, core: Core, changes: dict[str, str], code: str) -> None:
        with pytest.raises(PolicyError) as caught:
            await auth.sign_up(core, **{**ANA, **changes})
        assert (caught.value.code, caught.value.status_code) == (code, 422)
        assert changes.get("password", "?") not in str(caught.value)

    @pytest.mark.parametrize(("name", "stored"), [("  ", "ana"), (" Ana ", "Ana"), ("n" * 200, "n" * 100)])
    async def test_a_name_is_made_to_fit(self, core: Core, name: str, stored: str) -> None:
        assert (await auth.sign_up(core, **{**ANA, "name": name})).principal.name == stored

    async def test_a_closed_server_takes_nobody_and_lets_its_people_in(self, core: Core) -> None:
        await auth.sign_up(core, **ANA)
        closed = with_settings(core, sign_up="closed")
        with pytest.raises(PolicyError) as caught:
            await auth.sign_up(closed, **{**ANA, "email": "eva@example.org"})
        assert (caught.value.code, caught.value.status_code) == ("sign_up_closed", 403)
        assert (await sign_in(closed)).principal.name == "Ana"


class TestSignIn:
    async def test_the_right_password(self, core: Core) -> None:
        first = await auth.sign_up(core, **ANA)
        second = await sign_in(core, email=" Ana@EXAMPLE.org ")
        assert second.principal == first.principal
        assert second.token != first.token
        assert await from_cookie(core, first.token) == await from_cookie(core, second.token)

    async def test_an_address_in_another_script_is_the_same_at_both_doors(self, core: Core) -> None:
        written = "jose\u0301@b\u00fccher.example"  # an accent as a character of its own
        await auth.sign_up(core, **{**ANA, "email": written})
        assert (await sign_in(core, email=written)).principal.name == "Ana"

    @pytest.mark.parametrize(
        "changes",
        [
            {"password": "wrong horse"},
            {"password": ""},
            {"password": "correct horse\0"},
            {"password": "\ud800"},
            {"password": "correct horse" + "x" * 300},
            {"email": "eva@example.org"},
            {"email": "\0"},
            {"email": "\ud800"},
            {"email": "x" * 10_000},
        ],
    )
    async def test_wrong_in_any_way_sounds_the_same(self, core: Core, changes: dict[str, str]) -> None:
        await auth.sign_up(core, **ANA)
        error = await refused(core, **changes)
        assert (error.code, error.status_code) == ("bad_credentials", 401)
        assert error.message == "The e-mail or the password is wrong."

    async def test_an_unknown_email_costs_a_verification_too(self, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
        """Otherwise the answer's speed tells which e-mails have an account."""
        verified: list[str] = []
        real = auth._hasher()

        class Counting:
            def verify_and_update(self, password: str, stored: str) -> tuple[bool, str | None]:
                verified.append(stored)
                return real.verify_and_update(password, stored)

            def hash(self, password: str) -> str:
                return real.hash(password)

        await auth.sign_up(core, **ANA)
        monkeypatch.setattr(auth, "_hasher", Counting)
        await refused(core, email="nobody@example.org")
        await refused(core, password="wrong horse")
        assert len(verified) == 2
        parameters = {"$".join(stored.split("$")[:4]) for stored in verified}
        assert len(parameters) == 1

    async def test_an_old_hash_is_renewed(self, core: Core) -> None:
        principal = (await auth.sign_up(core, **ANA)).principal
        weak = PasswordHash((Argon2Hasher(memory_cost=8192, time_cost=1, parallelism=1),)).hash(ANA["password"])
        async with core.db.begin() as session:
            await users.set_password_hash(session, principal.user_id, weak)
        await sign_in(core)
        async with core.db.read() as session:
            user = await users.by_id(session, principal.user_id)
        assert user is not None
        assert user.password_hash != weak
        await sign_in(core)


class TestLockout:
    @pytest.fixture(autouse=True)
    def _soon(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Each try costs the hasher's time."""
        monkeypatch.setattr(attempts, "MAX_FAILURES", 3)

    async def test_so_many_failures_lock_the_door(self, core: Core) -> None:
        await auth.sign_up(core, **ANA)
        for _ in range(attempts.MAX_FAILURES):
            assert (await refused(core, password="wrong horse")).code == "bad_credentials"
        error = await refused(core)
        assert (error.code, error.status_code) == ("too_many_attempts", 429)
        assert isinstance(error, TooMany)
        assert timedelta(0) < error.retry_after <= attempts.FAILURE_WINDOW

    async def test_many_at_once_are_no_way_around(self, core: Core) -> None:
        await auth.sign_up(core, **ANA)
        outcomes = await asyncio.gather(*(refused(core, password=f"guess {number}") for number in range(8)))
        assert [outcome.code for outcome in outcomes].count("bad_credentials") == attempts.MAX_FAILURES

    async def test_others_are_not_locked_out(self, core: Core) -> None:
        await auth.sign_up(core, **ANA)
        await auth.sign_up(core, **{**ANA, "email": "eva@example.org"})
        for _ in range(attempts.MAX_FAILURES + 1):
            await refused(core, password="wrong horse")
        await sign_in(core, address="203.0.113.9")
        await sign_in(core, email="eva@example.org")

    async def test_the_right_password_begins_anew(self, core: Core) -> None:
        await auth.sign_up(core, **ANA)
        for _ in range(2):
            for _ in range(attempts.MAX_FAILURES - 1):
                await refused(core, password="wrong horse")
            await sign_in(core)

    async def test_it_ends_a_quarter_of_an_hour_after_the_first(self, core: Core) -> None:
        await auth.sign_up(core, **ANA)
        lives = []
        for _ in range(3):
            await refused(core, password="wrong horse")
            (counter,) = await core.redis.keys(keys.sign_in_failures("*"))
            lives.append(await core.redis.pttl(counter))
        assert lives == sorted(lives, reverse=True)
        assert 0 < lives[-1] <= attempts.FAILURE_WINDOW / timedelta(milliseconds=1)
        assert "ana" not in counter  # who tried is nobody's business

    async def test_without_the_bus_the_password_still_counts(self, core_without_bus: Core) -> None:
        await auth.sign_up(core_without_bus, **ANA)
        assert (await refused(core_without_bus, password="wrong horse")).code == "bad_credentials"
        assert (await sign_in(core_without_bus)).principal.name == "Ana"


class TestAddress:
    """Limits by the address alone. The tries are wrong by their form, so that none costs the hasher's time."""

    async def tries(self, core: Core, number: int, **changes: str) -> list[str]:
        return [(await refused(core, password="x" * 201, **changes)).code for _ in range(number)]

    async def test_other_e_mails_are_no_way_around(self, core: Core) -> None:
        few = with_settings(core, sign_ins_per_address=3)
        for number in range(3):
            assert (await refused(few, email=f"{number}@example.org", password="x" * 201)).code == "bad_credentials"
        error = await refused(few, email="another@example.org")
        assert (error.code, error.status_code) == ("too_many_from_address", 429)
        assert isinstance(error, TooMany)
        assert few.settings.sign_in_window - timedelta(minutes=1) < error.retry_after <= few.settings.sign_in_window
        assert error.action == "Wait 15 minutes and try again."
        assert await self.tries(few, 1, address="203.0.113.9") == ["bad_credentials"]

    async def test_many_at_once_from_several_processes_are_counted_together(self, core: Core) -> None:
        few = with_settings(core, sign_ins_per_address=4)
        async with open_core(few.settings) as other:
            found = await asyncio.gather(*(self.tries(each, 3) for each in (few, other, few, other)))
        assert [code for codes in found for code in codes].count("bad_credentials") == 4

    async def test_sign_ups_have_a_limit_of_their_own(self, core: Core) -> None:
        few = with_settings(core, sign_ups_per_address=2, sign_ins_per_address=1)
        await auth.sign_up(few, **ANA)
        with pytest.raises(Conflict):
            await auth.sign_up(few, **ANA)
        with pytest.raises(TooMany) as caught:
            await auth.sign_up(few, **{**ANA, "email": "eva@example.org"})
        assert caught.value.code == "too_many_from_address"
        await sign_in(few)

    async def test_the_window_ends_by_itself(self, core: Core) -> None:
        few = with_settings(core, sign_ins_per_address=1, sign_in_window=timedelta(milliseconds=300))
        assert await self.tries(few, 2) == ["bad_credentials", "too_many_from_address"]

        async def again() -> bool:
            return await self.tries(few, 1) == ["bad_credentials"]

        await eventually(again, 20 * SECOND, "tries are let through again")

    async def test_no_limit_and_the_operator_s_own_machine(self, core: Core) -> None:
        assert set(await self.tries(with_settings(core, sign_ins_per_address=0), 3)) == {"bad_credentials"}
        few = with_settings(core, sign_ins_per_address=1)
        assert set(await self.tries(few, 3, address="127.0.0.1")) == {"bad_credentials"}
        behind = with_settings(few, public_url_setting="https://wa.example.org")
        assert await self.tries(behind, 2, address="127.0.0.1") == ["bad_credentials", "too_many_from_address"]

    async def test_without_the_bus_nobody_is_refused(self, core_without_bus: Core) -> None:
        few = with_settings(core_without_bus, sign_ins_per_address=1)
        assert set(await self.tries(few, 3)) == {"bad_credentials"}

    async def test_what_is_counted_names_nobody(self, core: Core) -> None:
        await self.tries(core, 1)
        (counter,) = await core.redis.keys(keys.tries_of_address("*", "*"))
        assert ADDRESS not in counter


class TestCookie:
    async def test_signing_out_ends_one_login(self, core: Core) -> None:
        first = await auth.sign_up(core, **ANA)
        second = await sign_in(core)
        await auth.sign_out(core, first.token)
        await auth.sign_out(core, first.token)
        assert await from_cookie(core, first.token) is None
        assert await from_cookie(core, second.token) is not None

    @pytest.mark.parametrize("token", [None, "", "unknown", "\0", "\ud800", "ñ", "x" * 100_000])
    async def test_what_is_no_login(self, core: Core, token: str | None) -> None:
        assert await from_cookie(core, token) is None
        await auth.sign_out(core, token)

    async def test_a_login_expires_and_is_swept_away(self, core: Core, monkeypatch: pytest.MonkeyPatch) -> None:
        short = with_settings(core, login_lifetime=SECOND)
        expired = await auth.sign_up(short, **ANA)
        moment = expired.expires_at
        monkeypatch.setattr("session_core.services.principal.utcnow", lambda: moment)
        assert await from_cookie(core, expired.token) is None
        monkeypatch.setattr(auth, "utcnow", lambda: moment)
        await sign_in(core)
        async with core.db.read() as session:
            assert await users.login_by_hash(session, hash_secret(expired.token), moment - SECOND) is None
