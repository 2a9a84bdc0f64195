"""What processes tell each other, over Valkey or Redis: events, commands, leases, lanes that are due."""
