"""Texts about how accounts are doing: uptime, health, alerts."""
