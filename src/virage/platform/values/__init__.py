"""Value types shared by all code; they import no driver, no setting and no framework."""
