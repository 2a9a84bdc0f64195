"""Real servers for tests, each with a lifecycle that the test controls."""
