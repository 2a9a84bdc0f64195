"""Stand-ins for parts that fail on purpose. Each is named by how it fails."""
