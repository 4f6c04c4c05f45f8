"""The address of this machine."""

from __future__ import annotations

import socket


def get_node_ip_address(address: str = "8.8.8.8:53") -> str:
    """Return the address under which the other nodes know this one.

    Before `ray.init` it is the one of the interface that leads to `address` (nothing is sent),
    else 127.0.0.1.

    Args:
        address: where to, as host:port.
    """
    from ray._core import client

    if client.is_connected():
        return str(client.session().node_ip)
    host, _, port = address.rpartition(":")
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((host, int(port)))
            return str(probe.getsockname()[0])
    except (OSError, ValueError):
        return "127.0.0.1"


__all__ = ["get_node_ip_address"]
