"""Ports for processes that tests start."""

import socket


def free_ports(count: int) -> list[int]:
    """Ports that nobody uses at this moment."""
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports
