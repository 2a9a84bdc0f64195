"""What is asked of the page that sends no message: read marks, who is typing, presence, whether a number exists."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import timedelta
from typing import Any

from session_core.domain.changes import ChatState
from session_core.whatsapp.driver import NumberFacts


class Asking(ABC):
    """The part of `session_core.whatsapp.driver.Driver` that is made of single questions."""

    async def mark_read(self, chat_id: str) -> None:
        """See `Driver.mark_read`."""
        await self._tell("markRead", chatId=chat_id)

    async def show_state(self, chat_id: str, state: ChatState, lasting: timedelta) -> None:
        """See `Driver.show_state`."""
        await self._tell("show", chatId=chat_id, state=state.value, forMs=lasting.total_seconds() * 1000)

    async def watch(self, chat_id: str) -> None:
        """See `Driver.watch`."""
        await self._tell("watch", chatId=chat_id)

    async def number_exists(self, chat_id: str) -> NumberFacts:
        """See `Driver.number_exists`."""
        found = await self._tell("numberExists", chatId=chat_id)
        return NumberFacts(found["exists"], found["lid"])

    @abstractmethod
    async def _tell(self, name: str, **args: object) -> Any:
        """Call a function of the page that is ready; TransientError ``not_ready`` when it is not."""
