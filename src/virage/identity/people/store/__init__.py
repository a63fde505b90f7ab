"""The queries of people, one typed function each."""
