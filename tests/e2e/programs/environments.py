"""Runtime environments on two nodes: brought there, built once, given up, told where they fail."""

from __future__ import annotations

import os
import pathlib
import sys
import zipfile
from typing import Any

import ray
from say import say, trouble

MODE, FOLDER, *NODES = sys.argv[1:]
# Workers see the working directory, and not this file.
ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])


@ray.remote(num_cpus=0)
class Inside:
    """Looks around in a worker."""

    def look(self) -> dict[str, Any]:
        try:
            import piped  # type: ignore[import-not-found]

            version = piped.VERSION
        except ImportError:
            version = None
        return {
            "cwd": os.getcwd(),
            "files": sorted(os.listdir(".")),
            "prefix": sys.prefix,
            "version": version,
            "ip": ray.util.get_node_ip_address(),
        }


def make_wheel(folder: pathlib.Path) -> None:
    """Writes a wheel with one module."""
    info = "piped-1.0.dist-info"
    with zipfile.ZipFile(folder / "piped-1.0-py3-none-any.whl", "w") as made:
        made.writestr("piped.py", "VERSION = '1.0'\n")
        made.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: piped\nVersion: 1.0\n")
        made.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        made.writestr(f"{info}/RECORD", "")


def pip(package: str, *options: str) -> dict[str, Any]:
    return {"packages": [package], "pip_install_options": list(options)}


def on(ip: str, env: dict[str, Any]) -> Any:
    return Inside.options(resources={f"node:{ip}": 0.001}, runtime_env=env)


def shared(folder: pathlib.Path) -> None:
    """Three actors on each node ask for the same at the same time."""
    make_wheel(folder)
    env = {"pip": pip("piped", "--no-index", "--find-links", str(folder))}
    work = folder / "work"
    work.mkdir()
    (work / "data.txt").write_text("x")
    ray.init(runtime_env={"working_dir": str(work)})
    actors = [on(ip, env).remote() for ip in NODES for _ in range(3)]
    say(seen=ray.get([actor.look.remote() for actor in actors]))
    sys.stdin.read()


def failing(folder: pathlib.Path) -> None:
    """What cannot be installed is tried anew for the next who asks."""
    ray.init()
    env = {"pip": pip("nowhere", "--no-index")}
    errors = []
    for _ in range(2):
        try:
            ray.get(on(NODES[0], env).remote().look.remote())
        except ray.exceptions.RuntimeEnvSetupError as error:
            errors.append(trouble(error))
    say(errors=errors, after=ray.get(on(NODES[0], {}).remote().look.remote()))


def endless(_folder: pathlib.Path) -> None:
    """Indexes that never answer: a short patience ends, a long one lasts as long as the driver."""
    variables = {"no_proxy": "127.0.0.1", "NO_PROXY": "127.0.0.1"}
    ray.init(runtime_env={"env_vars": variables})

    def asking(index: str, patience: int) -> Any:
        options = ("--index-url", os.environ[index], "--timeout", "600", "--retries", "0")
        config = {"setup_timeout_seconds": patience}
        return on(NODES[0], {"pip": pip("piped", *options), "config": config}).remote()

    try:
        ray.get(asking("FIRST_INDEX", 1).look.remote())
    except ray.exceptions.RuntimeEnvSetupError as error:
        say(error=trouble(error))
    ray.get(asking("SECOND_INDEX", 600).look.remote())


def profiled(folder: pathlib.Path) -> None:
    """A command that stands before the worker's own, as the profiler does."""
    ray.init()
    variables = {"PATH": f"{folder}:{os.environ['PATH']}", "NSYS_SAID": str(folder / "said")}
    env = {"nsight": {"t": "cuda", "o": "'report'"}, "env_vars": variables}
    actor = on(NODES[0], env).remote()
    ray.get(actor.look.remote())
    say(said=(folder / "said").read_text())
    actor.__ray_terminate__.remote()
    sys.stdin.read()


globals()[MODE](pathlib.Path(FOLDER))
