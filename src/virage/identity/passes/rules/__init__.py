"""What a pass is and when it holds: pure decisions on bytes, keys and times."""
