"""The rules of the venue: its file, the arrays built from it, routing and geometry."""
