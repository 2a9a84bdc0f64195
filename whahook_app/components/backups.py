"""The backups in an opened card."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.elements import time
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
            rx.el.ul(rx.foreach(Connections.backups, _line), class_name="wh-backups"),
            rx.el.p(t("backups.none"), class_name="wh-faint"),
        ),
        class_name="wh-wide",
    )


def _line(backup: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            time(backup.at, "moment", Base.lang),
            rx.el.p(backup.about, class_name="wh-faint"),
            id=f"backup-{backup.id}",
            class_name="wh-min",
        ),
        rx.el.div(
            badge(backup.tone, backup.icon, backup.word, role="status"),
            rx.cond(
                (backup.verified != "") & ~backup.verifying,
                rx.el.p(t("backup.verified"), " ", time(backup.verified, "ago", Base.lang), class_name="wh-faint"),
                rx.fragment(),
            ),
            rx.cond(backup.problem != "", rx.el.p(backup.problem, class_name="wh-faint"), rx.fragment()),
            class_name="wh-min",
        ),
        rx.cond(
            backup.usable,
            rx.el.div(
                rx.el.button(
                    t("action.verify"),
                    type="button",
                    on_click=Connections.verify_backup(backup.id),
                    disabled=backup.verifying,
                    # Each line has the same buttons: which backup they are about is read out with them.
                    aria_describedby=f"backup-{backup.id}",
                    class_name="wh-button wh-quiet",
                ),
                rx.el.button(
                    t("action.restore"),
                    type="button",
                    on_click=Connections.ask_restore(backup.id),
                    aria_describedby=f"backup-{backup.id}",
                    class_name="wh-button wh-quiet",
                ),
                class_name="wh-backup-actions",
            ),
            rx.fragment(),
        ),
        key=backup.id,
        custom_attrs={"data-backup": backup.id},
    )
