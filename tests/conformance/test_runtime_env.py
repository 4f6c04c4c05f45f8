"""Runtime environments, as Ray's documentation tells of them: of a job, of actors and of tasks."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest
import ray
from ray.exceptions import RuntimeEnvSetupError
from ray.runtime_env import RuntimeEnv, RuntimeEnvConfig

# Workers see the working directory and not the driver's: this module travels with what is in it.
ray.cloudpickle.register_pickle_by_value(sys.modules[__name__])

ON_RAY = os.environ.get("CONFORMANCE") == "ray"
#: Genuine Ray makes environments with it.
HAS_VIRTUALENV = importlib.util.find_spec("virtualenv") is not None
NOWHERE = {"working_dir": "gcs://_ray_pkg_0123456789abcdef.zip"}


def wheel(folder: pathlib.Path, name: str, version: str) -> pathlib.Path:
    """Make a wheel of one module, whose `VERSION` tells which it is."""
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        made.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        made.writestr(
            f"{info}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        made.writestr(f"{info}/RECORD", "")
    return path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Return a folder with a working directory, modules and wheels."""
    root = tmp_path_factory.mktemp("files")
    job = root / "job"
    for folder in ("package", ".git", "data"):
        (job / folder).mkdir(parents=True)
    (job / "of_the_job.py").write_text("WHERE = __file__\n")
    (job / "package" / "__init__.py").write_text("VALUE = 3\n")
    (job / "data" / "kept.txt").write_text("kept")
    (job / "data" / "big.bin").write_text("left out by excludes")
    (job / "secret.env").write_text("left out by .gitignore")
    (job / ".gitignore").write_text("*.env\n")
    (job / ".git" / "config").write_text("left out by itself")
    (job / "run.sh").write_text("#!/bin/sh\nexec " + sys.executable + ' "$@"\n')
    (job / "run.sh").chmod(0o755)
    (root / "folder_module").mkdir()
    (root / "folder_module" / "__init__.py").write_text("NAME = 'folder'\n")
    (root / "file_module.py").write_text("NAME = 'file'\n")
    (root / "other").mkdir()
    (root / "other" / "of_the_actor.py").write_text("VALUE = 5\n")
    wheel(root, "modwheel", "1.0")
    for version in ("1.0", "2.0"):
        wheel(root, "piped", version)
    return root


@pytest.fixture(scope="module", autouse=True)
def cluster(files: pathlib.Path) -> Iterator[None]:
    """Start a cluster for a job with an environment of its own."""
    os.environ.pop("RAY_ADDRESS", None)
    ray.init(
        address="local",
        num_cpus=4,
        include_dashboard=False,
        log_to_driver=False,
        runtime_env={
            "working_dir": str(files / "job"),
            "py_modules": [
                str(files / "folder_module"),
                str(files / "file_module.py"),
                str(files / "modwheel-1.0-py3-none-any.whl"),
            ],
            "excludes": ["data/*.bin"],
            "env_vars": {"OF_THE_JOB": "job", "OVERRIDDEN": "job"},
        },
    )
    yield
    ray.shutdown()


@ray.remote
class Inside:
    """Looks around in a worker."""

    def call(self, function: Any) -> Any:
        """Return what a function returns there."""
        return function()

    def submit(self, function: Any) -> Any:
        """Return what a task that this actor submits returns."""
        return ray.get(ray.remote(num_cpus=0)(function).remote())


def listing() -> list[str]:
    """Return the files below the working directory."""
    return sorted(
        os.path.relpath(os.path.join(folder, name))
        for folder, folders, names in os.walk(".")
        for name in names
        if "__pycache__" not in folder
    )


def test_workers_run_in_a_copy_of_the_working_directory(files: pathlib.Path) -> None:
    actor = Inside.remote()
    place = ray.get(actor.call.remote(os.getcwd))
    assert place not in {str(files / "job"), os.getcwd()}
    found = ray.get(actor.call.remote(listing))
    assert found == [
        ".gitignore",
        "data/kept.txt",
        "of_the_job.py",
        "package/__init__.py",
        "run.sh",
    ]

    def imported() -> Any:
        import of_the_job  # type: ignore[import-not-found]
        import package  # type: ignore[import-not-found]

        return os.path.dirname(of_the_job.WHERE), package.VALUE

    assert ray.get(ray.remote(imported).remote()) == (place, 3)
    assert ray.get(actor.call.remote(lambda: os.access("run.sh", os.X_OK)))


