"""``/settings/jobs``: who works on the queues, what waits, what failed. For whoever operates the server."""

from __future__ import annotations

from typing import Any

import reflex as rx

from whahook_app.components.dialogs import question
from whahook_app.components.elements import time
from whahook_app.components.parts import badge, callout, empty, heading, skeleton, some
from whahook_app.components.text import t
from whahook_app.layout import page
from whahook_app.states.base import Base
from whahook_app.states.jobs import Jobs

PATH = "/settings/jobs"


def jobs() -> rx.Component:
    """Return the page."""
    return page(
        heading(t("jobs.title"), rx.el.p(t("jobs.subtitle"), class_name="wh-soft")),
        rx.cond(
            Jobs.loaded,
            rx.cond(Jobs.refused, empty("lock", t("jobs.refused.title"), t("jobs.refused.body")), _content()),
            skeleton(),
        ),
        question(
            opened=Jobs.dismissing != "",
            title=t("jobs.dismiss.title"),
            body=t("jobs.dismiss.body"),
            yes=t("jobs.dismiss"),
            final=True,
            on_yes=Jobs.dismiss,
            on_no=Jobs.keep,
        ),
        current=PATH,
    )


def _content() -> rx.Component:
    return rx.fragment(
        rx.cond(
            some(Jobs.workers),
            rx.fragment(),
            callout("bad", "alert", t("jobs.no_workers.title"), t("jobs.no_workers.body"), role="status"),
        ),
        _section("jobs.queues", rx.el.ul(rx.foreach(Jobs.queues, _queue), class_name="wh-card wh-jobs")),
        rx.cond(
            some(Jobs.workers),
            _section("jobs.workers", rx.el.ul(rx.foreach(Jobs.workers, _worker), class_name="wh-card wh-jobs")),
            rx.fragment(),
        ),
        _section(
            "jobs.failed",
            rx.cond(
                some(Jobs.failed),
                rx.fragment(
                    rx.el.ul(rx.foreach(Jobs.failed, _failed), class_name="wh-card wh-jobs"),
                    rx.cond(
                        Jobs.failed_hidden,
                        rx.el.p(t("jobs.more"), " ", Jobs.failed_total, class_name="wh-faint"),
                        rx.fragment(),
                    ),
                ),
                rx.el.p(t("jobs.none_failed"), class_name="wh-faint"),
            ),
        ),
    )


def _section(key: str, *content: rx.Component) -> rx.Component:
    return rx.el.section(rx.el.h2(t(key), id=key), *content, aria_labelledby=key, class_name="wh-jobs-section")


def _queue(row: Any) -> rx.Component:
    name = rx.match(row.name, ("sending", t("jobs.queue.sending")), ("alerts", t("jobs.queue.alerts")), row.name)
    return rx.el.li(
        rx.el.div(rx.el.strong(name), rx.el.code(row.name), class_name="wh-min"),
        rx.el.dl(
            _number("jobs.waiting", row.waiting),
            _number("jobs.running", row.running),
            _number("jobs.failed_count", row.failed),
            _number("jobs.worker_count", row.workers),
            class_name="wh-numbers",
        ),
        key=row.name,
    )


def _number(key: str, value: Any) -> rx.Component:
    return rx.el.div(rx.el.dt(t(key)), rx.el.dd(value))


def _worker(row: Any) -> rx.Component:
    return rx.el.li(
        rx.el.div(
            rx.el.strong(row.name),
            rx.el.p(row.queues, " · ", t("jobs.since"), " ", time(row.since, "ago", Base.lang), class_name="wh-faint"),
            class_name="wh-min",
        ),
        rx.el.div(
            rx.cond(row.busy, badge("wait", "refresh", t("jobs.busy")), badge("ok", "check", t("jobs.idle"))),
            rx.el.p(
                t("jobs.done"), ": ", row.done, " · ", t("jobs.failed_count"), ": ", row.failed, class_name="wh-faint"
            ),
        ),
        key=row.key,
    )


def _failed(row: Any) -> rx.Component:
    task = rx.match(row.task, ("drain", t("jobs.task.drain")), ("mail", t("jobs.task.mail")), row.task)
    return rx.el.li(
        rx.el.div(
            rx.el.strong(task),
            rx.el.p(time(row.at, "moment", Base.lang), " · ", row.subject, class_name="wh-faint wh-wrap"),
            rx.el.p(rx.el.code(rx.cond(row.error != "", row.error, t("jobs.no_error")), class_name="wh-wrap")),
            id=f"job-{row.id}",
            class_name="wh-min",
        ),
        rx.el.div(
            rx.el.button(
                t("jobs.retry"),
                type="button",
                on_click=Jobs.retry(row.id),
                aria_describedby=f"job-{row.id}",
                class_name="wh-button wh-ghost",
            ),
            rx.el.button(
                t("jobs.dismiss"),
                type="button",
                on_click=Jobs.ask(row.id),
                aria_describedby=f"job-{row.id}",
                class_name="wh-button wh-quiet",
            ),
            class_name="wh-hook-actions",
        ),
        key=row.id,
        custom_attrs={"data-job": row.id},
    )
