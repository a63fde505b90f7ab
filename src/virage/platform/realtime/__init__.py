"""Streams of server-sent events, fed by the journal."""
