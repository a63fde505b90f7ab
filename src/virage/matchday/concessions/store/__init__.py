"""The queries of concessions, one typed function each."""
