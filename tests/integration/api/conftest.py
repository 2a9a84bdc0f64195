"""A served API with two people on it. No host runs: `Phone` says what a host would say."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import pytest

from session_core.settings import Settings
from tests.integration.api.phone import Phone
from tests.servers.api import RunningApi, running_api

PASSWORD = "correct horse battery"

_numbers = itertools.count(1)


@pytest.fixture
def database_kind() -> str:
    """One database is enough: the services' own tests run on both."""
    return "sqlite"


@pytest.fixture
async def api(settings: Settings) -> AsyncIterator[RunningApi]:
    """Serve the API on a free port."""
    async with running_api(settings) as api:
        yield api


@pytest.fixture
async def anonymous(api: RunningApi) -> AsyncIterator[httpx.AsyncClient]:
    """Give a client that is not signed in."""
    async with client(api) as anonymous:
        yield anonymous


@dataclass
class Person:
    """A user with a browser (cookie) and a program (API key)."""

    id: str
    email: str
    key: str
    browser: httpx.AsyncClient
    program: httpx.AsyncClient

    async def account(self, name: str = "Shop") -> dict[str, object]:
        """Make an account."""
        made = await self.program.post("/api/v1/accounts", json={"name": name, "kind": "live"})
        assert made.status_code == 201, made.text
        account: dict[str, object] = made.json()
        return account


@asynccontextmanager
async def client(api: RunningApi, **headers: str) -> AsyncIterator[httpx.AsyncClient]:
    """Open a client; ``x_api_key="..."`` becomes a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx.AsyncClient(base_url=api.url, headers=named, timeout=20) as opened:
        yield opened


@asynccontextmanager
async def signed_up(api: RunningApi) -> AsyncIterator[Person]:
    """Sign a new person up and make them a key."""
    email = f"person{next(_numbers)}@example.org"
    async with client(api) as browser:
        answer = await browser.post(
            "/api/v1/auth/sign-up", json={"email": email, "password": PASSWORD, "name": "Someone"}
        )
        assert answer.status_code == 201, answer.text
        key = (await browser.post("/api/v1/api-keys", json={"name": "program"})).json()["key"]
        async with client(api, x_api_key=key) as program:
            yield Person(answer.json()["id"], email, key, browser, program)


@pytest.fixture
async def ana(api: RunningApi) -> AsyncIterator[Person]:
    """Give the person whom most tests are about."""
    async with signed_up(api) as person:
        yield person


@pytest.fixture
async def bob(api: RunningApi) -> AsyncIterator[Person]:
    """Give somebody else."""
    async with signed_up(api) as person:
        yield person


@pytest.fixture
def phone(api: RunningApi) -> Phone:
    """Give the stand-in for the host."""
    return Phone(api.core)
