"""Again, please: cameras, segments, clips."""
