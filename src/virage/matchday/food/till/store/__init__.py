"""The queries of the tills, one typed function each."""
