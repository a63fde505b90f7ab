"""The queries of the funding of purses, one typed function each."""