def test_modules_can_be_imported_from_folder_file_and_wheel() -> None:
    def imported() -> list[str]:
        import file_module  # type: ignore[import-not-found]
        import folder_module  # type: ignore[import-not-found]
        import modwheel  # type: ignore[import-not-found]

        return [folder_module.NAME, file_module.NAME, modwheel.VERSION]

    assert ray.get(ray.remote(imported).remote()) == ["folder", "file", "1.0"]


def test_the_context_tells_of_uris_and_has_no_excludes() -> None:
    env = ray.get_runtime_context().runtime_env
    assert env["working_dir"].startswith("gcs://_ray_pkg_")
    assert env["working_dir"].endswith(".zip")
    assert len(env["py_modules"]) == 3
    assert "excludes" not in env
    of_worker = ray.get(ray.remote(lambda: dict(ray.get_runtime_context().runtime_env)).remote())
    assert of_worker["working_dir"] == env["working_dir"]


def test_an_actors_fields_take_the_place_of_the_jobs_and_variables_are_merged(
    files: pathlib.Path,
) -> None:
    env = {
        "working_dir": f"local://{files / 'other'}",
        "env_vars": {"OVERRIDDEN": "actor", "OF_THE_ACTOR": "actor"},
    }

    def seen() -> Any:
        import folder_module
        import of_the_actor  # type: ignore[import-not-found]

        names = ("OF_THE_JOB", "OVERRIDDEN", "OF_THE_ACTOR")
        return (
            of_the_actor.VALUE,
            folder_module.NAME,
            [os.environ.get(name) for name in names],
            os.getcwd(),
        )

    expected = (5, "folder", ["job", "actor", "actor"], str(files / "other"))
    actor = Inside.options(runtime_env=env).remote()
    assert ray.get(actor.call.remote(seen)) == expected
    assert ray.get(actor.submit.remote(seen)) == expected
    assert ray.get(ray.remote(runtime_env=RuntimeEnv(**env))(seen).remote()) == expected


def test_a_package_that_the_cluster_has_serves_an_actor_by_its_uri() -> None:
    uri = ray.get_runtime_context().runtime_env["working_dir"]
    actor = Inside.options(runtime_env={"py_modules": [uri]}).remote()

    def imported() -> int:
        import package

        return int(package.VALUE)

    assert ray.get(actor.call.remote(imported)) == 3


def test_folders_of_this_machine_are_for_the_job_only(files: pathlib.Path) -> None:
    for env in ({"working_dir": str(files / "other")}, {"py_modules": [str(files / "other")]}):
        with pytest.raises(ValueError, match="only supported at the job level"):
            Inside.options(runtime_env=env)
        with pytest.raises(ValueError, match="only supported at the job level"):
            ray.remote(runtime_env=env)(listing)
    with pytest.raises(ValueError, match="not a valid path"):
        Inside.options(runtime_env={"working_dir": str(files / "nowhere")})


@pytest.mark.parametrize(
    ("env", "error"),
    [
        ({"env_vars": {"A": 1}}, TypeError),
        ({"env_vars": {1: "A"}}, TypeError),
        ({"working_dir": 3}, TypeError),
        ({"py_modules": "x"}, TypeError),
        ({"py_modules": [3]}, TypeError),
        ({"excludes": "x"}, TypeError),
        ({"pip": 3}, TypeError),
        ({"pip": "no-such-file.txt"}, ValueError),
        ({"pip": {"pip_check": True}}, ValueError),
        ({"pip": {"packages": ["a"], "other": 1}}, ValueError),
        ({"pip": {"packages": ["a"], "pip_check": "x"}}, TypeError),
        ({"pip": {"packages": ["a"], "pip_version": 3}}, TypeError),
        ({"uv": {"packages": ["a"], "uv_check": "x"}}, TypeError),
        ({"uv": {"packages": [1]}}, TypeError),
        ({"pip": ["a"], "uv": ["a"]}, ValueError),
        ({"pip": ["a"], "conda": "a"}, ValueError),
        ({"working_dir": "gcs://x.txt"}, ValueError),
        ({"working_dir": "local://relative"}, ValueError),
        ({"config": {"setup_timeout_seconds": 0}}, ValueError),
        ({"config": {"setup_timeout_seconds": "1"}}, TypeError),
        ({"config": 3}, TypeError),
    ],
    ids=str,
)
def test_wrong_fields_are_refused(env: dict[str, Any], error: type) -> None:
    with pytest.raises(error):
        RuntimeEnv(**env)


