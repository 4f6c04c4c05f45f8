"""The exceptions of this package."""

from __future__ import annotations


class RayStateApiException(Exception):
    """A question about the cluster's state cannot be answered, or not whole."""


class DataSourceUnavailable(RayStateApiException):
    """Who would know does not answer."""


__all__ = ["DataSourceUnavailable", "RayStateApiException"]
