"""The queries of the books, one typed function each."""
