"""Texts about what is in a message, what one can do with it, and what one can send."""
