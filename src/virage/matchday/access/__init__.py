"""Access control: admission at the gates, presence in the venue, accreditations and bans."""
