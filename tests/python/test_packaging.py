"""Packages of runtime environments: what belongs in them, their names, and unpacking them."""

from __future__ import annotations

import io
import os
import pathlib
import sys
import tarfile
import zipfile
from typing import Any

import pytest
from ray._private.runtime_env import packaging, unpacking, working_dir
from ray._private.runtime_env.ignoring import Ignoring, files_of
from ray._private.runtime_env.protocol import Protocol, parse_uri
from ray._private.runtime_env.py_modules import upload_py_modules_if_needed
from ray.exceptions import RuntimeEnvSetupError
from ray.runtime_env import _submission


@pytest.mark.parametrize(
    ("pattern", "ignored", "kept"),
    [
        ("*.pyc", ["a.pyc", "a/b.pyc", "x.pyc/y"], ["a.py", "pyc"]),
        ("/a", ["a", "a/x"], ["b/a"]),
        ("a/b", ["a/b", "a/b/c"], ["x/a/b", "b"]),
        ("build/", ["build/", "x/build/", "x/build/y"], ["build"]),
        ("a/**/b", ["a/b", "a/x/b", "a/x/y/b/z"], ["b", "a/x"]),
        ("**/foo", ["foo", "a/foo", "a/b/foo/c"], ["afoo"]),
        ("a/**", ["a/x", "a/x/y"], ["a", "b/a/x"]),
        ("[ab]?.txt", ["a1.txt", "b2.txt"], ["c1.txt", "a/.txt", "a.txt"]),
        ("[!a].txt", ["b.txt"], ["a.txt"]),
        ("\\#x", ["#x"], ["x"]),
        ("# a comment", [], ["# a comment", "a"]),
        ("", [], ["a"]),
        ("trailing ", ["trailing"], ["trailing "]),
        ("a.b+c", ["a.b+c"], ["axb+c", "a.bbc"]),
    ],
)
def test_patterns_are_those_of_gitignore(pattern: str, ignored: list[str], kept: list[str]) -> None:
    rules = Ignoring([pattern])
    for path in ignored:
        assert rules.ignores(path.rstrip("/"), path.endswith("/")), path
    for path in kept:
        assert not rules.ignores(path, False), path


def test_the_last_rule_that_fits_decides() -> None:
    rules = Ignoring(["*.log", "!keep.log", "/keep.log/"])
    assert rules.ignores("a.log", False)
    assert not rules.ignores("keep.log", False)
    assert rules.ignores("keep.log", True)


