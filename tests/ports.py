"""Ports for processes that tests start."""

import secrets
import socket

# Below the ephemeral ports: one of those could be taken by a client before its process has begun.
OURS = range(10_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Free ports."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(OURS)  # no seed: other tests look for ports at the same time
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        if port not in found:
            found.append(port)
    return found
