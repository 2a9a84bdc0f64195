"""Texts about files."""
