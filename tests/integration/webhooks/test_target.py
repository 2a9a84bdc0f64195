"""Where requests go: never to private places, whatever a name says, and under the name that the certificate has."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from session_core.domain.webhooks import DeliveryStatus, Problem
from session_core.errors import PolicyError
from session_core.services import webhooks
from session_core.services.webhooks import Wanted
from session_core.settings import Settings
from session_core.webhooks.post import MAX_RESPONSE, Answer, Poster
from tests.integration.webhooks.scene import Scene
from tests.servers.receiver import DRIP, HANG, HUGE, REDIRECT, Receiver, running_receiver
from tests.servers.smtp import certified

TIMEOUT = timedelta(seconds=0.5)
PUBLIC = "93.184.216.34"

Names = Callable[..., None]


@pytest.fixture
def database_kind() -> str:
    """What is asked here is not about the database."""
    return "sqlite"


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Names:
    """Give a function that says what a name means, at each of the next times that it is asked."""
    real = socket.getaddrinfo

    def means(host: str, *answers: Sequence[str]) -> None:
        left = list(answers)

        def lookup(asked: Any, port: Any, *args: Any, **kwargs: Any) -> Any:
            if asked != host:
                return real(asked, port, *args, **kwargs)
            found = left.pop(0) if len(left) > 1 else left[0]
            return [entry for each in found for entry in real(each, port, *args, **kwargs)]

        monkeypatch.setattr(socket, "getaddrinfo", lookup)

    return means


async def post(url: str, *, allow_private: bool = False) -> Answer:
    poster = Poster(allow_private=allow_private, timeout=TIMEOUT)
    try:
        return await poster.post(url, b"{}", {"webhook-id": "evt_1"})
    finally:
        await poster.close()


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1", "2130706433", "0x7f.1"]
)
async def test_this_machine_is_not_reached(receiver: Receiver, host: str) -> None:
    answer = await post(f"http://{host}:{receiver.port}/")
    assert answer.problem is Problem.FORBIDDEN
    assert receiver.got == []


async def test_a_name_that_means_this_machine_is_not_reached(receiver: Receiver, names: Names) -> None:
    names("evil.example.org", ["127.0.0.1"])
    assert (await post(receiver.url(host="evil.example.org"))).problem is Problem.FORBIDDEN
    names("evil.example.org", [PUBLIC, "127.0.0.1"])
    assert (await post(receiver.url(host="evil.example.org"))).problem is Problem.FORBIDDEN
    assert receiver.got == []


async def test_a_name_that_changes_its_meaning_is_connected_where_it_was_checked(
    receiver: Receiver, names: Names, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: public when it is looked at, private a moment later."""
    names("rebind.example.org", [PUBLIC], ["127.0.0.1"])
    asked: list[str] = []

    async def connecting(_self: Any, sock: socket.socket, address: Any) -> None:
        asked.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr(type(asyncio.get_running_loop()), "sock_connect", connecting)
    answer = await post(receiver.url(host="rebind.example.org"))
    assert asked == [PUBLIC]
    assert answer.problem is Problem.REFUSED
    assert receiver.got == []


async def test_the_first_address_that_takes_a_connection_counts(receiver: Receiver, names: Names) -> None:
    names("two.example.org", ["127.0.0.2", "127.0.0.1"])
    answer = await post(receiver.url(host="two.example.org"), allow_private=True)
    assert answer.delivered
    assert receiver.got[0].headers["host"] == f"two.example.org:{receiver.port}"


async def test_a_redirect_is_not_followed(receiver: Receiver) -> None:
    receiver.plan = [REDIRECT]
    answer = await post(receiver.url(), allow_private=True)
    assert (answer.problem, answer.status_code) == (Problem.REDIRECT, 307)
    assert [got.path for got in receiver.got] == ["/hook"]


async def test_proxies_of_the_environment_are_not_used(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert (await post(receiver.url(), allow_private=True)).delivered


async def test_limits_of_time_and_size(receiver: Receiver) -> None:
    receiver.plan = [HANG, DRIP, HUGE]
    assert (await post(receiver.url(), allow_private=True)).problem is Problem.TIMEOUT
    dripping = await post(receiver.url(), allow_private=True)
    assert dripping.delivered, "it had said yes"
    assert dripping.duration < timedelta(seconds=5)
    huge = await post(receiver.url(), allow_private=True)
    assert (huge.delivered, len(huge.response)) == (True, MAX_RESPONSE)


async def test_tls_is_checked_against_the_name(tmp_path: Path, names: Names, monkeypatch: pytest.MonkeyPatch) -> None:
    context, trusted = certified(tmp_path)
    async with running_receiver(tls=context) as receiver:
        assert (await post(receiver.url(host="localhost"), allow_private=True)).problem is Problem.TLS
        monkeypatch.setenv("SSL_CERT_FILE", str(trusted))
        assert (await post(receiver.url(host="localhost"), allow_private=True)).delivered
        names("other.example.org", ["127.0.0.1"])
        assert (await post(receiver.url(host="other.example.org"), allow_private=True)).problem is Problem.TLS


async def test_nothing_of_ours_is_sent_along(receiver: Receiver) -> None:
    await post(receiver.url(), allow_private=True)
    assert not {"cookie", "authorization", "x-api-key"} & receiver.got[0].headers.keys()


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("http://127.0.0.1/x", "webhook_address_not_allowed"),
        ("http://localhost:8000/", "webhook_address_not_allowed"),
        ("http://169.254.169.254/latest/meta-data", "webhook_address_not_allowed"),
        ("http://[fe80::1]/", "webhook_address_not_allowed"),
        ("ftp://example.org/", "bad_webhook_url"),
        ("file:///etc/passwd", "bad_webhook_url"),
        ("https://", "bad_webhook_url"),
        ("example.org", "bad_webhook_url"),
        ("https://user:password@example.org/", "bad_webhook_url"),
        ("https://example.org/#x", "bad_webhook_url"),
        ("https://example.org/\r\nX-Evil: 1", "bad_webhook_url"),
        ("https://exa mple.org/", "bad_webhook_url"),
        ("http://[::1", "bad_webhook_url"),
        ("https://example.org:99999/", "bad_webhook_url"),
        ("https://93.184.216.34/" + "x" * 2000, "bad_webhook_url"),
    ],
)
async def test_what_events_never_go_to_is_refused_at_once(
    scene: Scene, settings: Settings, monkeypatch: pytest.MonkeyPatch, url: str, code: str
) -> None:
    monkeypatch.setattr(settings, "webhook_private_targets", "refuse")
    with pytest.raises(PolicyError) as refused:
        await webhooks.create(scene.core, scene.user_id, Wanted(url=url))
    assert refused.value.code == code


async def test_a_name_that_became_private_is_refused_when_it_is_sent(
    scene: Scene, settings: Settings, names: Names, monkeypatch: pytest.MonkeyPatch, receiver: Receiver
) -> None:
    monkeypatch.setattr(settings, "webhook_private_targets", "refuse")
    names("later.example.org", [PUBLIC], ["127.0.0.1"])
    endpoint, _ = await scene.endpoint(receiver.url(host="later.example.org"))
    strict = Poster(allow_private=False, timeout=TIMEOUT)
    scene.courier = type(scene.courier)(scene.core, strict, scene.courier.vault)
    await scene.happen(scene.shop, "1")
    await scene.deliver_due()
    await strict.close()
    (delivery,) = await scene.deliveries(endpoint)
    assert (delivery.status, delivery.last_problem) == (DeliveryStatus.PENDING, Problem.FORBIDDEN)
    assert receiver.got == []
