"""Texts about sending: what holds messages back, how accounts send, who has opted out."""
