"""Commands of the renewal of season tickets, in the caller's transaction."""
