"""Ports for processes that tests start."""

import secrets
import socket

# Below those that a system gives to whoever only asks another: one of these could be gone before its process has begun.
OURS = range(10_000, 32_000)


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses at this moment."""
    found: list[int] = []
    while len(found) < count:
        port = secrets.choice(OURS)  # no seed: other tests look for ports in the same moment
        try:
            socket.create_server(("127.0.0.1", port)).close()
        except OSError:
            continue
        if port not in found:
            found.append(port)
    return found
