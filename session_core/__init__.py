"""Everything behind the pages: accounts, browsers, sending, storage. No Reflex in here."""
