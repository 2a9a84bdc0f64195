"""No route forgets to ask who is there. Driven by the OpenAPI document, so that a new route is tried as well."""

from __future__ import annotations

from typing import Any, NamedTuple

import httpx
import pytest

from session_core.domain.status import SessionStatus
from session_core.services.principal import new_api_key
from session_core.settings import Settings
from tests.failed_jobs import fail
from tests.integration.api.conftest import Person, client
from tests.integration.api.phone import Phone
from tests.integration.api.test_backups import add_backup
from tests.integration.api.test_media import add_media
from tests.servers.api import RunningApi
from whahook_app.api.app import create_api

PUBLIC = {"signUp", "signIn", "signOut", "healthz", "readyz"}
"""Operations for people who are not signed in (yet)."""

QUERIES = {"searchMessages": {"q": "hello"}}

OWN = {
    "searchMessages",
    "me",
    "createApiKey",
    "listApiKeys",
    "createAccount",
    "listAccounts",
    "getCapacity",
    "listHosts",
    "listAlerts",
    "getAlertPreferences",
    "setAlertPreferences",
    "createMedia",
    "listMedia",
    "createWebhook",
    "listWebhooks",
    "listEvents",
    "listOptOuts",
    "addOptOut",
    "exportOptOuts",
}
"""Operations without an id in their path: they are about whoever asks."""

HOOK = "https://93.184.216.34/hook"
"""A public address: nothing is sent to it, no worker runs here."""

BODIES: dict[str, object] = {
    "createApiKey": {"name": "x"},
    "createAccount": {"name": "x"},
    "renameAccount": {"name": "Taken over"},
    "disconnectAccount": {"logout": True},
    "createPairingCode": {"phone": "+34612345678"},
    "setAlertPreferences": {"language": "en"},
    "setMediaSettings": {"autoDownload": []},
    "createMedia": {"url": "https://example.org/photo.jpg"},
    "moveAccount": {"hostId": "host-anywhere"},
    "createWebhook": {"url": HOOK},
    "changeWebhook": {"url": f"{HOOK}/taken-over"},
    "enableWebhook": {},
    "rotateWebhookSecret": {},
    "replayWebhookEvents": {"after": 0},
    "setRetention": {"days": 30},
    "reactToMessage": {"emoji": "x"},
    "editMessage": {"text": "x"},
    "showChatState": {"state": "typing"},
    "changeSettings": {"gap": 5},
    "resolveMessage": {"outcome": "sent"},
    "addOptOut": {"to": "+34612000000"},
    "sendMessage": {"to": "+34612345678", "text": "from a stranger"},
}


WITHOUT_A_HOST = {
    "createPairingCode": {503},
    "moveAccount": {409, 422},
    "openMediaFile": {409},
    "markChatRead": {503},
    "showChatState": {503},
    "watchChatPresence": {503},
    "checkNumber": {503},
    "resolveMessage": {409},
    "reactToMessage": {409},
    "editMessage": {409},
    "revokeMessage": {409},
    # It waits in its queue again: it was retried before.
    "dismissJob": {404},
}
"""What the owner gets when no host runs that could be asked."""


class Operation(NamedTuple):
    method: str
    path: str
    name: str
    described: dict[str, Any]


def operations() -> list[Operation]:
    document = create_api(lambda: pytest.fail("nothing is asked"), Settings()).openapi()
    return [
        Operation(method, path, described["operationId"], described)
        for path, methods in document["paths"].items()
        for method, described in methods.items()
    ]


PROTECTED = [operation for operation in operations() if operation.name not in PUBLIC]
FOREIGN = [operation for operation in PROTECTED if operation.name not in OWN]


@pytest.fixture
async def belongings(ana: Person, phone: Phone, api: RunningApi) -> dict[str, str]:
    """Things of Ana's, by the name that they have in paths."""
    account = await ana.account("Ana's")
    await phone.shows_qr(account["id"])
    await phone.shows(account["id"], SessionStatus.QR, identity=("34612345678", "Ana's phone"))
    await phone.shows_qr(account["id"])
    message = await ana.program.post(
        f"/api/v1/accounts/{account['id']}/messages", json={"to": "+34612345678", "text": "hello"}
    )
    webhook = (await ana.program.post("/api/v1/webhooks", json={"url": HOOK})).json()["webhook"]["id"]
    delivery = await ana.program.post(f"/api/v1/webhooks/{webhook}/test")
    key = await ana.browser.post("/api/v1/api-keys", json={"name": "second"})
    return {
        "account_id": str(account["id"]),
        "chat_id": "34612345678@c.us",
        "contact_id": "34612345678@c.us",
        "phone": "34612345678",
        "message_id": message.json()["id"],
        "backup_id": await add_backup(api, account["id"]),
        "api_key_id": key.json()["id"],
        "opt_out_id": (await ana.program.post("/api/v1/opt-outs", json={"to": "+34612000001"})).json()["id"],
        "webhook_id": webhook,
        "delivery_id": str(delivery.json()["id"]),
        "job_id": fail(api.core.settings, account["id"])[0],
        "media_id": await add_media(api, ana, account["id"]),
    }


