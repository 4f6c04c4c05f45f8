"""Builds one part of a runtime environment, in a process that does nothing else.

The node daemon starts it as it starts templates. What it prints is the log of the setup; it ends
with code 0 when the part is whole. Its standard input is its lifeline: when that ends, so does it,
with everything it has started.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import traceback
import urllib.request
from collections.abc import Mapping
from typing import Any, NoReturn

from ray._private.runtime_env.unpacking import strip, unpack

from . import virtual_env


def run(order: Mapping[str, Any]) -> NoReturn:
    """Builds what ``order`` says into its `folder`; ends the process.

    Args:
        order: `kind` is `unpack`, `download` or `install`, the rest is that kind's.
    """
    os.setpgid(0, 0)
    threading.Thread(target=_watch, daemon=True).start()
    os.umask(0o077)
    os.makedirs(order["folder"], exist_ok=True)
    code = 1
    try:
        _build(order)
        code = 0
    except subprocess.CalledProcessError as error:
        virtual_env.say(f"The command ended with code {error.returncode}: {' '.join(error.cmd)}")
    except (OSError, ValueError, RuntimeError) as error:
        virtual_env.say(f"{type(error).__name__}: {error}")
    except BaseException:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def _build(order: Mapping[str, Any]) -> None:
    folder, name = order["folder"], order.get("name", "")
    if order["kind"] == "unpack":
        _unpack(order["package"], folder, name)
    elif order["kind"] == "download":
        _download(order["uri"], folder, name)
    else:
        virtual_env.build(folder, order)


def _unpack(package: str, folder: str, name: str) -> None:
    if not name.endswith(".whl"):
        unpack(package, folder)
        return
    # pip reads a wheel's name; ours has its digest before it.
    wheel = os.path.join(folder, name.rpartition("--")[2])
    shutil.copyfile(package, wheel)
    options = ["--disable-pip-version-check", "--no-cache-dir", "--target", folder]
    virtual_env.run([*virtual_env.pip_of(sys.executable), "install", *options, wheel], folder)
    os.unlink(wheel)


def _download(uri: str, folder: str, name: str) -> None:
    aside = os.path.join(folder, ".download")
    os.mkdir(aside)
    package = os.path.join(aside, name)
    virtual_env.say(f"Fetching {uri.partition('?')[0]}")
    with urllib.request.urlopen(uri, timeout=60) as source, open(package, "wb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    _unpack(package, folder, name)
    shutil.rmtree(aside)
    if not name.endswith(".whl"):
        strip(folder)


def _watch() -> None:
    try:
        while os.read(0, 4096):
            pass
    except OSError:
        pass
    os.killpg(0, signal.SIGKILL)
