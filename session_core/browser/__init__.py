"""Chromium: finding it, launching it, its processes and its profile folders."""
