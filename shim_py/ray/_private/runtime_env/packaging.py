"""Packages of `working_dir` and `py_modules`: their names, and the zips that travel.

A package's name holds the digest of what is in it (paths, permissions, contents), so that it is
packed and sent once however often it is used.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ray._private.runtime_env.ignoring import files_of
from ray._private.runtime_env.protocol import Protocol, is_path, parse_path, parse_uri
from ray._private.runtime_env.unpacking import strip, untar, unzip

if TYPE_CHECKING:
    from ray._core.session import Session

default_logger = logging.getLogger("ray")

#: A file of at least so many bytes is told of.
FILE_SIZE_WARNING = 10 * 1024 * 1024
#: How large a package may be, in bytes.
GCS_STORAGE_MAX_SIZE = int(os.environ.get("RAY_max_grpc_message_size", str(512 << 20)))  # noqa: SIM112
RAY_PKG_PREFIX = "_ray_pkg_"
_BLOCK = 1 << 20


def _ends(uri: str, *extensions: str) -> bool:
    try:
        return parse_uri(uri)[1].endswith(extensions)
    except ValueError:
        return False


def is_zip_uri(uri: str) -> bool:
    """Return whether a URI is of a zip."""
    return _ends(uri, ".zip")


def is_whl_uri(uri: str) -> bool:
    """Return whether a URI is of a wheel."""
    return _ends(uri, ".whl")


def is_jar_uri(uri: str) -> bool:
    """Return whether a URI is of a jar."""
    return _ends(uri, ".jar")


def is_tar_gz_uri(uri: str) -> bool:
    """Return whether a URI is of a tarball packed with gzip."""
    return _ends(uri, ".tar.gz", ".tgz")


def _hash_file(digest: hashlib._Hash, path: str, name: str) -> None:
    """Add a file to a digest: its name, whether it may be executed, its contents."""
    with open(path, "rb") as file:
        mode = os.fstat(file.fileno()).st_mode & 0o111
        digest.update(
            f"{len(name)}:{name}:{bool(mode)}:{os.fstat(file.fileno()).st_size}:".encode()
        )
        while block := file.read(_BLOCK):
            digest.update(block)


def _uri(digest: hashlib._Hash, ending: str) -> str:
    return f"gcs://{RAY_PKG_PREFIX}{digest.hexdigest()[:40]}{ending}"


def get_uri_for_directory(
    directory: str,
    include_gitignore: bool = True,
    excludes: list[str] | None = None,
    include_parent_dir: bool = False,
) -> str:
    """Return the URI of the package that a folder makes.

    Args:
        directory: the folder.
        include_gitignore: whether `.gitignore` files count.
        excludes: patterns of what stays out.
        include_parent_dir: whether the folder itself is in the package, under its name.

    Raises:
        ValueError: it is no folder.
    """
    if not os.path.isdir(directory):
        raise ValueError(f"directory {os.path.abspath(directory)} must be an existing directory")
    above = os.path.basename(os.path.abspath(directory)) if include_parent_dir else ""
    digest = hashlib.sha256(f"{above}/".encode())
    for name in files_of(directory, excludes or [], include_gitignore):
        path = os.path.join(directory, name)
        if os.path.isdir(path):
            digest.update(f"{len(name)}:{name}/".encode())
        else:
            _hash_file(digest, path, name)
    return _uri(digest, ".zip")


def get_uri_for_file(file: str) -> str:
    """Return the URI of the package that a single module makes.

    Raises:
        ValueError: it is no file.
    """
    if not os.path.isfile(file):
        raise ValueError(f"File {os.path.abspath(file)} must be an existing file")
    digest = hashlib.sha256()
    _hash_file(digest, file, os.path.basename(file))
    return _uri(digest, ".zip")


def get_uri_for_package(package: Path) -> str:
    """Return the URI of a package that is one already; a wheel's name stays readable in it."""
    digest = hashlib.sha256()
    _hash_file(digest, str(package), "")
    if package.suffix == ".whl":
        return _uri(digest, f"--{package.name}")
    for ending in (".tar.gz", ".tar.xz"):
        if package.name.endswith(ending):
            return _uri(digest, ending)
    return _uri(digest, ".tar.gz" if package.suffix == ".tgz" else ".zip")


def write_package(
    file: IO[bytes],
    module_path: str,
    include_gitignore: bool,
    include_parent_dir: bool = False,
    excludes: Iterable[str] = (),
    logger: logging.Logger | None = None,
) -> None:
    """Write the zip of a folder, or of a single file, to ``file``."""
    path = Path(module_path).absolute()
    with zipfile.ZipFile(
        file, "w", zipfile.ZIP_DEFLATED, compresslevel=1, strict_timestamps=False
    ) as made:
        if path.is_file():
            made.write(path, path.name)
            return
        above = f"{path.name}/" if include_parent_dir else ""
        for name in files_of(str(path), excludes, include_gitignore):
            inside = path / name
            if inside.is_file():
                _warn_of_size(inside, logger or default_logger)
                made.write(inside, above + name)
            elif not any(inside.iterdir()):
                made.write(inside, f"{above}{name}/")


def _warn_of_size(path: Path, logger: logging.Logger) -> None:
    size = path.stat().st_size
    if size >= FILE_SIZE_WARNING:
        logger.warning(
            "File %s is very large (%.2fMiB). Consider adding it to runtime_env's 'excludes' to "
            "skip uploading it.",
            path,
            size / 2**20,
        )


