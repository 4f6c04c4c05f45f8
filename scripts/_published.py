"""Puts a measured table into a page, between the two marks of the script that measured it."""

from __future__ import annotations

import os
import pathlib
import platform


def publish(page: pathlib.Path, script: str, table: str) -> None:
    """Replaces what stands between the marks of ``script`` with ``table`` and what it ran on.

    Raises:
        ValueError: the page has not one pair of such marks.
    """
    begin, end = (f"<!-- scripts/{script} {which} -->" for which in ("begin", "end"))
    before, rest = page.read_text().split(begin)
    _, after = rest.split(end)
    about = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}."
    page.write_text(f"{before}{begin}\n\n{table}\n\n{about}\n\n{end}{after}")
