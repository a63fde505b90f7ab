"""Safety: incidents of the control room, its log, and the time to clear the venue."""
