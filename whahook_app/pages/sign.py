"""``/sign-in`` and ``/sign-up``. The browser posts the forms: only such an answer can set the cookie."""

from __future__ import annotations

import reflex as rx

from whahook_app.components.elements import NativeForm
from whahook_app.components.fields import text_field
from whahook_app.components.parts import callout
from whahook_app.components.text import t
from whahook_app.layout import plain
from whahook_app.states.sign import Sign


def sign_in() -> rx.Component:
    """Return the sign-in."""
    return _page("sign_in", "/auth/sign-in", "/sign-up", _email(), _password("current-password"))


def sign_up() -> rx.Component:
    """Return the sign-up."""
    name = _field("name", "field.name", "text", "name")
    return _page("sign_up", "/auth/sign-up", "/sign-in", name, _email(), _password("new-password", hint=True))


def _page(key: str, action: str, other: str, *fields: rx.Component) -> rx.Component:
    return plain(
        rx.el.div(
            rx.el.img(src="/logo.svg", alt="", width="40", height="40"),
            rx.el.h1(t(f"{key}.title")),
            rx.el.p(t("sign.tagline"), class_name="wh-soft"),
            rx.cond(
                Sign.message != "",
                callout("bad", "circle-alert", Sign.message, role="alert", id="error"),
                rx.fragment(),
            ),
            NativeForm.create(
                *fields,
                rx.el.input(type="hidden", name="next", value=Sign.following, read_only=True),
                rx.el.button(t(f"{key}.submit"), type="submit", class_name="wh-button wh-primary wh-big"),
                action=action,
                method="post",
                class_name="wh-form",
            ),
            rx.el.p(
                t(f"{key}.other"),
                " ",
                rx.el.a(t(f"{key}.other_link"), href=other + Sign.query, class_name="wh-text-link"),
                class_name="wh-soft",
            ),
            class_name="wh-card wh-sign",
        )
    )


def _email() -> rx.Component:
    return _field("email", "field.email", "email", "email")


def _password(autocomplete: str, *, hint: bool = False) -> rx.Component:
    field = _field("password", "field.password", "password", autocomplete, min_length=8 if hint else 1)
    return rx.fragment(field, rx.el.p(t("field.password_hint"), class_name="wh-faint")) if hint else field


def _field(name: str, key: str, kind: str, autocomplete: str, min_length: int = 1) -> rx.Component:
    return text_field(
        name,
        t(key),
        name=name,
        type=kind,
        auto_complete=autocomplete,
        min_length=min_length,
        max_length=200,
        required=True,
    )
