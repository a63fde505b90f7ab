"""Encoding and decoding of video and audio with FFmpeg: pure functions of bytes that block their thread."""
