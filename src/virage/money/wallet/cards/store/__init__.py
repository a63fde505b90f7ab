"""The queries of cards and of phones that pay, one typed function each."""
