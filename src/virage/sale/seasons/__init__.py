"""Renewal of season tickets: campaigns, renewals and the relocation round."""
