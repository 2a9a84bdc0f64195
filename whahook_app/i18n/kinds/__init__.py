"""Texts about kinds of messages."""
