"""Rules of the feed, pure functions and Structs."""
