"""Tables, the queries on them, and their migrations. The only place with SQL."""
