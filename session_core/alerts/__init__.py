"""Telling people what goes wrong while they are not looking: on the page, and by e-mail."""
