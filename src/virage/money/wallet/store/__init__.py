"""The wallet's queries, one typed function each."""
