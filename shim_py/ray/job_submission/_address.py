"""Where a cluster's job API is, and the token that opens it."""

from __future__ import annotations

import os
import re
from urllib.parse import urlsplit

from ray._core import client, discovery, port_owner, secret_env
from ray._private.absent import refuse

USUAL = "http://localhost:8265"
#: What join tokens begin with: they are good for joining, and nobody's business elsewhere.
_JOIN_TOKEN = "beam-join-"
_LOCAL = ("localhost", "127.0.0.1", "::1")


def server_url(address: str | None) -> str:
    """Return the URL of the server that an address names, in any of Ray's spellings.

    As in Ray, RAY_API_SERVER_ADDRESS and RAY_ADDRESS go before the argument. Without an address it
    is that of the cluster this process belongs to, else of this machine's.

    Raises:
        UnsupportedFeature: a ``ray://`` address.
    """
    for name in ("RAY_API_SERVER_ADDRESS", "RAY_ADDRESS"):
        if os.environ.get(name):
            address = os.environ[name]
            break
    if address and address.startswith("ray://"):
        refuse("ray:// addresses (Ray Client)", "Give the HTTP address of the head's server.")
    if address and "://" in address:
        return address.rstrip("/")
    if not address or address == "auto":
        if client.is_connected() and client.session().dashboard_url:
            return f"http://{client.session().dashboard_url}"
        found = [one for one in discovery.instances() if one.record.get("dashboard")]
        return f"http://{found[0].record['dashboard']}" if found else USUAL
    for instance in discovery.instances():
        if instance.record.get("dashboard") and instance.fits(address):
            return f"http://{instance.record['dashboard']}"
    return f"http://{address}"


def token_for(url: str) -> str | None:
    """Return the token to send to a server.

    It is the one that was given by Ray's or beam's variables; else, for a server of this user on
    this machine, the one that its head keeps in a file for that.

    Raises:
        ConnectionError: another user listens there, and would be told it.
    """
    own = _own_head(url)
    if own is not None:
        port = urlsplit(url).port or 80
        other = port_owner.stranger_at(port)
        if other is not None:
            raise ConnectionError(
                f"Cannot use the server at {url}: a program of user {other} listens at that port, "
                "which would be told the token. End that program, or start the head anew with "
                "another `--dashboard-port`."
            )
    return _given() or (own and _read(os.path.join(own, "dashboard_token")))


def _given() -> str | None:
    mode = os.environ.get("RAY_AUTH_MODE", "").lower()
    pairs = [("BEAM_TOKEN", "BEAM_TOKEN_FILE")]
    if mode != "disabled":
        pairs.append(("RAY_AUTH_TOKEN", "RAY_AUTH_TOKEN_PATH"))
    for name, path in pairs:
        token = secret_env.get(name)
        if token and not token.startswith(_JOIN_TOKEN):
            return _bare(token)
        if os.environ.get(path):
            return _bare(_read(os.environ[path]))
    if mode == "token":
        return _read(os.path.expanduser("~/.ray/auth_token"))
    return None


def _bare(token: str | None) -> str | None:
    """The token without what names the authority of its cluster's certificates."""
    return None if token is None else re.sub(r"~[\w-]{43}$", "", token)


def _own_head(url: str) -> str | None:
    """The runtime directory of this user's head on this machine whose server has this URL."""
    parts = urlsplit(url)
    for instance in discovery.instances():
        record = instance.record
        port = str(record.get("dashboard") or "").rpartition(":")[2]
        own = (*_LOCAL, record.get("node_ip"), *(record.get("aliases") or ()))
        if port == str(parts.port or 80) and (parts.hostname or "") in own:
            return str(record["runtime_dir"])
    return None


def _read(path: str) -> str | None:
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip() or None
    except OSError:
        return None
