"""The use cases that pages, REST and Socket.IO share: who asks, is it theirs, what is written, who is told."""
