"""A vLLM platform for the lab: computes on the CPU, is scheduled as if on GPUs."""

from __future__ import annotations


def name_of_platform() -> str:
    """What vLLM's plug-in loader asks for: the platform's class, by name."""
    return "beam_lab_platform.platform.LabPlatform"
