"""Benchmarks, one file a figure; each prints one JSON line last."""
