"""Backups of logins: an encrypted archive of what a browser profile cannot do without, and the way back."""
