"""The pages: address, title, what happens when they open, and what they are made of."""
