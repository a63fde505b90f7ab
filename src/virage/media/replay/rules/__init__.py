"""Pure rules of replay, without database, clock or FFmpeg."""
