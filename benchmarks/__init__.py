"""Measurements. Numbers in docs come from here; nothing in here passes or fails."""
