"""A person who wants to hear no more, as a line of a list."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from uuid import UUID

from session_core.domain.consent import OptOutSource, OptOutView
from session_core.domain.phone import format_phone
from whahook_app.i18n import Language, text


@dataclasses.dataclass
class OptOutRow:
    """One person. ``name`` is how the line calls them; ``number`` stands below when they are called otherwise."""

    id: str = ""
    name: str = ""
    number: str = ""
    account: str = ""
    at: str = ""
    how: str = ""


def opt_out_row(view: OptOutView, accounts: Mapping[UUID, str], language: Language) -> OptOutRow:
    """Make the line of an opt-out; ``accounts``: the names of the user's accounts."""
    number = format_phone(view.phone) or text(language, "opt_outs.hidden_number")
    return OptOutRow(
        id=str(view.id),
        name=view.name or number,
        number=number if view.name else "",
        account=accounts.get(view.account_id, "") if view.account_id else text(language, "opt_outs.every_account"),
        at=view.at.isoformat(),
        how=_how(view, language),
    )


def _how(view: OptOutView, language: Language) -> str:
    if view.source is OptOutSource.HAND:
        return text(language, "opt_outs.by_hand")
    return text(language, "opt_outs.by_word", word=view.word or "…")
