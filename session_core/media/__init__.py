"""Files of messages: taking them in, knowing what they are, keeping them, handing them out."""
