"""Telling the programs of users what happens: signed, in order, at least once, and only to where it may go."""
