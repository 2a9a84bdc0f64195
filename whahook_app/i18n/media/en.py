"""Files, in English."""

from __future__ import annotations

MEDIA_EN: dict[str, str] = {
    "error.media_not_found": "That file does not exist any more.",
    "error.media_too_large": "The file is too large. Choose a smaller one.",
    "error.media_quota_exceeded": "Your files take all the room that you have. Delete some that you do not need.",
    "error.media_type_refused": "This server does not take files of that type.",
    "error.media_empty": "The file is empty. Choose another one.",
    "error.storage_full": "The server has no room left for files. Tell whoever runs it.",
    "error.storage_unavailable": "The server cannot reach its files right now. Try again in a few seconds.",
    "error.storage_refused": "The server cannot keep files as it is set up. Tell whoever runs it.",
    "error.media_in_use": "A message that waits to go out carries this file. Wait until it is sent.",
    "error.not_from_whatsapp": "You uploaded this file: there is nothing to fetch.",
    "error.media_not_ready": "The file is not here. Upload it again, or have it fetched first.",
    "error.media_kind_mismatch": "That type of file cannot go out like this. Send it as a document.",
    "failure.upload_failed": "WhatsApp did not take the file. Send it again.",
    "failure.media_not_found": "The file was deleted before it was sent.",
    "failure.media_too_large": "The file is too large for WhatsApp.",
    "failure.media_unavailable": "The file could not be reached.",
    "error.media_url_bad": "Write an address that begins with http:// or https://.",
    "error.media_url_forbidden": "That address leads into a private network.",
    "error.media_url_failed": "The file could not be fetched from that address.",
}
