"""The committed list of names that known programs use, so that CI needs no download.

    {"vllm": {"versions": ["0.32.0", "0.33.0"], "names": {"ray.get": "0.32.0 0.33.0", …}}}

A name goes with the first and the last version in which the program itself (its tests apart, and
whatever never runs) uses it.
"""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

from .project import Findings, Found
from .table import UNKNOWN, Table

_NUMBERED = re.compile(r"^(.+?)-(v?\d[\w.+]*?)(-.*)?(\.tar\.\w+|\.tgz|\.zip|\.whl)?$")


class Unnamed(ValueError):
    """Neither the path nor an argument says which program this is, and in which version."""


def identity(path: pathlib.Path, given: str | None) -> tuple[str, str]:
    """Return a program's name and version, from `NAME-VERSION` or from the name of the file.

    Raises:
        Unnamed: it cannot be told.
    """
    matched = _NUMBERED.match(given or path.name)
    if matched is None:
        raise Unnamed(
            f"Cannot tell program and version of {given or path}: it must be called "
            "NAME-VERSION. Give them with --as NAME-VERSION."
        )
    return matched[1].replace("_", "-").lower(), matched[2].lstrip("v")


def _order(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def load(file: pathlib.Path) -> dict[str, Any]:
    """Return the file's content; {} where there is none yet."""
    if not file.exists():
        return {}
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def add(content: dict[str, Any], program: str, version: str, findings: Findings) -> None:
    """Put what one version of a program uses into the list."""
    entry = content.setdefault(program, {"versions": [], "names": {}})
    entry["versions"] = sorted({*entry["versions"], version}, key=_order)
    names: dict[str, str] = entry["names"]
    for found in findings.names:
        if runs(found):
            known = [*names.get(found.name, "").split(), version]
            first, last = min(known, key=_order), max(known, key=_order)
            names[found.name] = first if first == last else f"{first} {last}"
    entry["names"] = dict(sorted(names.items()))


def runs(found: Found) -> bool:
    """Return whether the program uses the name where it runs; guarded, if beam knows it."""
    known = found.verdict.state != UNKNOWN
    return found.counts() or (
        known and any(place.how == "guarded" and not place.in_tests for place in found.places)
    )


def store(file: pathlib.Path, content: dict[str, Any]) -> None:
    """Write the file."""
    text = json.dumps(dict(sorted(content.items())), indent=1, ensure_ascii=False)
    file.write_text(text + "\n", encoding="utf-8")


def unknown(content: dict[str, Any], table: Table) -> list[tuple[str, str, str]]:
    """Return (program, name, versions) of each name that beam does not know."""
    return [
        (program, name, versions)
        for program, entry in content.items()
        for name, versions in entry["names"].items()
        if table.verdict(name).state == UNKNOWN
    ]
