"""What live does by itself."""