async def call(
    opened: httpx.AsyncClient, operation: Operation, ids: dict[str, str], headers: dict[str, str] | None = None
) -> httpx.Response:
    body = BODIES[operation.name] if "requestBody" in operation.described else None
    path, params = operation.path.format(**ids), QUERIES.get(operation.name)
    return await opened.request(operation.method.upper(), path, json=body, headers=headers, params=params)


def test_the_lists_name_real_operations() -> None:
    names = {operation.name for operation in operations()}
    assert names >= PUBLIC | OWN | BODIES.keys()
    assert len(names) == len(operations()), "an operationId twice"


def test_the_document_says_who_may() -> None:
    for operation in operations():
        security = operation.described.get("security", [])
        assert security == ([] if operation.name in PUBLIC else [{"apiKey": []}, {"cookie": []}]), operation.name


async def test_nobody_gets_401(belongings: dict[str, str], anonymous: httpx.AsyncClient, api: RunningApi) -> None:
    for operation in PROTECTED:
        for headers in ({}, {"Cookie": "wh_session=made-up"}, {"X-API-Key": new_api_key()[1]}):
            answer = await call(anonymous, operation, belongings, headers)
            assert answer.status_code == 401, (operation.name, answer.text)
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["code"] == "unauthenticated"
        async with client(api) as bare:
            unread = await bare.request(operation.method.upper(), operation.path.format(**belongings), content=b"{")
            assert unread.status_code == 401, f"{operation.name} looks at the body before the person"


async def test_a_stranger_gets_404_and_changes_nothing(belongings: dict[str, str], ana: Person, bob: Person) -> None:
    before = await everything(ana, belongings)
    for operation in FOREIGN:
        for opened in (bob.program, bob.browser):
            answer = await call(opened, operation, belongings)
            assert answer.status_code == 404, (operation.name, answer.text)
            assert answer.json()["code"].endswith("_not_found")
        assert await everything(ana, belongings) == before, operation.name


async def test_the_owner_gets_through(belongings: dict[str, str], ana: Person) -> None:
    """The same requests are good ones: it is the stranger that they are refused for."""
    for operation in sorted(FOREIGN, key=_what_is_removed_last):
        answer = await call(ana.program, operation, belongings)
        expected = WITHOUT_A_HOST.get(operation.name, {200, 202, 204})
        assert answer.status_code in expected, (operation.name, answer.text)


def _what_is_removed_last(operation: Operation) -> tuple[bool, int]:
    """Sort deletions to the end, and of those what hangs on something else before that."""
    return operation.method == "delete", -operation.path.count("/")


async def everything(ana: Person, ids: dict[str, str]) -> list[object]:
    path = f"/api/v1/accounts/{ids['account_id']}"
    hook = f"/api/v1/webhooks/{ids['webhook_id']}/deliveries"
    lists = ("/api/v1/accounts", "/api/v1/api-keys", "/api/v1/media", "/api/v1/webhooks", "/api/v1/opt-outs", hook)
    paths = (*lists, f"{path}/settings", f"{path}/messages", f"{path}/activity", f"{path}/backups")
    answers = [await ana.program.get(place) for place in paths]
    assert {answer.status_code for answer in answers} == {200}
    # A key's last use is written at most once a minute, by Ana herself.
    return [[{**entry, "lastUsedAt": None} for entry in _entries(answer.json())] for answer in answers]


async def test_an_id_of_ones_own_does_not_open_what_hangs_on_another(
    ana: Person, bob: Person, belongings: dict[str, str]
) -> None:
    own = await bob.account("Bob's")
    path = f"/api/v1/accounts/{own['id']}/messages"
    assert (await bob.program.get(f"{path}/{belongings['message_id']}")).status_code == 404
    assert (await bob.program.get(path, params={"before": belongings["message_id"]})).status_code == 404
    hook = (await bob.program.post("/api/v1/webhooks", json={"url": HOOK})).json()["webhook"]["id"]
    delivery = f"/api/v1/webhooks/{hook}/deliveries/{belongings['delivery_id']}"
    for method, place in (("GET", delivery), ("POST", f"{delivery}/replay"), ("POST", f"{delivery}/skip")):
        assert (await bob.program.request(method, place)).status_code == 404
    theirs = {"url": HOOK, "accountIds": [belongings["account_id"]]}
    assert (await bob.program.post("/api/v1/webhooks", json=theirs)).json()["code"] == "account_not_found"
    assert (await bob.program.put(f"/api/v1/webhooks/{hook}", json=theirs)).json()["code"] == "account_not_found"


def _entries(answer: Any) -> list[dict[str, object]]:
    """Return what an answer lists: a list, a page of one, or one thing."""
    if isinstance(answer, list):
        return answer
    return answer.get("items", [answer])
