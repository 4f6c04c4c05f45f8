"""scripts/scan_consumers, on small programs: what it must find, and what must make it fail."""

from __future__ import annotations

import io
import json
import pathlib
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from typing import Any

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCANNER = ROOT / "scripts" / "scan_consumers"


def run(*arguments: str | pathlib.Path) -> tuple[int, str]:
    """Run the scanner; return its exit code and all that it printed."""
    ended = subprocess.run(
        [sys.executable, str(SCANNER), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return ended.returncode, ended.stdout + ended.stderr


def tree(folder: pathlib.Path, **files: str) -> pathlib.Path:
    """Write files, named by words for `a/b.py` written `a__b`."""
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
    return folder


def scan(folder: pathlib.Path, **files: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Scan a tree of these files; return the exit code and the findings by name."""
    code, told = run(tree(folder, **files), "--json")
    return code, {found["name"]: found for found in json.loads(told)[0]["names"]}


def states(found: dict[str, dict[str, Any]]) -> dict[str, str]:
    return {name: one["state"] for name, one in found.items()}


def places(one: dict[str, Any]) -> list[tuple[str, int, str]]:
    return [(place["path"], place["line"], place["how"]) for place in one["places"]]


def test_all_forms_of_imports(tmp_path: pathlib.Path) -> None:
    code, found = scan(
        tmp_path,
        program="""
        import importlib
        import ray.util.queue as q
        import ray as r
        from ray import data, get
        from ray.util import nothing as something
        late = importlib.import_module("ray.util.state")

        q.Queue().get_nowait()
        r.wait([])
        late.list_nodes()
        late.list_moons()
        """,
    )
    assert code == 1
    assert states(found) == {
        "ray": "works",
        "ray.data": "refuses",
        "ray.get": "works",
        "ray.util.nothing": "unknown",
        "ray.util.queue": "works",
        "ray.util.queue.Queue": "works",
        "ray.util.queue.Queue.get_nowait": "works",
        "ray.util.state": "works",
        "ray.util.state.list_moons": "unknown",
        "ray.util.state.list_nodes": "works",
        "ray.wait": "works",
    }
    assert places(found["ray.util.nothing"]) == [("program.py", 6, "runs")]
    assert "install Ray" in found["ray.data"]["note"]


def test_options_wherever_they_are_written(tmp_path: pathlib.Path) -> None:
    code, found = scan(
        tmp_path,
        program="""
        import ray

        ray.init(num_cpus=1, num_moons=2, runtime_env={"env_vars": {}, "moons": 1})

        @ray.remote(num_gpus=0.5, a_b=1)
        class Actor:
            @ray.method(num_returns=2, c_d=1)
            def two(self): ...

        options = dict(lifetime="detached")
        options["e_f"] = 1
        options.update(g_h=1)
        actor = Actor.options(**options, name="x").remote()
        actor.two.options(concurrency_group="io", i_j=1).remote()
        ray.remote(k_l=1)(lambda: 1)

        def place(kind, request):
            kind.options(num_cpus=1, m_n=1).remote()
            request.options(verify=False)
        """,
    )
    assert code == 1
    unknown = {name for name, state in states(found).items() if state == "unknown"}
    assert unknown == {
        "ray.init(num_moons)",
        "runtime_env[moons]",
        "ray.remote(a_b)",
        "ray.method(c_d)",
        "ray.remote(e_f)",
        "ray.remote(g_h)",
        "ray.method(i_j)",
        "ray.remote(k_l)",
        "options(m_n)",
    }
    assert found["ray.remote(e_f)"]["places"][0]["line"] == 12
    known = {"ray.init(num_cpus)", "ray.remote(lifetime)", "ray.remote(name)", "options(num_cpus)"}
    assert known <= set(found)


def test_runtime_environments_by_key(tmp_path: pathlib.Path) -> None:
    _, found = scan(
        tmp_path,
        program="""
        import ray
        from ray.runtime_env import RuntimeEnv

        env = RuntimeEnv(env_vars={}, first=1)
        env["second"] = 1
        more = {"third": 1}
        more["fourth"] = 2
        ray.remote(runtime_env=more)(print)
        """,
    )
    fields = {name: state for name, state in states(found).items() if "[" in name}
    assert fields == {
        "runtime_env[env_vars]": "works",
        "runtime_env[first]": "unknown",
        "runtime_env[second]": "unknown",
        "runtime_env[third]": "unknown",
        "runtime_env[fourth]": "unknown",
    }


def test_members_of_what_is_known_to_be_of_ray(tmp_path: pathlib.Path) -> None:
    _, found = scan(
        tmp_path,
        program="""
        import ray
        from ray.util.placement_group import PlacementGroup, placement_group

        class Engine:
            def use(self, handle: "ray.actor.ActorHandle"):
                self.group.ready().hex()
                self.group.moon()
                handle.anything_of_the_users.remote().moon()
                handle._moon
                handle.__ray_ready__.remote()

            def __init__(self):
                self.group = placement_group([{"CPU": 1}])

        def table(group: PlacementGroup | None):
            return group.bundle_specs, group.id.hex()

        ray.get_runtime_context().get_node_id()
        ray.get_runtime_context().get_moon_id()
        """,
    )
    unknown = {name for name, state in states(found).items() if state == "unknown"}
    assert unknown == {
        "ray.util.placement_group.PlacementGroup.moon",
        "ray.ObjectRef.moon",
        "ray.actor.ActorHandle._moon",
        "ray.runtime_context.RuntimeContext.get_moon_id",
    }
    assert not any("anything" in name for name in found)
    assert "ray.PlacementGroupID.hex" in found


def test_names_that_other_files_hand_on(tmp_path: pathlib.Path) -> None:
    code, found = scan(
        tmp_path,
        package__compat="""
        try:
            import ray
        except ImportError:
            ray = None
        """,
        package__program="""
        from package.compat import ray
        from .compat import ray as again

        ray.moon()
        again.sun()
        """,
        package__ray__here="MOON = 1",
        package__other="""
        from .ray import here   # ray of its own
        from . import ray
        ray.here.MOON
        """,
    )
    assert code == 1
    assert states(found) == {"ray": "works", "ray.moon": "unknown", "ray.sun": "unknown"}
    assert places(found["ray"]) == [("package/compat.py", 3, "guarded")] or places(
        found["ray"]
    ) == [("package/compat.py", 3, "runs")]


def test_what_a_program_lives_without_does_not_fail_it(tmp_path: pathlib.Path) -> None:
    code, found = scan(
        tmp_path,
        program="""
        from __future__ import annotations
        import ray
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from ray.moon import Moon

        def one(value: ray.Sun): ...

        try:
            from ray.stars import Star
        except ImportError:
            Star = None
        try:
            ray.comet()
        except AttributeError:
            pass
        if hasattr(ray, "dust") and getattr(ray, "void", None):
            pass
        """,
    )
    assert code == 0
    hows = {name: places(one)[0][2] for name, one in found.items() if one["state"] == "unknown"}
    assert hows == {
        "ray.moon": "typing",
        "ray.Sun": "typing",
        "ray.stars": "guarded",
        "ray.comet": "guarded",
        "ray.dust": "asked",
        "ray.void": "asked",
    }


@pytest.mark.parametrize(
    "program",
    [
        # The guard is for Ray as a whole: the unknown name would switch all of it off.
        """
        try:
            import ray
            from ray.moon import Moon
        except ImportError:
            ray = None
        """,
        # It is said, and raised again.
        """
        try:
            from ray.moon import Moon
        except ImportError as error:
            raise RuntimeError("install it") from error
        """,
        # A handler for something else.
        """
        import ray
        try:
            ray.moon
        except ImportError:
            pass
        """,
        # A broad handler hides a failure, it does not do without the name.
        """
        import ray
        try:
            ray.moon()
        except Exception:
            print("failed")
        """,
        "import ray\ngetattr(ray, 'moon')\n",
    ],
)
def test_guards_that_are_none(tmp_path: pathlib.Path, program: str) -> None:
    code, found = scan(tmp_path, program=program)
    assert code == 1
    assert any(one["state"] == "unknown" and one["needed"] for one in found.values())


def test_tests_are_told_apart(tmp_path: pathlib.Path) -> None:
    code, found = scan(
        tmp_path,
        program="import ray\nray.get([])\n",
        tests__things="import ray\nray.moon()\n",
        test_more="import ray\nray.moon()\n",
    )
    assert code == 0
    assert all(place["in_tests"] for place in found["ray.moon"]["places"])
    assert not found["ray.moon"]["needed"]


def test_what_hides_the_name_is_not_ray(tmp_path: pathlib.Path) -> None:
    code, found = scan(
        tmp_path,
        program="""
        import ray

        def trace(ray, get):
            return ray.origin, get.moon

        class Scene:
            ray = 1
            def wait(self):
                return ray.wait([])
        """,
    )
    assert code == 0
    assert states(found) == {"ray": "works", "ray.wait": "works"}


def test_archives_and_single_files(tmp_path: pathlib.Path) -> None:
    text = "import ray\nray.moon()\n"
    wheel = tmp_path / "program-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("program/a.py", text)
    sdist = tmp_path / "program-1.0.tar.gz"
    with tarfile.open(sdist, "w:gz") as archive:
        member = tarfile.TarInfo("program-1.0/program/a.py")
        member.size = len(text)
        archive.addfile(member, io.BytesIO(text.encode()))
    single = tmp_path / "a.py"
    single.write_text(text)
    code, told = run(wheel, sdist, single)
    assert code == 1
    assert told.count("unknown  ray.moon  program/a.py:2") == 2
    assert told.count("unknown  ray.moon  a.py:2") == 1


def test_what_is_refused_is_told(tmp_path: pathlib.Path) -> None:
    text = "import ray\nray.client()\ntry:\n    import ray.data\nexcept ImportError:\n    pass\n"
    code, told = run(tree(tmp_path, program=text))
    assert code == 0
    assert told.rstrip().endswith("refused where the program uses them: ray.client")


def test_what_cannot_be_read_fails(tmp_path: pathlib.Path) -> None:
    code, told = run(tree(tmp_path, program="import ray\nprint 'ray'\n"))
    assert code == 1
    assert "cannot read program.py" in told


def test_wrong_usage(tmp_path: pathlib.Path) -> None:
    broken = tmp_path / "broken-1.0.whl"
    broken.write_bytes(b"no archive")
    for arguments in (
        [],
        [tmp_path / "nowhere"],
        [broken],
        [tmp_path, "--names", "x"],
        ["--names", tmp_path / "nowhere.json"],
        [tmp_path, "--as", "program-1.0"],
        [tree(tmp_path / "unnamed", a="import ray"), "--write", tmp_path / "names.json"],
    ):
        assert run(*arguments)[0] == 2, arguments
    assert not (tmp_path / "names.json").exists()


def test_names_are_kept_for_later(tmp_path: pathlib.Path) -> None:
    names = tmp_path / "names.json"
    program = tree(tmp_path / "program-1.9", a="import ray\nray.get([])\nray.wait([])\n")
    assert run(program, "--write", names)[0] == 0
    newer = tree(tmp_path / "newer", a="import ray\nray.get([])\nray.put(1)\n")
    assert run(newer, "--write", names, "--as", "program-1.10")[0] == 0
    assert json.loads(names.read_text()) == {
        "program": {
            "versions": ["1.9", "1.10"],
            "names": {
                "ray": "1.9 1.10",
                "ray.get": "1.9 1.10",
                "ray.put": "1.10",
                "ray.wait": "1.9",
            },
        }
    }
    assert run("--names", names)[0] == 0
    content = json.loads(names.read_text())
    content["program"]["names"]["ray.moon"] = "1.10"
    names.write_text(json.dumps(content))
    code, told = run("--names", names)
    assert code == 1
    assert "unknown  ray.moon  program 1.10" in told
