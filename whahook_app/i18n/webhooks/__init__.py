"""Texts about webhooks."""
