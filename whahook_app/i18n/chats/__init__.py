"""Texts about conversations."""
