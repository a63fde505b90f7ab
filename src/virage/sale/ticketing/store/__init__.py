"""The queries of ticketing, one typed function each."""
