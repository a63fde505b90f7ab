"""Stored campaigns and renewals."""
