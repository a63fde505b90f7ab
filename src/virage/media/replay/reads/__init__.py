"""What is asked of cameras and clips."""
