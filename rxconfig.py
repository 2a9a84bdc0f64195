"""Reflex's own settings. What differs from one process to the next comes by environment (`session_core.launch.web`).

No telemetry and no badge. Redis is used only when ``REFLEX_REDIS_URL`` is set, and origins are named: Reflex's default
answers every website with our cookies allowed.
"""

import reflex as rx

config = rx.Config(
    app_name="whahook_app",
    telemetry_enabled=False,
    show_built_with_reflex=False,
    default_color_mode="system",
    cors_allowed_origins=["http://localhost:8000", "http://127.0.0.1:8000"],
    plugins=[
        rx.plugins.RadixThemesPlugin(
            theme=rx.theme(accent_color="green", gray_color="slate", radius="large", has_background=False)
        )
    ],
    disable_plugins=[rx.plugins.SitemapPlugin],
)
