"""Fans, staff and programs: sign-in, roles with their scope, export and erasure."""
