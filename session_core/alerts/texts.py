"""What the e-mails say, in both languages. Why and what now are the sentences of `session_core.domain.reasons`."""

from __future__ import annotations

from session_core.domain.alerts import Language

TEXTS: dict[Language, dict[str, str]] = {
    "es": {
        "needs_person.subject": "«{account}» necesita que hagas algo",
        "needs_person.lead": "La cuenta de WhatsApp «{account}» está desconectada y no puede volver sola.",
        "needs_person.next": "Abre la página y sigue lo que dice la cuenta.",
        "down.subject": "«{account}» sigue sin conexión",
        "down.lead": "La cuenta de WhatsApp «{account}» lleva un rato sin conexión. Lo que envíes espera.",
        "down.next": "La página muestra cada intento.",
        "host_lost.subject": "El servidor de tus cuentas de WhatsApp no responde",
        "host_lost.lead": "El servidor que mantenía estas cuentas no responde: {accounts}.",
        "host_lost.next": "Vuelven solas cuando arranque, o cuando otro servidor las tome. Lo que envíes espera.",
        "backup_failing.subject": "No se pudo guardar una copia de «{account}»",
        "backup_failing.lead": "La última copia de seguridad de «{account}» ha fallado. La cuenta sigue funcionando.",
        "backup_failing.next": "Se intenta otra vez sola. Si se repite, mira en la página qué pasa.",
        "webhook_off.subject": "El webhook «{account}» se ha desactivado",
        "webhook_off.lead": "El programa que recibía los eventos de «{account}» no los acepta. Ya no se le envía nada.",
        "webhook_off.next": "Repara el programa, pruébalo en la página y enciende el webhook: recibe lo que se perdió.",
        "reach_out.subject": "WhatsApp no deja a «{account}» empezar chats nuevos",
        "reach_out.lead": "WhatsApp no deja a «{account}» escribir a quien no conoce. Los chats que existen siguen.",
        "reach_out.next": "Lo que va a chats nuevos espera y sale solo al terminar; en la página ves hasta cuándo.",
        "back.subject": "«{account}» vuelve a estar conectada",
        "back.lead": "La cuenta de WhatsApp «{account}» está conectada otra vez.",
        "back.next": "Los mensajes que esperaban salen ahora.",
        "back_host.subject": "Tus cuentas de WhatsApp vuelven a tener servidor",
        "back_host.lead": "El servidor de tus cuentas responde otra vez, o lo ha relevado otro.",
        "back_host.next": "En la página ves cómo se va conectando cada cuenta.",
        "since": "Desde: {time}",
        "button": "Abrir WhaHook",
        "why_you": "Recibes este aviso porque la cuenta es tuya en {site}. Allí eliges qué avisos quieres.",
        "why_you_webhook": "Recibes este aviso porque el webhook es tuyo en {site}. Allí eliges qué avisos quieres.",
        "and_more": "y {count} más",
        "no_account": "ninguna ya",
    },
    "en": {
        "needs_person.subject": "“{account}” needs you",
        "needs_person.lead": "The WhatsApp account “{account}” is disconnected and cannot come back by itself.",
        "needs_person.next": "Open the page and follow what the account says.",
        "down.subject": "“{account}” is still not connected",
        "down.lead": "The WhatsApp account “{account}” has been without a connection for a while. What you send waits.",
        "down.next": "The page shows each try.",
        "host_lost.subject": "The server of your WhatsApp accounts does not answer",
        "host_lost.lead": "The server that kept these accounts does not answer: {accounts}.",
        "host_lost.next": "They come back when it starts, or when another server takes them over. What you send waits.",
        "backup_failing.subject": "A backup of “{account}” failed",
        "backup_failing.lead": "The last backup of the account “{account}” failed. The account goes on working.",
        "backup_failing.next": "It is tried again by itself. If it happens again, see on the page what is wrong.",
        "webhook_off.subject": "The webhook “{account}” was switched off",
        "webhook_off.lead": "The program behind “{account}” does not take its events. Nothing is sent to it any more.",
        "webhook_off.next": "Repair it, test it on the page, and switch the webhook on: it is sent what it missed.",
        "reach_out.subject": "WhatsApp lets “{account}” begin no new chats",
        "reach_out.lead": "WhatsApp lets “{account}” write to nobody it does not know. Chats that exist go on.",
        "reach_out.next": "What is for new chats waits and goes out by itself; the page shows until when.",
        "back.subject": "“{account}” is connected again",
        "back.lead": "The WhatsApp account “{account}” is connected again.",
        "back.next": "The messages that were waiting go out now.",
        "back_host.subject": "Your WhatsApp accounts have a server again",
        "back_host.lead": "The server of your accounts answers again, or another one has taken them over.",
        "back_host.next": "The page shows how each account gets connected.",
        "since": "Since: {time}",
        "button": "Open WhaHook",
        "why_you": "You get this because the account is yours on {site}. There you choose what you are told about.",
        "why_you_webhook": "You get this because the webhook is yours on {site}. There you choose what you are told.",
        "and_more": "and {count} more",
        "no_account": "none any more",
    },
}


def text(language: Language, key: str, **values: object) -> str:
    """Return the text ``key`` with ``values`` filled in; KeyError when there is none."""
    return TEXTS[language][key].format(**values)
