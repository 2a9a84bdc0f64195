"""The dialog that connects an account. One step at a time; the phases below say how far it is."""

from __future__ import annotations

from typing import Any

import reflex as rx

from session_core.domain.status import AccountKind
from whahook_app.components.dialogs import REFOCUS, close_corner, form_end
from whahook_app.components.elements import Countdown, Meter, NativeLink, copy_button, visually_hidden
from whahook_app.components.fields import text_field
from whahook_app.components.parts import form_error
from whahook_app.components.text import t
from whahook_app.states.connections import Connections
from whahook_app.views.connecting import PHASES

view = Connections.connecting


def connect_dialog() -> rx.Component:
    """Return the dialog; it is there while `Connections.dialog_open`."""
    return rx.dialog.root(
        rx.dialog.content(
            close_corner(),
            rx.dialog.title(rx.cond(view.title != "", view.title, t("connect.title")), class_name="wh-dialog-title"),
            rx.match(
                view.step,
                ("form", _form()),
                ("preparing", _preparing()),
                ("qr", rx.cond(Connections.by_code, _code(), _scan())),
                ("linking", _linking()),
                ("done", _done()),
                ("problem", _problem()),
                rx.fragment(),
            ),
            rx.cond(view.phase > 0, _phases(), rx.fragment()),
            # Each step is put in anew: only what changes inside of a region that was there before is read out.
            visually_hidden(_said(), role="status"),
            class_name=rx.cond(view.step == "form", "wh-dialog", "wh-dialog wh-dialog-wide"),
            aria_describedby=None,
            on_close_auto_focus=REFOCUS,
        ),
        open=Connections.dialog_open,
        on_open_change=lambda _opened: Connections.close_dialog,
    )


def _said() -> rx.Var:
    return rx.match(
        view.step,
        ("preparing", view.hint),
        ("qr", rx.cond(Connections.by_code, Connections.pairing_code, t("connect.scan"))),
        ("linking", t("connect.linking") + " " + t("connect.linking.body")),
        ("done", t("connect.done") + ": " + view.number),
        ("problem", view.problem + " " + view.next_step),
        "",
    )


def _form() -> rx.Component:
    return rx.form(
        rx.el.p(t("connect.subtitle"), class_name="wh-soft"),
        text_field(
            "account-name",
            t("connect.name"),
            error="account-error",
            name="name",
            max_length=100,
            required=True,
            auto_focus=True,
            placeholder=t("connect.name_example"),
        ),
        form_error(Connections.form_error, "account-error"),
        rx.cond(Connections.sandbox_offered, _kinds(), rx.fragment()),
        form_end(t("connect.continue")),
        on_submit=Connections.create,
        class_name="wh-form",
    )


def _kinds() -> rx.Component:
    return rx.el.fieldset(
        rx.el.legend(t("connect.kind")),
        rx.el.div(
            _kind(AccountKind.LIVE, "smartphone"), _kind(AccountKind.SANDBOX, "flask-conical"), class_name="wh-kinds"
        ),
    )


def _kind(kind: AccountKind, icon: str) -> rx.Component:
    return rx.el.label(
        rx.el.input(type="radio", name="kind", value=kind.value, default_checked=Connections.new_kind == kind.value),
        rx.icon(icon, size=18, aria_hidden=True),
        rx.el.span(
            rx.el.strong(t(f"connect.kind.{kind.value}")),
            rx.el.span(t(f"connect.kind.{kind.value}.hint"), class_name="wh-faint"),
        ),
        class_name="wh-kind",
    )


def _preparing() -> rx.Component:
    return rx.el.div(
        rx.icon("loader-circle", size=28, class_name="wh-icon-loader", aria_hidden=True),
        rx.el.p(view.hint),
        class_name="wh-step-middle",
    )


def _scan() -> rx.Component:
    return rx.fragment(
        rx.el.p(t("connect.scan"), class_name="wh-soft"),
        rx.el.div(
            rx.el.ol(
                rx.el.li(rx.el.span(t("connect.step1"), " ", rx.el.strong(t("connect.step1.bold")))),
                rx.el.li(rx.el.span(t("connect.step2"), " ", rx.el.strong(t("connect.step2.bold")))),
                rx.el.li(rx.el.span(t("connect.step3"))),
                rx.el.li(
                    rx.el.span(
                        t("connect.step4"),
                        " ",
                        rx.el.button(
                            t("connect.use_code"),
                            type="button",
                            on_click=Connections.use_code(True),
                            class_name="wh-text-button",
                        ),
                    )
                ),
                class_name="wh-steps",
            ),
            _qr(),
            class_name="wh-scan",
        ),
        rx.cond(view.sandbox, _sandbox_help(), rx.fragment()),
    )


