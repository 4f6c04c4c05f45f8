"""`ray …`: hands over to beam's executable, which understands the same words."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from ray._core.executable import ExecutableMissing, find_executable


def find_beam() -> str:
    """Return the path of beam's executable, or of a launcher for it.

    Raises:
        SystemExit: there is none; with words.
    """
    try:
        return find_executable()
    except ExecutableMissing as error:
        raise SystemExit(f"ray: Cannot run: {error.what}\nray: {error.mend}") from None


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Become `beam ray …` with the arguments of this process, or those given."""
    beam = find_beam()
    given = sys.argv[1:] if arguments is None else list(arguments)
    # Workers on this node run on this interpreter, unless something else is set.
    os.environ["BEAM_PYTHON"] = sys.executable
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(beam, [beam, "ray", *given])


if __name__ == "__main__":
    main()
