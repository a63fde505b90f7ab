"""The queries of the menu, one typed function each."""
