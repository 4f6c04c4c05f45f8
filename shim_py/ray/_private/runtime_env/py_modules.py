"""`py_modules`: from folders, files, modules and wheels of the driver's machine to URIs."""

from __future__ import annotations

import logging
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ray._private.runtime_env.packaging import (
    get_uri_for_directory,
    get_uri_for_file,
    get_uri_for_package,
    package_exists,
    upload_package_if_needed,
    upload_package_to_gcs,
)
from ray._private.runtime_env.protocol import EXTENSIONS, check_uri, is_path
from ray._private.runtime_env.working_dir import UploadFunction
from ray.exceptions import RuntimeEnvSetupError

if TYPE_CHECKING:
    from ray._core.session import Session

default_logger = logging.getLogger("ray")


def upload_py_modules_if_needed(
    runtime_env: dict[str, Any],
    include_gitignore: bool = True,
    scratch_dir: str | None = None,
    logger: logging.Logger | None = default_logger,
    upload_fn: UploadFunction | None = None,
    store: Session | None = None,
) -> dict[str, Any]:
    """Bring the modules to the cluster; their URIs take their places.

    Args:
        runtime_env: changed, and returned.
        include_gitignore: whether `.gitignore` files count.
        scratch_dir: without effect: the zips have no name while they are made.
        logger: where large files are told of.
        upload_fn: brings each of them instead.
        store: the connection to bring them over; None: this process's.

    Raises:
        TypeError: it is no list, or an entry is neither text, path nor module.
        ValueError: an entry is nothing that can be brought there.
        RuntimeEnvSetupError: an entry cannot be brought there.
    """
    modules = runtime_env.get("py_modules")
    if modules is None:
        return runtime_env
    if not isinstance(modules, list):
        raise TypeError(
            "py_modules must be a List of local paths, imported modules, or URIs, got "
            f"{type(modules)}."
        )
    excludes = runtime_env.get("excludes")
    uris = []
    for module in modules:
        path = _path_of(module)
        if is_path(path):
            uris.append(_bring(path, excludes, include_gitignore, logger, upload_fn, store))
        else:
            check_uri(path, "py_modules")
            uris.append(path)
    runtime_env["py_modules"] = uris
    return runtime_env


def _path_of(module: Any) -> str:
    if isinstance(module, (str, Path)):
        return str(module)
    if not isinstance(module, ModuleType):
        raise TypeError(
            "py_modules must be a list of file paths, URIs, or imported modules, got "
            f"{type(module)}."
        )
    places = list(getattr(module, "__path__", None) or [module.__file__])
    if len(places) > 1 or places[0] is None:
        raise ValueError(
            "py_modules only supports modules whose __path__ has length 1 or those who are "
            "single-file."
        )
    return str(places[0])


def _bring(
    path: str,
    excludes: list[str] | None,
    include_gitignore: bool,
    logger: logging.Logger | None,
    upload_fn: UploadFunction | None,
    store: Session | None,
) -> str:
    place = Path(path)
    packed = not place.is_dir() and path.endswith(EXTENSIONS["py_modules"])
    if place.is_dir():
        uri = get_uri_for_directory(path, include_gitignore, excludes, True)
    elif place.suffix == ".py":
        uri = get_uri_for_file(path)
    elif packed and place.is_file():
        uri = get_uri_for_package(place)
    else:
        raise ValueError(
            "py_modules entry must be a .py file, a directory, or a .whl file; got " + path
        )
    if upload_fn is not None:
        if packed:
            upload_fn(path, excludes=None, is_file=True)
        else:
            upload_fn(path, excludes=excludes)
        return uri
    try:
        if not packed:
            upload_package_if_needed(
                uri,
                "",
                path,
                include_gitignore=include_gitignore,
                include_parent_dir=place.is_dir(),
                excludes=excludes,
                logger=logger,
                store=store,
            )
        elif not package_exists(uri, store):
            upload_package_to_gcs(uri, place.read_bytes(), store)
    except Exception as error:
        raise RuntimeEnvSetupError(
            f"Failed to upload module {path} to the Ray cluster: {error}"
        ) from error
    return uri
