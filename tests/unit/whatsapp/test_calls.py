from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from typing import Any, cast

import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import Page

from session_core.domain.message import Ack
from session_core.errors import TransientError
from session_core.whatsapp import calls
from session_core.whatsapp.calls import call, sent_message
from session_core.whatsapp.driver import SendNotTried, SendRefused, SentMessage


class AnsweringPage:
    """Answers what it was given."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.asked: Any = None

    async def evaluate(self, expression: str, arg: object) -> object:
        self.asked = arg
        return None if self.answer is None else json.dumps(self.answer)


class BrokenPage(AnsweringPage):
    """Is navigating away whenever it is asked."""

    async def evaluate(self, expression: str, arg: object) -> object:
        raise PlaywrightError("Execution context was destroyed")


class HangingPage(AnsweringPage):
    """Never answers."""

    async def evaluate(self, expression: str, arg: object) -> object:
        return await asyncio.Event().wait()


async def ask(page: AnsweringPage, timeout: timedelta = timedelta(seconds=1)) -> Any:
    return await call(cast("Page", page), "send", timeout, key="K")


async def test_the_page_is_told_how_long_it_may_take() -> None:
    page = AnsweringPage({"ok": 7})
    assert await ask(page) == 7
    assert page.asked == ["send", {"key": "K", "ms": 1000}]


@pytest.mark.parametrize(
    ("answer", "error", "code"),
    [
        ({"refused": "not_on_whatsapp", "detail": ""}, SendRefused, "not_on_whatsapp"),
        ({"notTried": "offline"}, SendNotTried, None),
        ({"unknown": "boom"}, TransientError, "page_failed"),
    ],
)
async def test_an_answer_becomes_the_right_exception(answer: object, error: type[Exception], code: str | None) -> None:
    with pytest.raises(error) as caught:
        await ask(AnsweringPage(answer))
    assert code is None or caught.value.code == code  # type: ignore[attr-defined]


async def test_a_page_in_the_middle_of_a_navigation_leaves_it_open() -> None:
    with pytest.raises(TransientError, match="destroyed") as caught:
        await ask(BrokenPage(None))
    assert caught.value.code == "page_lost"


async def test_a_page_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "_GRACE", timedelta(0))
    with pytest.raises(TransientError) as caught:
        await ask(HangingPage(None), timedelta(milliseconds=1))
    assert caught.value.code == "page_timeout"


async def test_an_answer_out_of_form_is_not_taken_for_a_success() -> None:
    for answer in ({"sent": True}, None, "yes"):
        with pytest.raises(TransientError) as caught:
            await ask(AnsweringPage(answer))
        assert caught.value.code == "page_failed"


async def test_an_answer_may_hold_half_of_a_surrogate_pair() -> None:
    assert await ask(AnsweringPage({"ok": ["\ud83d"]})) == ["\ud83d"]


def test_a_sent_message_is_read() -> None:
    assert sent_message({"id": "true_1@c.us_K", "chat": "1@c.us", "ack": 1}) == SentMessage(
        "true_1@c.us_K", "1@c.us", Ack.SERVER
    )
