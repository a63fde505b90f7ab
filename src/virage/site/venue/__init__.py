"""The venue: stands, blocks, rows, seats, standing areas, gates, outlets and routes."""
