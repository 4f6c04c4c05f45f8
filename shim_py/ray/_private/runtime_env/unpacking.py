"""Unpacking packages: zips and tarballs become folders, without a way out of them."""

from __future__ import annotations

import os
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path
from typing import IO

TAR_EXTENSIONS = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz")
#: What the archiver of macOS adds beside the folder that was packed.
_MAC_FOLDER = "__MACOSX"


def unpack(package: str, target: str) -> None:
    """Unpacks an archive by what its name ends in.

    Args:
        package: path of the archive.
        target: the folder to fill; made where it is not there.

    Raises:
        ValueError: it is neither a zip nor a tarball, or a path in it leads out of ``target``.
    """
    if package.endswith((".zip", ".jar")):
        unzip(package, target)
    elif package.endswith(TAR_EXTENSIONS):
        untar(package, target)
    else:
        raise ValueError(f"Cannot unpack {package}: it must be a zip or a tarball")


def unzip(package: str, target: str) -> None:
    """Unpacks a zip; permissions are kept, as far as they are of the owner.

    Raises:
        ValueError: it is no zip, or a path in it leads out of ``target``.
    """
    os.makedirs(target, exist_ok=True)
    try:
        archive = zipfile.ZipFile(package)
    except zipfile.BadZipFile as error:
        raise ValueError(f"Cannot unpack {package}: {error}") from None
    with archive:
        for member in archive.infolist():
            place = _inside(target, member.filename)
            if member.is_dir():
                os.makedirs(place, exist_ok=True)
                continue
            with archive.open(member) as source:
                _write(source, place, member.external_attr >> 16)


def untar(package: str, target: str) -> None:
    """Unpacks a tarball; links and devices in it are left out, as Ray leaves them out.

    Raises:
        ValueError: it is no tarball, or a path in it leads out of ``target``.
    """
    os.makedirs(target, exist_ok=True)
    try:
        with tarfile.open(package, "r:*") as archive:
            for member in archive:
                place = _inside(target, member.name)
                if member.isdir():
                    os.makedirs(place, exist_ok=True)
                elif member.isfile():
                    source = archive.extractfile(member)
                    assert source is not None
                    _write(source, place, member.mode)
    except tarfile.TarError as error:
        raise ValueError(f"Cannot unpack {package}: {error}") from None


def _inside(target: str, name: str) -> str:
    root = os.path.realpath(target)
    place = os.path.realpath(os.path.join(root, name))
    if "\\" in name or os.path.commonpath([root, place]) != root:
        raise ValueError(f"Cannot unpack {name!r}: the path leads out of the package")
    return place


def _write(source: IO[bytes], place: str, mode: int) -> None:
    os.makedirs(os.path.dirname(place), exist_ok=True)
    with open(place, "wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    if mode:
        os.chmod(place, stat.S_IMODE(mode) & 0o777 | 0o600)


def strip(target: str) -> None:
    """Moves the contents of an only folder up into ``target``, as Ray does for what it fetches."""
    folder = Path(target)
    shutil.rmtree(folder / _MAC_FOLDER, ignore_errors=True)
    inside = list(folder.iterdir())
    if len(inside) != 1 or not inside[0].is_dir():
        return
    # Under another name first: a folder may hold one of its own name.
    only = inside[0].rename(folder / f".{inside[0].name}.stripped")
    for each in only.iterdir():
        each.rename(folder / each.name)
    only.rmdir()
