"""Season tickets and packs: tickets of several events that are sold together."""
