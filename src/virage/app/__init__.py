"""The composition root: what knows every domain."""