@pytest.fixture
def tree(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return a folder with files to keep and to leave out."""
    root = tmp_path / "tree"
    (root / "sub" / "deep").mkdir(parents=True)
    (root / "empty").mkdir()
    for name in ("a.py", "b.log", "sub/c.py", "sub/d.tmp", "sub/deep/e.tmp", "sub/f.ray"):
        (root / name).write_text(name)
    (root / ".gitignore").write_text("*.log\n")
    (root / "sub" / ".gitignore").write_text("/*.tmp\n")
    (root / ".rayignore").write_text("*.ray\n")
    return root


def test_files_are_left_out_by_every_file_above_them(tree: pathlib.Path) -> None:
    both = [".gitignore", ".rayignore", "a.py", "empty", "sub", "sub/.gitignore", "sub/c.py"]
    assert list(files_of(str(tree), [], True)) == [*both, "sub/deep", "sub/deep/e.tmp"]
    assert list(files_of(str(tree), ["deep/", "/a.py"], True)) == [
        each for each in both if each != "a.py"
    ]
    without = list(files_of(str(tree), [], False))
    assert "b.log" in without
    assert "sub/f.ray" not in without


def test_a_link_to_above_ends_nowhere(tree: pathlib.Path) -> None:
    before = list(files_of(str(tree), [], True))
    (tree / "sub" / "loop").symlink_to(tree)
    assert list(files_of(str(tree), [], True)) == before


def test_a_name_changes_with_what_is_in_the_package_alone(tree: pathlib.Path) -> None:
    name = packaging.get_uri_for_directory(str(tree), True)
    assert packaging.is_zip_uri(name)
    os.utime(tree / "a.py", (1, 1))
    (tree / "b.log").write_text("ignored")
    assert packaging.get_uri_for_directory(str(tree), True) == name
    (tree / "a.py").chmod(0o755)
    executable = packaging.get_uri_for_directory(str(tree), True)
    (tree / "a.py").rename(tree / "z.py")
    names = {name, executable, packaging.get_uri_for_directory(str(tree), True)}
    (tree / "z.py").write_text("changed")
    names.add(packaging.get_uri_for_directory(str(tree), True))
    (tree / "sub" / "more").mkdir()
    names.add(packaging.get_uri_for_directory(str(tree), True))
    assert len(names) == 5
    with pytest.raises(ValueError, match="must be an existing directory"):
        packaging.get_uri_for_directory(str(tree / "z.py"), True)


def test_a_package_is_unpacked_as_it_was(tree: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tree / "a.py").chmod(0o755)
    package, target = tmp_path / "p.zip", tmp_path / "out"
    packaging.create_package(str(tree), package, True)
    packaging.unzip_package(str(package), str(target), False, True)
    assert not package.exists()
    assert (target / "sub" / "deep" / "e.tmp").read_text() == "sub/deep/e.tmp"
    assert (target / "empty").is_dir()
    assert not (target / "b.log").exists()
    assert os.access(target / "a.py", os.X_OK)
    packaging.create_package(str(tree), package, True, include_parent_dir=True)
    packaging.unzip_package(str(package), str(tmp_path / "in"), False, False)
    assert (tmp_path / "in" / "tree" / "a.py").exists()
    packaging.unzip_package(str(package), str(tmp_path / "bare"), True, False)
    assert (tmp_path / "bare" / "a.py").exists()


@pytest.mark.parametrize("name", ["../out.txt", "/tmp/out.txt", "a/../../out.txt", "a\\b"])
def test_no_path_leads_out_of_a_package(name: str, tmp_path: pathlib.Path) -> None:
    package = tmp_path / "p.zip"
    with zipfile.ZipFile(package, "w") as made:
        made.writestr(name, "x")
    with pytest.raises(ValueError, match="leads out"):
        unpacking.unpack(str(package), str(tmp_path / "target"))
    assert not (tmp_path / "out.txt").exists()


def test_links_in_tarballs_are_left_out(tmp_path: pathlib.Path) -> None:
    package = tmp_path / "p.tar.gz"
    with tarfile.open(package, "w:gz") as made:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        made.addfile(link)
        file = tarfile.TarInfo("top/file")
        file.size = 3
        made.addfile(file, io.BytesIO(b"abc"))
    unpacking.unpack(str(package), str(tmp_path / "target"))
    assert sorted(os.listdir(tmp_path / "target")) == ["top"]
    unpacking.strip(str(tmp_path / "target"))
    assert (tmp_path / "target" / "file").read_bytes() == b"abc"
    (tmp_path / "broken.zip").write_text("no zip")
    with pytest.raises(ValueError, match="Cannot unpack"):
        unpacking.unpack(str(tmp_path / "broken.zip"), str(tmp_path / "target"))


def test_uris_name_files() -> None:
    assert parse_uri("gcs://_ray_pkg_1.zip") == (Protocol.GCS, "_ray_pkg_1.zip")
    assert parse_uri("https://host/a/b-1.0-py3-none-any.whl")[1] == "b-1.0-py3-none-any.whl"
    protocol, name = parse_uri("https://host/a/b.tar.gz?token=1")
    assert protocol is Protocol.HTTPS
    assert name.startswith("https_")
    assert name.endswith(".tar.gz")
    for wrong in ("/a/path", "nothing://x.zip", "local://relative", "local:///x.zip"):
        with pytest.raises(ValueError, match=r"URI|Invalid"):
            parse_uri(wrong)


class Node:
    """Takes packages as a daemon does."""

    def __init__(self, refuses: str | None = None) -> None:
        self.packages: dict[str, bytes] = {}
        self.refuses = refuses
        self._part = b""

    def request(self, kind: str, fields: dict[str, Any], body: bytes = b"") -> Any:
        from ray._core.control import Reply
        from ray._core.errors import RequestFailed

        if kind == "package.has":
            return Reply({"present": fields["name"] in self.packages}, b"")
        assert kind == "package.put"
        if self.refuses:
            raise RequestFailed("too_large", self.refuses)
        assert fields["offset"] == (len(self._part) if fields["offset"] else 0)
        self._part = self._part + body if fields["offset"] else body
        if len(self._part) == fields["size"]:
            assert fields["name"] not in self.packages, "sent twice"
            self.packages[fields["name"]] = self._part
        return Reply({}, b"")


def test_a_jobs_folders_are_brought_once(
    tree: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_RUNTIME_ENV_IGNORE_GITIGNORE", raising=False)
    monkeypatch.setattr("ray._core.package_upload._PART", 100)
    node: Any = Node()
    given = {"working_dir": tree, "py_modules": [tree, packaging], "excludes": ["*.py"]}
    env = _submission.bring(node, given)
    assert set(env) == {"working_dir", "py_modules"}
    assert {uri[len("gcs://") :] for uri in (env["working_dir"], *env["py_modules"])} == set(
        node.packages
    )
    assert _submission.bring(node, given) == env
    [zipped] = [data for name, data in node.packages.items() if name in env["working_dir"]]
    with zipfile.ZipFile(io.BytesIO(zipped)) as made:
        assert "sub/deep/e.tmp" in made.namelist()
        assert not {"a.py", "b.log"} & set(made.namelist())
    monkeypatch.setenv("RAY_RUNTIME_ENV_IGNORE_GITIGNORE", "1")
    assert _submission.bring(node, {"working_dir": tree})["working_dir"] != env["working_dir"]
    assert given["working_dir"] == tree


def test_what_cannot_be_brought_is_told(
    tree: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node: Any = Node(refuses="no room")
    with pytest.raises(RuntimeEnvSetupError, match=r"Failed to upload working_dir .*no room"):
        _submission.bring(node, {"working_dir": str(tree)})
    monkeypatch.setattr(packaging, "GCS_STORAGE_MAX_SIZE", 10)
    for given in ({"working_dir": str(tree)}, {"py_modules": [str(tree)]}):
        with pytest.raises(RuntimeEnvSetupError, match="exceeds the maximum size"):
            _submission.bring(Node(), given)  # type: ignore[arg-type]
    for wrong in ({"working_dir": str(tree / "a.py")}, {"py_modules": [str(tree / "b.log")]}):
        with pytest.raises(ValueError, match="must be"):
            _submission.bring(Node(), wrong)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="imported modules"):
        _submission.bring(Node(), {"py_modules": [3]})  # type: ignore[arg-type]


def test_another_function_may_bring_them(tree: pathlib.Path) -> None:
    seen: list[tuple[Any, ...]] = []

    def bring(path: str, excludes: Any = None, is_file: bool = False) -> None:
        seen.append((path, is_file))

    env = {"working_dir": str(tree), "py_modules": [str(tree / "a.py")]}
    working_dir.upload_working_dir_if_needed(env, True, upload_fn=bring)
    upload_py_modules_if_needed(env, True, upload_fn=bring)
    assert seen == [(str(tree), False), (str(tree / "a.py"), False)]
    assert env["working_dir"].startswith("gcs://")


def test_a_submitted_jobs_environment_is_joined_with_ray_inits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = '{"runtime_env": {"working_dir": "gcs://x.zip", "env_vars": {"A": "1"}}}'
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", told)
    joined = _submission.job_environment({"env_vars": {"B": "2"}})
    assert joined == {"working_dir": "gcs://x.zip", "env_vars": {"A": "1", "B": "2"}}
    for same in ({"env_vars": {"A": "2"}}, {"working_dir": "."}):
        with pytest.raises(ValueError, match="conflict"):
            _submission.job_environment(same)
    monkeypatch.setenv("RAY_OVERRIDE_JOB_RUNTIME_ENV", "1")
    assert _submission.job_environment({"working_dir": "."})["working_dir"] == "."


def rewrite(env: dict[str, Any]) -> dict[str, Any]:
    """Stand for a user's hook."""
    return {**env, "env_vars": {"HOOKED": "1"}}


def test_a_hook_rewrites_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RAY_JOB_CONFIG_JSON_ENV_VAR", raising=False)
    monkeypatch.setitem(sys.modules, "a_hook", sys.modules[__name__])
    monkeypatch.setenv("RAY_RUNTIME_ENV_HOOK", "a_hook.rewrite")
    assert _submission.job_environment(None) == {"env_vars": {"HOOKED": "1"}}
    assert _submission.job_environment(None, skip_hook=True) == {}
