"""The ground: stands, blocks, rows, seats, standing areas, gates, outlets."""
