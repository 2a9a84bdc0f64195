"""Files, in Spanish."""

from __future__ import annotations

MEDIA_ES: dict[str, str] = {
    "error.media_not_found": "Ese archivo ya no existe.",
    "error.media_too_large": "El archivo es demasiado grande. Elige uno más pequeño.",
    "error.media_quota_exceeded": "Tus archivos ocupan todo el espacio que tienes. Borra alguno que no necesites.",
    "error.media_type_refused": "Este servidor no acepta archivos de ese tipo.",
    "error.media_empty": "El archivo está vacío. Elige otro.",
    "error.storage_full": "Al servidor no le queda sitio para archivos. Avisa a quien lo administra.",
    "error.storage_unavailable": "El servidor no llega ahora a sus archivos. Inténtalo de nuevo en unos segundos.",
    "error.storage_refused": "El servidor no puede guardar archivos tal como está. Avisa a quien lo administra.",
    "error.media_in_use": "Un mensaje que espera para salir lleva este archivo. Espera a que salga.",
    "error.not_from_whatsapp": "Este archivo lo subiste tú: no hay nada que descargar.",
    "error.media_not_ready": "El archivo no está aquí. Súbelo otra vez o descárgalo primero.",
    "error.media_kind_mismatch": "Ese tipo de archivo no puede salir así. Envíalo como documento.",
    "failure.upload_failed": "WhatsApp no aceptó el archivo. Envíalo otra vez.",
    "failure.media_not_found": "El archivo se borró antes de enviarse.",
    "failure.media_too_large": "El archivo es demasiado grande para WhatsApp.",
    "failure.media_unavailable": "No se pudo acceder al archivo.",
    "error.media_url_bad": "Escribe una dirección que empiece por http:// o https://.",
    "error.media_url_forbidden": "Esa dirección lleva a una red privada.",
    "error.media_url_failed": "No se pudo descargar el archivo de esa dirección.",
}
