"""What replay does by itself."""
