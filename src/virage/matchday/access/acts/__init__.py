"""Acts of access."""
