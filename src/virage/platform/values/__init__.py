"""Values that every room and domain shares: they know no driver, no setting and no framework."""
