"""Reads of cameras and clips."""
