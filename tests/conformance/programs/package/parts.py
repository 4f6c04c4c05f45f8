"""What the program's actors import on their own."""

from __future__ import annotations


class Part:
    def __init__(self, number: int) -> None:
        self.number = number


def made() -> Part:
    return Part(4)
