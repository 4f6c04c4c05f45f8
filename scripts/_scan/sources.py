"""The Python files of a folder, a file, a wheel or a source distribution."""

from __future__ import annotations

import pathlib
import re
import tarfile
import zipfile
from collections.abc import Iterator
from typing import NamedTuple

_MENTIONS_RAY = re.compile(rb"\bray\b")
_TEST_FOLDERS = {"test", "tests", "testing", "unittest", "unittests"}
_NO_SOURCES = {".git", ".hg", "__pycache__", "node_modules", ".venv", "venv"}


class Source(NamedTuple):
    """One file: its path inside what was read, with `/`, and its bytes."""

    path: str
    text: bytes

    @property
    def is_test(self) -> bool:
        """Whether it lies in a tests' folder, or is named as pytest's files are."""
        *folders, name = self.path.split("/")
        return (
            any(folder in _TEST_FOLDERS for folder in folders)
            or name == "conftest.py"
            or name.startswith("test_")
            or name.endswith("_test.py")
        )


class NoSource(Exception):
    """The path is nothing that can be read; the message says why."""


def read(path: pathlib.Path) -> Iterator[Source]:
    """Yield the Python files that mention `ray` as a word, in order of their paths.

    Raises:
        NoSource: the path is neither a folder, nor a `.py` file, nor an archive of them.
    """
    if path.is_dir():
        found = _folder(path)
    elif path.suffix in (".whl", ".zip"):
        found = _zip(path)
    elif path.name.endswith((".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar")):
        found = _tar(path)
    elif path.is_file() and (path.suffix == ".py" or _is_python_script(path.read_bytes())):
        found = iter([Source(path.name, path.read_bytes())])
    else:
        raise NoSource(
            f"Cannot read {path}: it must be a folder, a Python file, a wheel or a source "
            f"distribution, and {'is none of them' if path.exists() else 'does not exist'}."
        )
    for source in sorted(found):
        if _MENTIONS_RAY.search(source.text):
            yield source


def _is_python_script(text: bytes) -> bool:
    return text.startswith(b"#!") and b"python" in text.split(b"\n", 1)[0]


def _folder(root: pathlib.Path) -> Iterator[Source]:
    for path in root.rglob("*.py"):
        inside = path.relative_to(root)
        if path.is_file() and not _NO_SOURCES.intersection(inside.parts):
            yield Source(inside.as_posix(), path.read_bytes())


def _zip(path: pathlib.Path) -> Iterator[Source]:
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                if name.endswith(".py"):
                    yield Source(name, archive.read(name))
    except (OSError, zipfile.BadZipFile) as error:
        raise NoSource(f"Cannot read {path}: {error}") from error


def _tar(path: pathlib.Path) -> Iterator[Source]:
    try:
        with tarfile.open(path) as archive:
            for member in archive:
                if member.isfile() and member.name.endswith(".py"):
                    opened = archive.extractfile(member)
                    assert opened is not None  # it is a regular file
                    # The folder that every source distribution has around it says nothing.
                    _, _, inside = member.name.partition("/")
                    yield Source(inside or member.name, opened.read())
    except (OSError, EOFError, tarfile.TarError) as error:
        raise NoSource(f"Cannot read {path}: {error}") from error
