"""Los textos sobre los tipos de mensaje, en español. Las claves son las mismas que en inglés."""

from __future__ import annotations

KINDS_ES: dict[str, str] = {
    "error.no_media": "Elige antes un archivo.",
    "error.account_not_ready": "La cuenta no está conectada ahora.",
    "error.already_deleted": "Ese mensaje ya está eliminado.",
    "error.bad_emoji": "Elige un solo emoji.",
    "error.not_editable": "Este tipo de mensaje no tiene texto que cambiar.",
    "error.not_our_message": "Ese mensaje lo escribió otra persona.",
    "error.not_sent_yet": "WhatsApp aún no tiene ese mensaje. Espera a que salga.",
    "failure.not_our_message": "Ese mensaje lo escribió otra persona.",
    "failure.target_not_found": "Ese mensaje ya no está en WhatsApp.",
    "failure.too_late_to_delete": "Ha pasado demasiado tiempo: WhatsApp ya no deja eliminarlo para todos.",
    "failure.too_late_to_edit": "Ha pasado demasiado tiempo: WhatsApp ya no deja cambiarlo.",
    "chats.revoked": "Mensaje eliminado",
    "chats.edited": "editado",
    "activity.call": "Llamada recibida",
    "failure.kind_not_supported": "El WhatsApp Web de esta cuenta no puede enviar este tipo de mensaje.",
}
