"""What was found, for people and for programs."""

from __future__ import annotations

from typing import Any

from .project import Findings, Found, Place
from .table import ACCEPTS, REFUSES, UNKNOWN, WORKS

_SHOWN = 5


def as_text(title: str, findings: Findings) -> str:
    """Return the findings as lines: unknown names first, each with its places."""
    lines = [title]
    for state in (UNKNOWN, REFUSES, ACCEPTS, WORKS):
        for found in findings.of(state):
            places = _ordered(found)
            shown = ", ".join(_place(place) for place in places[:_SHOWN])
            more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
            lines.append(f"  {state:8} {found.name}  {shown}{more}")
    lines += [f"  cannot read {file.path}: {file.why}" for file in findings.unreadable]
    counted = ", ".join(
        f"{len(findings.of(state))} {state}" for state in (WORKS, ACCEPTS, REFUSES, UNKNOWN)
    )
    failing = needed(findings)
    verdict = (
        f"{len(failing)} of them needed: {', '.join(found.name for found in failing)}"
        if failing
        else "no unknown name where the program runs"
    )
    lines.append(f"  {counted}; {verdict}")
    refused = [found.name for found in needed(findings, REFUSES)]
    if refused:
        lines.append(f"  refused where the program uses them: {', '.join(refused)}")
    return "\n".join(lines) + "\n"


def needed(findings: Findings, state: str = UNKNOWN) -> list[Found]:
    """Return the names in a state that the program needs, and its tests do not alone."""
    return [found for found in findings.of(state) if found.counts()]


def _ordered(found: Found) -> list[Place]:
    return sorted(found.places, key=lambda place: (place.in_tests, place.how != "", place))


def _place(place: Place) -> str:
    words = [word for word in (place.how, "test" if place.in_tests else "") if word]
    return f"{place.path}:{place.line}" + (f" ({', '.join(words)})" if words else "")


def as_json(title: str, findings: Findings) -> dict[str, Any]:
    """Return the findings as plain data."""
    return {
        "source": title,
        "names": [
            {
                "name": found.name,
                "state": found.verdict.state,
                "note": found.verdict.note,
                "needed": found.counts(),
                "places": [
                    {
                        "path": place.path,
                        "line": place.line,
                        "how": place.how or "runs",
                        "in_tests": place.in_tests,
                    }
                    for place in _ordered(found)
                ],
            }
            for found in findings.names
        ],
        "unreadable": [file._asdict() for file in findings.unreadable],
        "unknown_needed": [found.name for found in needed(findings)],
        "refused_needed": [found.name for found in needed(findings, REFUSES)],
    }
