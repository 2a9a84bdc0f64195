"""Texts of the page of the queues."""
