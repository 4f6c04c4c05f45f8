"""The exception of this package."""

from __future__ import annotations


class RayStateApiException(Exception):
    """A question about the cluster's state cannot be answered."""


__all__ = ["RayStateApiException"]