def test_the_class_holds_what_it_was_given(tmp_path: pathlib.Path) -> None:
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("one\ntwo==2\none\n")
    env = RuntimeEnv(pip=str(requirements), config={"setup_timeout_seconds": 5})
    assert env["pip"] == {"packages": ["one", "two==2"], "pip_check": False}
    assert env.has_pip()
    assert not env.has_uv()
    assert env.pip_config()["packages"] == ["one", "two==2"]
    assert env["config"] == RuntimeEnvConfig(setup_timeout_seconds=5)
    assert str(env.pip_uri()).startswith("pip://")
    assert RuntimeEnv.deserialize(env.serialize()).to_dict() == env.to_dict()
    uv = RuntimeEnv(uv=["a", "a"])
    assert uv["uv"]["packages"] == ["a"]
    assert uv["uv"]["uv_check"] is False
    assert RuntimeEnv(pip=[]) == {}
    assert RuntimeEnv(env_vars={}) == {}
    assert RuntimeEnv(nsight="default").nsight() == "default"
    assert RuntimeEnvConfig().to_dict() == {
        "setup_timeout_seconds": 600,
        "eager_install": True,
        "log_files": [],
    }


def test_what_cannot_be_set_up_is_told_and_the_next_worker_starts() -> None:
    task = ray.remote(max_retries=0)(listing)
    with pytest.raises(RuntimeEnvSetupError, match="_ray_pkg_0123456789abcdef"):
        ray.get(task.options(runtime_env=NOWHERE).remote(), timeout=60)
    actor = Inside.options(runtime_env=NOWHERE).remote()
    with pytest.raises(RuntimeEnvSetupError, match="Failed to set up runtime environment"):
        ray.get(actor.call.remote(os.getpid), timeout=60)
    assert ray.get(Inside.remote().call.remote(os.getpid), timeout=60) > 0


def test_an_absent_profiler_is_a_failed_setup() -> None:
    env = {"nsight": "default", "env_vars": {"PATH": "/nowhere"}}
    with pytest.raises(RuntimeEnvSetupError, match="nsight is not installed"):
        ray.get(Inside.options(runtime_env=env).remote().call.remote(os.getpid), timeout=60)


def test_another_command_runs_workers() -> None:
    env = {"py_executable": f"{sys.executable} -O"}
    actor = Inside.options(runtime_env=env).remote()

    def optimized() -> Any:
        import of_the_job

        return sys.flags.optimize, bool(of_the_job.WHERE)

    assert ray.get(actor.call.remote(optimized)) == (1, True)
    scripted = Inside.options(runtime_env={"py_executable": "./run.sh"}).remote()
    assert ray.get(scripted.call.remote(lambda: sys.flags.optimize)) == 0


@pytest.mark.skipif(
    ON_RAY and not (HAS_VIRTUALENV and ray.__file__.startswith(sys.prefix)),
    reason="genuine Ray needs virtualenv for it, and to be among the interpreter's own packages",
)
def test_packages_are_installed_for_whom_they_are_asked(files: pathlib.Path) -> None:
    def version() -> Any:
        import piped  # type: ignore[import-not-found]

        return piped.VERSION, sys.prefix

    options = ["--no-index", "--find-links", str(files), "--disable-pip-version-check"]

    def env(requirement: str) -> dict[str, Any]:
        return {"pip": {"packages": [requirement], "pip_install_options": options}}

    one = Inside.options(runtime_env=env("piped==1.0")).remote()
    two = Inside.options(runtime_env=env("piped==2.0")).remote()
    again = ray.remote(runtime_env=env("piped==1.0"))(version)
    (first, place), (second, _), (third, same) = ray.get(
        [one.call.remote(version), two.call.remote(version), again.remote()], timeout=300
    )
    assert (first, second, third) == ("1.0", "2.0", "1.0")
    assert place == same != sys.prefix
    with pytest.raises(ModuleNotFoundError):
        ray.get(Inside.remote().call.remote(version))
    with pytest.raises(RuntimeEnvSetupError, match="No matching distribution found for nowhere"):
        ray.get(
            Inside.options(runtime_env=env("nowhere==1")).remote().call.remote(version), timeout=300
        )
