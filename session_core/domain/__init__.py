"""Pure rules and names: no input, no output."""
