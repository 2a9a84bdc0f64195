"""The backups in an opened card."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import time
from whahook_app.components.lines import line, lines
from whahook_app.components.parts import badge, some
from whahook_app.components.text import t
from whahook_app.states.base import Base
from whahook_app.states.connections import Connections


def backups(card: Any) -> rx.Component:
    """Return the list of backups with what one can do."""
    return rx.el.section(
        rx.el.div(
            rx.el.h3(t("backups.title")),
            rx.cond(
                card.number != "",
                rx.el.button(
                    rx.icon("archive", size=15, aria_hidden=True),
                    t("backups.now"),
                    type="button",
                    on_click=Connections.back_up,
                    class_name="wh-button wh-ghost",
                ),
                rx.fragment(),
            ),
            class_name="wh-backups-head",
        ),
        rx.cond(
            some(Connections.backups),
            lines(Connections.backups, _line, class_name="wh-backups"),
            rx.el.p(t("backups.none"), class_name="wh-faint"),
        ),
        class_name="wh-wide",
    )


def _line(backup: Any) -> rx.Component:
    name = f"backup-{backup.id}"
    return line(
        [time(backup.at, "moment", Base.lang), rx.el.p(backup.about, class_name="wh-faint")],
        [
            badge(backup.tone, backup.icon, backup.word, role="status"),
            rx.cond(
                (backup.verified != "") & ~backup.verifying,
                rx.el.p(t("backup.verified"), " ", time(backup.verified, "ago", Base.lang), class_name="wh-faint"),
                rx.fragment(),
            ),
            rx.cond(backup.problem != "", rx.el.p(backup.problem, class_name="wh-faint"), rx.fragment()),
        ],
        rx.cond(
            backup.usable,
            rx.fragment(
                rx.el.button(
                    t("action.verify"),
                    type="button",
                    on_click=Connections.verify_backup(backup.id),
                    disabled=backup.verifying,
                    aria_describedby=name,
                    class_name="wh-button wh-quiet",
                ),
                rx.el.button(
                    t("action.restore"),
                    type="button",
                    on_click=Connections.ask_restore(backup.id),
                    aria_describedby=name,
                    class_name="wh-button wh-quiet",
                ),
            ),
            rx.fragment(),
        ),
        name=name,
        key=backup.id,
        custom_attrs={"data-backup": backup.id},
    )
