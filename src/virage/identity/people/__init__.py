"""Fans, staff and API clients: sign-in, roles with their scope, export and erasure."""
