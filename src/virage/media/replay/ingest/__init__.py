"""The process `virage ingest`: from the transport of one camera to stored segments."""
