"""What `virage ingest` runs: one camera, from its transport to segments that are kept and known."""
