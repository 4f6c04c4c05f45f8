"""The version of Ray whose promises this package keeps."""

from __future__ import annotations

__version__ = "2.55.1"
__commit__ = "beam"
