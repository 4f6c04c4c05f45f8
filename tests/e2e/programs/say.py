"""How programs tell the tests what they found: one JSON object a line."""

from __future__ import annotations

import json
import sys
from typing import Any


def say(**facts: Any) -> None:
    """Prints the facts; whole and at once, also where several threads do."""
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def trouble(error: BaseException) -> dict[str, Any]:
    """What a test looks at in an error."""
    return {
        "type": type(error).__name__,
        "bases": [cls.__name__ for cls in type(error).__mro__],
        "text": str(error),
        "cause": type(error.__cause__).__name__ if error.__cause__ else None,
        "preempted": getattr(error, "preempted", None),
    }
