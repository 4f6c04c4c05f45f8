"""Requests to the job API, by the standard library alone."""

from __future__ import annotations

import http.client
import json
import os
import ssl
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from ray.exceptions import AuthenticationError

#: How long an answer may take, in seconds.
_TIMEOUT = 120.0


class Answer:
    """A server's answer: its status and its text."""

    def __init__(self, status_code: int, text: str) -> None:
        self.status_code = status_code
        self.text = text

    def json(self) -> Any:
        """Return what the text says."""
        return json.loads(self.text)


class HttpServer:
    """A server and how it is spoken to.

    Args:
        url: ``http://host:port``.
        headers: sent with every request.
        verify: whether, or by which file or folder of certificates, a server is checked.

    Raises:
        FileNotFoundError: there is no such file or folder.
    """

    def __init__(self, url: str, headers: Mapping[str, str], verify: str | bool) -> None:
        self.url = url
        self.headers = dict(headers)
        self.parts = urlsplit(url)
        self.tls = _context(verify) if self.parts.scheme == "https" else None

    @property
    def host(self) -> str:
        """Name or address of the server."""
        return self.parts.hostname or "localhost"

    @property
    def port(self) -> int:
        """Its port."""
        return self.parts.port or (443 if self.tls else 80)

    def path(self, endpoint: str) -> str:
        """Return the path of an endpoint, below the URL's own where it has one."""
        return self.parts.path.rstrip("/") + endpoint

    def request(
        self,
        method: str,
        endpoint: str,
        body: bytes | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Return the answer to a request.

        Raises:
            ConnectionError: the server cannot be reached.
            AuthenticationError: it wants another token.
        """
        headers = dict(self.headers)
        if body is not None:
            headers["Content-Type"] = content_type
        connection = self._connection()
        try:
            connection.request(method, self.path(endpoint), body=body, headers=headers)
            response = connection.getresponse()
            answer = Answer(response.status, response.read().decode("utf-8", "replace"))
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionError(
                f"Failed to connect to Ray at address: {self.url}. ({error})"
            ) from error
        finally:
            connection.close()
        if answer.status_code in (401, 403):
            raise AuthenticationError(answer.text)
        return answer

    def _connection(self) -> http.client.HTTPConnection:
        if self.tls is not None:
            return http.client.HTTPSConnection(
                self.host, self.port, timeout=_TIMEOUT, context=self.tls
            )
        return http.client.HTTPConnection(self.host, self.port, timeout=_TIMEOUT)


def _context(verify: str | bool) -> ssl.SSLContext:
    if verify is True:
        return ssl.create_default_context()
    if verify is False:
        context = ssl.create_default_context()
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
        return context
    if os.path.isdir(verify):
        return ssl.create_default_context(capath=verify)
    if os.path.isfile(verify):
        return ssl.create_default_context(cafile=verify)
    raise FileNotFoundError(f"Path to CA certificates: '{verify}', does not exist.")