def create_package(
    module_path: str,
    target_path: Path,
    include_gitignore: bool,
    include_parent_dir: bool = False,
    excludes: list[str] | None = None,
    logger: logging.Logger | None = None,
) -> None:
    """Write the zip of a folder or file to ``target_path``, unless that is there."""
    if target_path.exists():
        return
    (logger or default_logger).info("Creating a file package for local module '%s'.", module_path)
    with open(target_path, "wb") as file:
        write_package(
            file, module_path, include_gitignore, include_parent_dir, excludes or [], logger
        )


def check_size(size: int) -> None:
    """Check that a package is within the bound.

    Raises:
        ValueError: it is not.
    """
    if size >= GCS_STORAGE_MAX_SIZE:
        raise ValueError(
            f"Package size ({size / 2**20:.2f}MiB) exceeds the maximum size of "
            f"{GCS_STORAGE_MAX_SIZE / 2**20:.2f}MiB. Leave large files out by '.gitignore', "
            "'.rayignore' or the 'excludes' of the runtime_env, or put the package where nodes "
            "can fetch it and give its URI."
        )


def _package_name(pkg_uri: str) -> str:
    protocol, name = parse_uri(pkg_uri)
    if protocol is not Protocol.GCS:
        raise NotImplementedError(f"Protocol {protocol} is not supported")
    return name


def package_exists(pkg_uri: str, store: Session | None = None) -> bool:
    """Return whether this node has a package; it is kept while this process lives."""
    from ray._core import client, package_upload

    return package_upload.is_present(store or client.session(), _package_name(pkg_uri))


def upload_package_to_gcs(pkg_uri: str, pkg_bytes: bytes, store: Session | None = None) -> None:
    """Bring a package to the cluster, over this process's connection or a given one.

    Raises:
        ValueError: it is too large.
        RuntimeError: the node refuses it.
    """
    import io

    from ray._core import client, package_upload

    check_size(len(pkg_bytes))
    package_upload.send(store or client.session(), _package_name(pkg_uri), io.BytesIO(pkg_bytes))


def upload_package_if_needed(
    pkg_uri: str,
    base_directory: str,
    module_path: str,
    include_gitignore: bool = True,
    include_parent_dir: bool = False,
    excludes: list[str] | None = None,
    logger: logging.Logger | None = None,
    store: Session | None = None,
) -> bool:
    """Bring the package of a folder or file to the cluster, unless it is there.

    Args:
        pkg_uri: its URI.
        base_directory: without effect: the zip has no name while it is made.
        module_path: the folder or file.
        include_gitignore: whether `.gitignore` files count.
        include_parent_dir: whether the folder itself is in the zip.
        excludes: patterns of what stays out.
        logger: where large files are told of.
        store: the connection to bring it over; None: this process's.

    Returns:
        Whether it had to be sent.

    Raises:
        ValueError: it is too large.
        RuntimeError: the node refuses it.
    """
    from ray._core import client, package_upload

    session, name = store or client.session(), _package_name(pkg_uri)
    if package_upload.is_present(session, name):
        return False
    with tempfile.TemporaryFile() as file:
        write_package(
            file, module_path, include_gitignore, include_parent_dir, excludes or [], logger
        )
        check_size(file.tell())
        package_upload.send(session, name, file)
    return True


def get_local_dir_from_uri(uri: str, base_directory: str) -> Path:
    """Return where a package is unpacked below ``base_directory``."""
    name = parse_uri(uri)[1]
    for ending in (".tar.gz", ".tar.bz2", ".tar.xz"):
        if name.endswith(ending):
            return Path(base_directory) / name[: -len(ending)]
    return (Path(base_directory) / name).with_suffix("")


def unzip_package(
    package_path: str,
    target_dir: str,
    remove_top_level_directory: bool,
    unlink_zip: bool,
    logger: logging.Logger | None = None,
) -> None:
    """Unpack a zip into ``target_dir``.

    Raises:
        ValueError: it is no zip, or a path in it leads out of ``target_dir``.
    """
    unzip(package_path, target_dir)
    _finish(package_path, target_dir, remove_top_level_directory, unlink_zip)


def untar_package(
    package_path: str,
    target_dir: str,
    remove_top_level_directory: bool,
    unlink_tar: bool,
    logger: logging.Logger | None = None,
) -> None:
    """Unpack a tarball into ``target_dir``.

    Raises:
        ValueError: it is no tarball, or a path in it leads out of ``target_dir``.
    """
    untar(package_path, target_dir)
    _finish(package_path, target_dir, remove_top_level_directory, unlink_tar)


def _finish(package_path: str, target_dir: str, remove_top: bool, unlink: bool) -> None:
    if remove_top:
        strip(target_dir)
    if unlink:
        os.unlink(package_path)


__all__ = [
    "GCS_STORAGE_MAX_SIZE",
    "Protocol",
    "create_package",
    "get_local_dir_from_uri",
    "get_uri_for_directory",
    "get_uri_for_file",
    "get_uri_for_package",
    "is_jar_uri",
    "is_path",
    "is_tar_gz_uri",
    "is_whl_uri",
    "is_zip_uri",
    "package_exists",
    "parse_path",
    "parse_uri",
    "untar_package",
    "unzip_package",
    "upload_package_if_needed",
    "upload_package_to_gcs",
]
