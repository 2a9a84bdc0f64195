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
}
