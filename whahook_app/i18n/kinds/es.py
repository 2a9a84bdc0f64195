"""Los textos sobre los tipos de mensaje, en español. Las claves son las mismas que en inglés."""

from __future__ import annotations

KINDS_ES: dict[str, str] = {
    "error.no_media": "Elige antes un archivo.",
    "failure.kind_not_supported": "El WhatsApp Web de esta cuenta no puede enviar este tipo de mensaje.",
}
