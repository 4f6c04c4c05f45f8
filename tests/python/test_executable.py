"""Where the package looks for beam's executable, and what it says where there is none."""

from __future__ import annotations

import pathlib

import pytest
from ray._core import executable, launch
from ray._mixture import refuse_mixture
from ray.scripts import scripts


@pytest.fixture
def machine(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A machine without beam: nothing named, nothing on PATH; tests put the package somewhere."""
    monkeypatch.delenv("BEAM_BIN", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path / "path"))
    return tmp_path


@pytest.fixture
def package(machine: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """The folder that holds the package."""
    folder = machine / "opt" / "beam" / "python"
    monkeypatch.setattr(executable, "__file__", str(folder / "ray" / "_core" / "executable.py"))
    return folder


def program(path: pathlib.Path) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("#!/bin/sh\n")
    path.chmod(0o755)
    return str(path)


def test_the_one_beside_the_package_comes_first(
    machine: pathlib.Path, package: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(machine / "path" / "beam")
    monkeypatch.setenv("BEAM_BIN", program(machine / "named" / "beam"))
    launcher = program(package.parent.parent / "bin" / "beam")
    assert executable.find_executable() == launcher
    mounted = program(package.parent / "bin" / "beam")
    assert executable.find_executable() == mounted


def test_beam_bin_comes_before_path(
    machine: pathlib.Path, package: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on_path = program(machine / "path" / "beam")
    assert executable.find_executable() == on_path
    named = program(machine / "named" / "other-beam")
    monkeypatch.setenv("BEAM_BIN", named)
    assert executable.find_executable() == named


def test_a_folder_or_a_plain_file_is_no_executable(
    machine: pathlib.Path, package: pathlib.Path
) -> None:
    (package.parent / "bin" / "beam").mkdir(parents=True)
    plain = package.parent.parent / "bin" / "beam"
    plain.parent.mkdir()
    plain.write_text("text")
    on_path = program(machine / "path" / "beam")
    assert executable.find_executable() == on_path


def test_the_installers_record_tells_where_the_wheel_put_it(package: pathlib.Path) -> None:
    record = package / "beam_ray-0.1.0.dist-info" / "RECORD"
    record.parent.mkdir(parents=True)
    (record.parent / "METADATA").write_text("Name: beam-ray\nVersion: 0.1.0\n")
    record.write_text("ray/__init__.py,,\n../../../scripts/bin/beam,,\n")
    # Where the record is wrong, as after `pip install --target`, it lies inside.
    inside = program(package / "bin" / "beam")
    assert executable.find_executable() == inside
    recorded = program(package.parents[2] / "scripts" / "bin" / "beam")
    assert pathlib.Path(executable.find_executable()).resolve() == pathlib.Path(recorded)


def test_a_beam_bin_that_does_not_run_is_an_error(
    machine: pathlib.Path, package: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(machine / "path" / "beam")
    monkeypatch.setenv("BEAM_BIN", "/nowhere/beam")
    with pytest.raises(executable.ExecutableMissing, match="BEAM_BIN is /nowhere/beam"):
        executable.find_executable()


def test_without_any_the_words_say_what_to_do(package: pathlib.Path) -> None:
    with pytest.raises(SystemExit) as said:
        scripts.find_beam()
    what, mend = str(said.value).splitlines()
    assert what.startswith("ray: Cannot run: beam's executable is neither beside the package")
    assert mend == "ray: Set BEAM_BIN to its path, or put it on PATH."
    with pytest.raises(ConnectionError, match=r"Cannot start a local cluster: .* Set BEAM_BIN"):
        launch.beam_command()


def test_a_folder_of_two_packages_is_refused(tmp_path: pathlib.Path) -> None:
    refuse_mixture(str(tmp_path))
    (tmp_path / "_raylet.so").touch()
    with pytest.raises(ImportError, match="pip uninstall -y beam-ray && pip uninstall -y ray"):
        refuse_mixture(str(tmp_path))
