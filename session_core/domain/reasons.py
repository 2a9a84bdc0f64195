"""Why a session is where it is and what to do about it, in words: the same on pages, in the API and in e-mails."""

from __future__ import annotations

from session_core.domain.status import ReasonCode

REASONS_ES: dict[str, str] = {
    "reason.none": "",
    "reason.requested": "Lo has pedido tú.",
    "reason.waiting_for_room": "El servidor está lleno.",
    "reason.restored": "El servidor ha vuelto a arrancar.",
    "reason.unlinked": "El teléfono desvinculó este dispositivo.",
    "reason.logged_out": "La sesión de WhatsApp se cerró.",
    "reason.qr_expired": "El código QR caducó sin que nadie lo escaneara.",
    "reason.conflict": "WhatsApp Web se abrió con esta misma sesión en otro sitio.",
    "reason.offline": "WhatsApp no tiene conexión.",
    "reason.page_crashed": "La página de WhatsApp se bloqueó.",
    "reason.browser_crashed": "El navegador de la cuenta se cerró de golpe.",
    "reason.browser_missing": "No hay un Chromium que se pueda usar en el servidor.",
    "reason.load_timeout": "WhatsApp tardó demasiado en cargar.",
    "reason.link_timeout": "La vinculación tardó demasiado.",
    "reason.page_unreachable": "No se puede abrir la página de WhatsApp desde el servidor.",
    "reason.unsupported_browser": "WhatsApp rechaza la versión del navegador.",
    "reason.host_stopped": "El proceso que mantenía la cuenta se paró.",
    "reason.profile_in_use": "Otro proceso usa ahora los datos de esta cuenta.",
    "reason.disk_full": "El disco del servidor está lleno.",
    "reason.sandbox_off": "El teléfono simulado está apagado en este servidor.",
    "reason.internal": "Ha fallado algo que no debía fallar.",
    "next.none": "",
    "next.requested": "Conéctala cuando quieras.",
    "next.waiting_for_room": "Se conecta sola en cuanto quede sitio. Desconecta otra cuenta para ir antes.",
    "next.restored": "Se conecta sola en unos segundos.",
    "next.unlinked": "Vincúlala de nuevo con otro QR.",
    "next.logged_out": "Vincúlala de nuevo con otro QR.",
    "next.qr_expired": "Renueva el código cuando tengas el teléfono a mano.",
    "next.conflict": "Cierra la otra sesión y vuelve a conectar aquí.",
    "next.offline": "Se reconecta sola. Si dura, mira si el servidor y el teléfono tienen internet.",
    "next.page_crashed": "Se reconecta sola en unos segundos.",
    "next.browser_crashed": "Se reconecta sola en unos segundos.",
    "next.browser_missing": "Quien lleva el servidor puede instalarlo con «make setup». Después, inténtalo otra vez.",
    "next.load_timeout": "Se intenta otra vez sola.",
    "next.link_timeout": "Inténtalo otra vez, con WhatsApp abierto en el teléfono.",
    "next.page_unreachable": "Se intenta otra vez sola. Si dura, mira si el servidor tiene internet.",
    "next.unsupported_browser": "Quien lleva el servidor tiene que actualizar Chromium.",
    "next.host_stopped": "Se reconecta sola cuando el proceso arranque.",
    "next.profile_in_use": "Mira si hay otro servidor con la misma carpeta de datos, y párala allí.",
    "next.disk_full": "Libera espacio en el servidor y vuelve a conectar.",
    "next.sandbox_off": "Enciéndelo con WHAHOOK_SANDBOX=on, o conecta una cuenta de verdad.",
    "next.internal": "Inténtalo otra vez. Si se repite, el registro del servidor dice qué fue.",
}

REASONS_EN: dict[str, str] = {
    "reason.none": "",
    "reason.requested": "You asked for it.",
    "reason.waiting_for_room": "The server is full.",
    "reason.restored": "The server has started again.",
    "reason.unlinked": "The phone unlinked this device.",
    "reason.logged_out": "The WhatsApp session was logged out.",
    "reason.qr_expired": "The QR code expired without being scanned.",
    "reason.conflict": "WhatsApp Web was opened with this same session somewhere else.",
    "reason.offline": "WhatsApp has no connection.",
    "reason.page_crashed": "The WhatsApp page crashed.",
    "reason.browser_crashed": "The account's browser closed unexpectedly.",
    "reason.browser_missing": "There is no usable Chromium on the server.",
    "reason.load_timeout": "WhatsApp took too long to load.",
    "reason.link_timeout": "Linking took too long.",
    "reason.page_unreachable": "The server cannot open WhatsApp's page.",
    "reason.unsupported_browser": "WhatsApp refuses this version of the browser.",
    "reason.host_stopped": "The process that kept the account has stopped.",
    "reason.profile_in_use": "Another process is using this account's data.",
    "reason.disk_full": "The server's disk is full.",
    "reason.sandbox_off": "The simulated phone is switched off on this server.",
    "reason.internal": "Something failed that should not fail.",
    "next.none": "",
    "next.requested": "Connect it whenever you like.",
    "next.waiting_for_room": "It connects by itself once there is room. Disconnect another account to go sooner.",
    "next.restored": "It connects by itself in a few seconds.",
    "next.unlinked": "Link it again with a new QR.",
    "next.logged_out": "Link it again with a new QR.",
    "next.qr_expired": "Renew the code when you have the phone at hand.",
    "next.conflict": "Close the other session and connect here again.",
    "next.offline": "It reconnects by itself. If this lasts, check that server and phone have internet.",
    "next.page_crashed": "It reconnects by itself in a few seconds.",
    "next.browser_crashed": "It reconnects by itself in a few seconds.",
    "next.browser_missing": "Whoever runs the server can install it with “make setup”. Then try again.",
    "next.load_timeout": "It tries again by itself.",
    "next.link_timeout": "Try again, with WhatsApp open on the phone.",
    "next.page_unreachable": "It tries again by itself. If this lasts, check that the server has internet.",
    "next.unsupported_browser": "Whoever runs the server has to update Chromium.",
    "next.host_stopped": "It reconnects by itself when the process starts.",
    "next.profile_in_use": "Look for another server with the same data folder, and stop it there.",
    "next.disk_full": "Free some space on the server and connect again.",
    "next.sandbox_off": "Switch it on with WHAHOOK_SANDBOX=on, or connect a real account.",
    "next.internal": "Try again. If it happens again, the server's log says what it was.",
}

_TEXTS = {"es": REASONS_ES, "en": REASONS_EN}


def why(language: str, code: ReasonCode) -> str:
    """Return the sentence that says why; an empty text for `ReasonCode.NONE`."""
    return _TEXTS[language][f"reason.{code.value or 'none'}"]


def what_now(language: str, code: ReasonCode) -> str:
    """Return the sentence that says what to do, or what happens by itself; an empty text for `ReasonCode.NONE`."""
    return _TEXTS[language][f"next.{code.value or 'none'}"]
