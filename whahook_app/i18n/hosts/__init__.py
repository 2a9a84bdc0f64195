"""Texts about several hosts."""
