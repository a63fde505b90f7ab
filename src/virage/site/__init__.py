"""What stands before a match day: the venue and its programme, and the operator's own pages."""
