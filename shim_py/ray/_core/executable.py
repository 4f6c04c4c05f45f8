"""Where beam's executable is: beside this package, else in BEAM_BIN, else on PATH."""

from __future__ import annotations

import importlib.metadata
import os
import pathlib
import shutil
from collections.abc import Iterator

#: Whoever installs both from an index gets them under this name.
_DISTRIBUTION = "beam-ray"


class ExecutableMissing(Exception):
    """There is no executable: two sentences."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(f"{what} {mend}")
        self.what = what
        self.mend = mend


def find_executable() -> str:
    """Return the path of the executable, or of a launcher for it.

    The one beside the package comes first: both are of one build.

    Raises:
        ExecutableMissing: with where it was looked for, and what to do.
    """
    # <folder>/ray/_core/executable.py
    folder = pathlib.Path(__file__).resolve().parents[2]
    for candidate in _beside(folder):
        if _runs(candidate):
            return str(candidate)
    named = os.environ.get("BEAM_BIN")
    if named:
        # Another one than the user named would be a riddle.
        if _runs(pathlib.Path(named)):
            return named
        raise ExecutableMissing(
            f"BEAM_BIN is {named}, which is no executable file.",
            "Set it to the path of beam's executable, or unset it.",
        )
    found = shutil.which("beam")
    if found:
        return found
    raise ExecutableMissing(
        f"beam's executable is neither beside the package ({folder / 'ray'}), nor named by "
        "BEAM_BIN, nor on PATH.",
        "Set BEAM_BIN to its path, or put it on PATH.",
    )


def _beside(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    yield folder.parent / "bin" / "beam"  # the mount: <any folder>/python
    yield folder.parent.parent / "bin" / "beam"  # <runtime directory>/shim/<digest>
    # The wheel: the installer wrote down where it put the scripts.
    for distribution in importlib.metadata.distributions(name=_DISTRIBUTION, path=[str(folder)]):
        for file in distribution.files or ():
            if file.parts[-2:] == ("bin", "beam"):
                yield pathlib.Path(str(file.locate()))
        yield folder / "bin" / "beam"  # pip install --target, whose record names another place


def _runs(file: pathlib.Path) -> bool:
    return file.is_file() and os.access(file, os.X_OK)
