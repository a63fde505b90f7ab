"""The venue, the programme of events, and the operator's pages."""
