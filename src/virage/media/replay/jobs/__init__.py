"""What replay does on a schedule."""
