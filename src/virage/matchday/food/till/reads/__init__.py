"""Reads of the tills: packs, checks of uploads, deviations."""