def _qr() -> rx.Component:
    return rx.el.div(
        rx.el.div(
            rx.cond(view.qr_png != "", rx.el.img(src=view.qr_png, alt=t("connect.qr_alt"), id="qr"), rx.fragment()),
            class_name="wh-qr",
        ),
        Meter.create(seconds=view.qr_seconds, total=view.qr_total, key=view.qr_key, aria_hidden=True),
        rx.el.div(
            Countdown.create(
                seconds=view.qr_seconds,
                template=t("connect.renews"),
                over=t("connect.renewing"),
                custom_attrs={"data-key": view.qr_key},
            ),
            rx.el.span(view.qr_number, class_name="wh-num"),
            class_name="wh-qr-foot",
        ),
        class_name="wh-qr-side",
    )


def _sandbox_help() -> rx.Component:
    return rx.el.div(
        NativeLink.create(
            rx.icon("flask-conical", size=15, aria_hidden=True),
            t("connect.open_phone"),
            href=Connections.sandbox_phone_url,
            target="_blank",
            rel="noopener",
            class_name="wh-button wh-ghost",
        ),
        copy_button(view.qr_text, t("connect.copy_qr"), t("copied"), id="copy-qr"),
        class_name="wh-sandbox-help",
    )


def _code() -> rx.Component:
    return rx.el.div(
        rx.cond(Connections.pairing_code != "", _code_shown(), _code_form()),
        rx.el.button(
            t("connect.use_qr"), type="button", on_click=Connections.use_code(False), class_name="wh-text-button"
        ),
        class_name="wh-stack",
    )


def _code_form() -> rx.Component:
    return rx.form(
        text_field(
            "pairing-phone",
            t("connect.code.phone"),
            error="pairing-error",
            name="phone",
            type="tel",
            required=True,
            auto_focus=True,
            placeholder="+34 612 34 56 78",
        ),
        form_error(Connections.pairing_error, "pairing-error"),
        rx.el.div(
            rx.el.button(
                rx.cond(Connections.pairing_busy, t("connect.code.asking"), t("connect.code.ask")),
                type="submit",
                disabled=Connections.pairing_busy,
                class_name="wh-button wh-primary",
            ),
            class_name="wh-form-end",
        ),
        on_submit=Connections.ask_code,
        class_name="wh-form",
    )


def _code_shown() -> rx.Component:
    return rx.el.div(
        rx.el.p(t("connect.code.title"), class_name="wh-soft"),
        rx.el.output(Connections.pairing_code, class_name="wh-code", id="pairing-code"),
        rx.el.ol(
            rx.el.li(rx.el.span(t("connect.step1"), " ", rx.el.strong(t("connect.step1.bold")))),
            rx.el.li(
                rx.el.span(
                    t("connect.step2"),
                    " ",
                    rx.el.strong(t("connect.step2.bold"), " › ", t("connect.code.step2.bold")),
                )
            ),
            rx.el.li(rx.el.span(t("connect.code.step3"))),
            class_name="wh-steps",
        ),
        class_name="wh-stack",
    )


def _linking() -> rx.Component:
    return rx.el.div(
        rx.icon("loader-circle", size=28, class_name="wh-icon-loader", aria_hidden=True),
        rx.el.h3(t("connect.linking")),
        rx.el.p(t("connect.linking.body"), class_name="wh-soft"),
        class_name="wh-step-middle",
    )


def _done() -> rx.Component:
    return rx.el.div(
        rx.el.div(rx.icon("check", size=28, aria_hidden=True), class_name="wh-big-check"),
        rx.el.h3(t("connect.done")),
        rx.el.p(view.number, class_name="wh-big-number"),
        rx.el.p(t("connect.done.body"), class_name="wh-soft"),
        rx.dialog.close(rx.el.button(t("connect.finish"), type="button", class_name="wh-button wh-primary")),
        class_name="wh-step-middle",
    )


def _problem() -> rx.Component:
    return rx.el.div(
        rx.el.div(rx.icon("circle-alert", size=26, aria_hidden=True), class_name="wh-big-alert"),
        rx.el.h3(view.problem),
        rx.el.p(view.next_step, class_name="wh-soft"),
        rx.el.button(
            view.retry_label, type="button", on_click=Connections.try_again, class_name="wh-button wh-primary"
        ),
        class_name="wh-step-middle",
    )


def _phases() -> rx.Component:
    return rx.el.ol(
        *[_phase(number) for number in range(1, PHASES + 1)], class_name="wh-phases", aria_label=t("phases.label")
    )


def _phase(number: int) -> rx.Component:
    done = (view.phase > number) | (view.phase == PHASES)
    now = view.phase == number
    state: Any = rx.cond(done, "done", rx.cond(now, "now", "later"))
    return rx.el.li(
        rx.cond(done, rx.icon("check", size=14, aria_hidden=True), rx.el.span(class_name="wh-phase-dot")),
        rx.cond(done, t(f"phase.{number}.done"), t(f"phase.{number}.now")),
        custom_attrs={"data-state": state, "aria-current": rx.cond(now, "step", "false")},
    )
