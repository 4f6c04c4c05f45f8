"""`working_dir`: from a folder or archive of the driver's machine to the URI of its package."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ray._private.runtime_env.ignoring import default_excludes
from ray._private.runtime_env.packaging import (
    get_uri_for_directory,
    get_uri_for_package,
    upload_package_if_needed,
    upload_package_to_gcs,
)
from ray._private.runtime_env.protocol import EXTENSIONS, check_uri, is_path
from ray.exceptions import RuntimeEnvSetupError

if TYPE_CHECKING:
    from ray._core.session import Session

default_logger = logging.getLogger("ray")

#: Called with a path, `excludes=` and, for what is a package already, `is_file=True`.
UploadFunction = Callable[..., Any]


def upload_working_dir_if_needed(
    runtime_env: dict[str, Any],
    include_gitignore: bool = True,
    scratch_dir: str | None = None,
    logger: logging.Logger | None = default_logger,
    upload_fn: UploadFunction | None = None,
    store: Session | None = None,
) -> dict[str, Any]:
    """Bring the working directory to the cluster; its URI takes its place.

    Args:
        runtime_env: changed, and returned.
        include_gitignore: whether `.gitignore` files count.
        scratch_dir: without effect: the zip has no name while it is made.
        logger: where large files are told of.
        upload_fn: brings it instead.
        store: the connection to bring it over; None: this process's.

    Raises:
        TypeError: it is neither text nor a path.
        ValueError: it is no folder, no archive and no URI.
        RuntimeEnvSetupError: it cannot be brought there.
    """
    given = runtime_env.get("working_dir")
    if given is None:
        return runtime_env
    if not isinstance(given, (str, Path)):
        raise TypeError(
            f"working_dir must be a string or Path (a local path or a URI), got {type(given)}."
        )
    working_dir = str(given)
    if not is_path(working_dir):
        check_uri(working_dir, "working_dir")
        runtime_env["working_dir"] = working_dir
        return runtime_env
    excludes = default_excludes() + list(runtime_env.get("excludes") or [])
    if os.path.isdir(working_dir):
        uri = get_uri_for_directory(working_dir, include_gitignore, excludes)

        def bring() -> None:
            upload_package_if_needed(
                uri,
                scratch_dir or "",
                working_dir,
                include_gitignore=include_gitignore,
                excludes=excludes,
                logger=logger,
                store=store,
            )
    else:
        package = Path(working_dir)
        if not package.exists() or not package.name.endswith(EXTENSIONS["working_dir"]):
            raise ValueError(
                f"directory {package} must be an existing directory or a supported archive "
                f"({', '.join(EXTENSIONS['working_dir'])})"
            )
        uri = get_uri_for_package(package)

        def bring() -> None:
            upload_package_to_gcs(uri, package.read_bytes(), store)

    if upload_fn is not None:
        is_file = {} if os.path.isdir(working_dir) else {"is_file": True}
        upload_fn(working_dir, excludes=excludes, **is_file)
    else:
        try:
            bring()
        except Exception as error:
            raise RuntimeEnvSetupError(
                f"Failed to upload working_dir {working_dir} to the Ray cluster: {error}"
            ) from error
    runtime_env["working_dir"] = uri
    return runtime_env
