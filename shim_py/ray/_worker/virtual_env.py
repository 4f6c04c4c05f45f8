"""Virtual environments for `pip` and `uv` of a runtime environment.

Such an environment sees what the interpreter it is made for sees, in the same order, behind what is
installed into it: packages of the node count, and what is asked for in another version wins.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import site
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from typing import Any

#: Ray's name; `requirements` may refer to what lies in the working directory by it.
WORKING_DIR_VARIABLE = "RAY_RUNTIME_ENV_CREATE_WORKING_DIR"
_PIP_OPTIONS = ["--disable-pip-version-check", "--no-cache-dir"]
_UV_OPTIONS = ["--no-cache"]


def build(folder: str, spec: Mapping[str, Any]) -> None:
    """Makes the environment `<folder>/virtualenv` and installs what ``spec`` lists.

    Args:
        folder: an empty folder.
        spec: `installer` ("pip" or "uv"), `packages`, and where they were given `options`,
            `check` and `version`.

    Raises:
        subprocess.CalledProcessError: a command failed; its output has been printed.
        RuntimeError: there is no such installer, or it installed another version of Ray.
    """
    place = os.path.join(folder, "virtualenv")
    _create(place)
    python = os.path.join(place, "bin", "python")
    requirements = os.path.join(folder, "requirements.txt")
    packages = [str(each) for each in spec["packages"]]
    with open(requirements, "w", encoding="utf-8") as file:
        # pip expands ${NAME} in a file by itself, uv does not.
        expanded = packages if spec["installer"] == "pip" else [_expand(each) for each in packages]
        file.writelines(f"{line}\n" for line in expanded)
    if spec["installer"] == "pip":
        _pip(python, requirements, spec, folder)
    else:
        _uv(python, requirements, spec, folder)
    _check_ray(place)


def _create(place: str) -> None:
    """An environment that sees what this interpreter sees."""
    inside = sys.prefix != sys.base_prefix
    venv.EnvBuilder(
        system_site_packages=not inside or _sees_system(sys.prefix), with_pip=False, symlinks=True
    ).create(place)
    if not inside:
        return
    # A virtual environment's own packages are nobody's system packages.
    version = f"python{sys.version_info[0]}.{sys.version_info[1]}"
    packages = os.path.join(place, "lib", version, "site-packages")
    with open(os.path.join(packages, "_beam_inherited.pth"), "w", encoding="utf-8") as file:
        for folder in site.getsitepackages([sys.prefix]):
            file.write(f"import site; site.addsitedir({folder!r})\n")


def _sees_system(prefix: str) -> bool:
    try:
        with open(os.path.join(prefix, "pyvenv.cfg"), encoding="utf-8") as file:
            text = file.read()
    except OSError:
        return False
    return re.search(r"(?mi)^include-system-site-packages\s*=\s*true", text) is not None


def _pip(python: str, requirements: str, spec: Mapping[str, Any], cwd: str) -> None:
    pip = pip_of(python)
    if spec.get("version"):
        run([*pip, "install", "--disable-pip-version-check", f"pip{spec['version']}"], cwd)
        pip = [python, "-m", "pip"]
    options = spec.get("options")
    run(
        [*pip, "install", "-r", requirements, *(_PIP_OPTIONS if options is None else options)],
        cwd,
    )
    if spec.get("check"):
        run([*pip, "check", "--disable-pip-version-check"], cwd)


def pip_of(python: str) -> list[str]:
    """The command that installs for ``python``, which sees what this interpreter sees.

    Raises:
        RuntimeError: there is no pip, and none to take instead.
    """
    if importlib.util.find_spec("pip") is not None:
        return [python, "-m", "pip"]
    found = importlib.util.find_spec("ensurepip")
    if found is not None and found.origin is not None:
        # The one that interpreters carry to install it from runs as it is.
        bundled = os.path.join(os.path.dirname(found.origin), "_bundled")
        for name in sorted(os.listdir(bundled)) if os.path.isdir(bundled) else []:
            if re.fullmatch(r"pip-.+\.whl", name):
                return [python, os.path.join(bundled, name, "pip")]
    raise RuntimeError(
        f"Cannot install packages: {sys.executable} has neither pip nor ensurepip. Install "
        "pip there."
    )


def _uv(python: str, requirements: str, spec: Mapping[str, Any], cwd: str) -> None:
    uv = _find_uv(python, spec.get("version"), cwd)
    options = spec.get("options")
    given = _UV_OPTIONS if options is None else [_expand(str(each)) for each in options]
    run([*uv, "pip", "install", "--python", python, "-r", requirements, *given], cwd)
    if spec.get("check"):
        run([*uv, "pip", "check", "--python", python], cwd)


def _find_uv(python: str, version: str | None, cwd: str) -> list[str]:
    if version is None:
        if importlib.util.find_spec("uv") is not None:
            return [python, "-m", "uv"]
        found = shutil.which("uv")
        if found is not None:
            return [found]
    run([*pip_of(python), "install", *_PIP_OPTIONS, f"uv{version or ''}"], cwd)
    return [python, "-m", "uv"]


def _expand(text: str) -> str:
    return re.sub(r"\$\{(\w+)\}", lambda found: os.environ.get(found[1], found[0]), text)


def _check_ray(place: str) -> None:
    """A program that asks for another Ray would get this one all the same: say so instead."""
    import ray

    for folder in site.getsitepackages([place]):
        for name in os.listdir(folder) if os.path.isdir(folder) else []:
            found = re.fullmatch(r"ray-(.+)\.dist-info", name)
            if found and found[1] != ray.__version__:
                raise RuntimeError(
                    "Changing the ray version is not allowed: \n"
                    f"  current version: {found[1]}, expect version: {ray.__version__}. "
                    "Leave ray out of the packages of the runtime environment."
                )


def say(text: str) -> None:
    """Adds a line to the log of the setup."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def run(command: Sequence[str], cwd: str) -> None:
    """Runs a command in ``cwd``, whose output goes where this process's goes.

    Its temporary files lie there as well, so that they go with the folder when it is killed.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    temporary = os.path.join(cwd, ".temporary")
    os.makedirs(temporary, exist_ok=True)
    say("+ " + " ".join(command))
    environment = {**os.environ, "TMPDIR": temporary}
    subprocess.run(command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, check=True)
    shutil.rmtree(temporary, ignore_errors=True)
