"""URIs of packages: which kinds there are, and the name of the file that each stands for."""

from __future__ import annotations

import enum
import hashlib
import os
import re
from urllib.parse import urlparse

#: What `working_dir` and the entries of `py_modules` may end in.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "working_dir": (".zip", ".tar.gz", ".tgz", ".tar.xz"),
    "py_modules": (".zip", ".whl", ".tar.gz", ".tgz", ".tar.xz"),
}
_REMOTE = ("http", "https", "s3", "gs", "azure", "abfss", "file")
#: What nodes can fetch by themselves.
FETCHED = ("http", "https", "file")


class Protocol(enum.Enum):
    """The scheme of a URI."""

    GCS = "gcs"
    CONDA = "conda"
    PIP = "pip"
    UV = "uv"
    HTTP = "http"
    HTTPS = "https"
    S3 = "s3"
    GS = "gs"
    AZURE = "azure"
    ABFSS = "abfss"
    FILE = "file"
    LOCAL = "local"

    @classmethod
    def remote_protocols(cls) -> list[Protocol]:
        """Return those of places outside the cluster."""
        return [cls(name) for name in _REMOTE]


def is_path(path_or_uri: str) -> bool:
    """Return whether this is a path of this machine and no URI."""
    if not isinstance(path_or_uri, str):
        raise TypeError(f"path_or_uri must be a string, got {type(path_or_uri)}.")
    return not urlparse(path_or_uri).scheme


def parse_path(pkg_path: str) -> None:
    """Check that a path is there.

    Raises:
        ValueError: it is not.
    """
    if not os.path.exists(pkg_path):
        raise ValueError(f"{pkg_path} is not a valid path.")


def parse_uri(pkg_uri: str) -> tuple[Protocol, str]:
    """Return the protocol of a URI, and the name of the package's file.

    Raises:
        ValueError: it is a path, its protocol is unknown, or it is a `local://` URI that does not
            name a folder by its absolute path.
    """
    if is_path(pkg_uri):
        raise ValueError(f"Expected URI but received path {pkg_uri}")
    uri = urlparse(pkg_uri)
    try:
        protocol = Protocol(uri.scheme)
    except ValueError:
        raise ValueError(
            f'Invalid protocol for runtime_env URI "{pkg_uri}". Supported protocols: '
            f"{[each.name for each in Protocol]}."
        ) from None
    if protocol is Protocol.LOCAL:
        return protocol, _local_folder(pkg_uri)
    if protocol not in Protocol.remote_protocols():
        return protocol, uri.netloc
    if uri.path.endswith(".whl"):
        return protocol, uri.path.rsplit("/", 1)[-1]
    found = re.search(r"(\.tar)?\.\w+$", uri.netloc + uri.path)
    digest = hashlib.sha1(pkg_uri.encode(), usedforsecurity=False).hexdigest()
    return protocol, f"{protocol.value}_{digest}{found[0] if found else ''}"


def _local_folder(uri: str) -> str:
    path = uri[len("local://") :] if uri.lower().startswith("local://") else ""
    if not path.startswith("/"):
        raise ValueError(
            f'Invalid "local://" runtime_env URI "{uri}": the path must be absolute. Write '
            "local:///path/on/every/node."
        )
    if path.endswith(EXTENSIONS["py_modules"]):
        raise ValueError(
            f'Invalid "local://" runtime_env URI "{uri}": the path must be a directory, which is '
            "used where it is; an archive is never unpacked."
        )
    return path


def check_extension(path: str, field: str, shown: str) -> None:
    """Check that a package is of a kind that a field can use.

    Raises:
        ValueError: it is not.
    """
    if not path.endswith(EXTENSIONS[field]):
        raise ValueError(
            f"Only {', '.join(EXTENSIONS[field])} files are supported for {field} URIs; got "
            f"{shown}."
        )


def check_uri(uri: str, field: str) -> None:
    """Check a URI for a field.

    Raises:
        ValueError: it is none, or of a package that the field cannot use.
    """
    try:
        protocol, path = parse_uri(uri)
    except ValueError:
        if uri.lower().startswith("local:"):
            raise
        raise ValueError(
            f"{uri} is not a valid URI. Passing directories or modules to be dynamically uploaded "
            "is only supported at the job level (i.e., passed to `ray.init`)."
        ) from None
    if protocol is Protocol.GCS or protocol in Protocol.remote_protocols():
        check_extension(path, field, uri.split("?", 1)[0])
