"""The tables of concessions."""
