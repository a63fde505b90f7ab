"""Members of organisers: tiers, memberships with their numbers, and members' windows of events."""
