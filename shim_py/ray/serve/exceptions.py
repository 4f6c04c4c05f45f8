"""Exceptions of Ray Serve."""

from __future__ import annotations


class RayServeException(Exception):
    """Something about Ray Serve is wrong, such as that this is no replica."""


__all__ = ["RayServeException"]
