"""What a conversation is made of: bubbles, what is in them, what one can do with them, and what one can send."""
