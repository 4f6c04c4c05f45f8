"""`ray …`: hands over to beam's executable, which understands the same words."""

from __future__ import annotations

import os
import pathlib
import shutil
import sys
from collections.abc import Sequence
from typing import NoReturn


def find_beam() -> str:
    """Return the path of beam's executable, or of a launcher for it.

    Raises:
        SystemExit: there is none; with words.
    """
    # This is <runtime directory>/shim/<digest>/ray/scripts/scripts.py.
    launcher = pathlib.Path(__file__).resolve().parents[4] / "bin" / "beam"
    if os.access(launcher, os.X_OK):
        return str(launcher)
    found = os.environ.get("BEAM_BIN") or shutil.which("beam")
    if found and os.access(found, os.X_OK):
        return found
    raise SystemExit(
        f"ray: Cannot run: beam's executable is neither at {launcher}, nor at BEAM_BIN, nor on "
        "PATH.\nray: Run `beam shim-path` with the beam you have, or set BEAM_BIN to its path."
    )


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
