"""Who is signed in: the cookie, where a request comes from, where it may go next."""
