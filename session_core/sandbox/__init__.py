"""A WhatsApp Web and phones of our own, for development, demos and tests.

The sandbox serves a page that behaves as WhatsApp Web does (module loader, stores, QR, pairing code, acks,
logout) and simulated phones with a JSON API and a page at ``/phone``. Unmodified `@wppconnect/wa-js` and
`whatsapp-web.js` run on it. Nothing of it is needed to connect a real phone, and no other part of the product imports
it.
"""

from session_core.sandbox.server import create_app, run_sandbox

__all__ = ["create_app", "run_sandbox"]
