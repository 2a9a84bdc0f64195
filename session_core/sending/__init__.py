"""Messages out: lanes in order, the exact limiter, and the jobs that send. Talks to the host by the bus only."""
