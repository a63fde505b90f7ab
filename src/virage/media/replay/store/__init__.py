"""The queries of replay, one typed function each."""
