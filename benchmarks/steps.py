"""The steps that are measured, in the words of the table."""

CONNECT_TO_QR = "connect -> QR in the page's DOM"
QR_TO_DOM = "QR published -> DOM"
SCAN_TO_READY = "scan -> ready in the DOM"
ACCEPTED_TO_SENT = "message accepted -> sent"

STEPS = (CONNECT_TO_QR, QR_TO_DOM, SCAN_TO_READY, ACCEPTED_TO_SENT)

MESSAGES = 5
"""Texts sent in each run."""

CONTACT = "34611000009"
"""Who gets them."""
