"""Replays: ingest of camera streams, clips, playback."""
