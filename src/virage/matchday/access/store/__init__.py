"""The queries of access, one typed function each."""
