"""Compiles stand-ins for shared libraries that a folder's libraries link and the machine lacks.

The torch wheel of the package registry links NVIDIA's libraries. On a machine without a GPU none
of their functions is ever called for its work, but the loader must find every library and every
versioned symbol. For each missing library this collects what is asked of it and compiles a
library that has just that: functions that answer 100, CUDA's "no device".

vLLM's CPU wheel links libnuma besides, which needs no GPU but is not on every machine: its
functions answer -1, "not available", and vLLM goes on without it.

usage: stand_ins.py INTO FOLDER [HAVE]

INTO is where they go, HAVE a folder whose libraries are there too.
"""

from __future__ import annotations

import collections
import ctypes
import importlib.util
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection, GNUVerSymSection

#: Names of CUDA's functions that carry no version.
CUDA_NAME = re.compile(r"(nccl|cu|__cuda|nv|cupti)")
#: Functions that answer a text.
TEXT = re.compile(r"(String|StringF|Name)$")


class Wants:
    """What the libraries of a folder ask of libraries that are not there."""

    def __init__(self) -> None:
        self.libraries: set[str] = set()
        #: library → version → functions
        self.versioned: dict[str, dict[str, set[str]]] = collections.defaultdict(
            lambda: collections.defaultdict(set)
        )
        self.unversioned: set[str] = set()

    def read(self, path: pathlib.Path) -> None:
        """Adds what one library asks."""
        with path.open("rb") as stream:
            elf = ELFFile(stream)
            for section in elf.iter_sections():
                if isinstance(section, DynamicSection):
                    self.libraries |= {
                        tag.needed for tag in section.iter_tags() if tag.entry.d_tag == "DT_NEEDED"
                    }
            versions = elf.get_section_by_name(".gnu.version")
            needs = elf.get_section_by_name(".gnu.version_r")
            symbols = elf.get_section_by_name(".dynsym")
            origin: dict[int, tuple[str, str]] = {}
            if isinstance(needs, GNUVerNeedSection):
                for library, wanted in needs.iter_versions():
                    for version in wanted:
                        origin[version["vna_other"]] = (library.name, version.name)
            for number, symbol in enumerate(symbols.iter_symbols() if symbols else ()):
                if symbol["st_shndx"] != "SHN_UNDEF" or not symbol.name:
                    continue
                index = 0
                if isinstance(versions, GNUVerSymSection):
                    entry = versions.get_symbol(number)["ndx"]
                    index = entry if isinstance(entry, int) else 0
                if index in origin:
                    library_name, version_name = origin[index]
                    self.versioned[library_name][version_name].add(symbol.name)
                elif CUDA_NAME.match(symbol.name):
                    self.unversioned.add(symbol.name)


def compiler() -> list[str]:
    """The machine's C compiler, else the one of the package registry."""
    found = shutil.which("cc")
    if found:
        return [found]
    if importlib.util.find_spec("ziglang"):
        return [sys.executable, "-m", "ziglang", "cc"]
    sys.exit("Cannot compile stand-ins: there is no `cc`, and the package ziglang is not installed")


def source(functions: set[str]) -> str:
    """C code that defines `functions`."""
    return "".join(
        f'const char *{name}(void) {{ return "no CUDA here"; }}\n'
        if TEXT.search(name)
        else f"long {name}(void) {{ return {-1 if name.startswith('numa_') else 100}; }}\n"
        for name in sorted(functions)
    )


def libraries(folder: pathlib.Path) -> set[str]:
    """Names of the shared libraries in `folder`."""
    return {path.name for path in folder.iterdir() if ".so" in path.name}


def on_machine(name: str) -> bool:
    """Whether the loader finds a library of this name."""
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True


def main(into: pathlib.Path, folder: pathlib.Path, have: pathlib.Path) -> None:
    """Fills `into` with the stand-ins that the libraries of `folder` miss."""
    into.mkdir(exist_ok=True)
    wants = Wants()
    for name in sorted(libraries(folder)):
        wants.read(folder / name)
    there = libraries(folder) | libraries(have)
    missing = sorted(name for name in wants.libraries - there if not on_machine(name))
    # A name without a version may come from any library; one home for all of them is enough.
    home = next((name for name in missing if name.startswith("libcudart")), None)
    known = {n for byname in wants.versioned.values() for names in byname.values() for n in names}
    with tempfile.TemporaryDirectory() as work:
        code, script = pathlib.Path(work, "stand_in.c"), pathlib.Path(work, "versions.map")
        for name in missing:
            versions = wants.versioned.get(name, {})
            functions: set[str] = set().union(*versions.values())
            if name == home:
                functions |= wants.unversioned - known
            code.write_text(source(functions))
            command = [*compiler(), "-shared", "-fPIC", "-w", "-fno-builtin", f"-Wl,-soname,{name}"]
            if versions:
                script.write_text(
                    "".join(
                        f"{version} {{ global: {' '.join(f'{one};' for one in sorted(names))} }};\n"
                        for version, names in sorted(versions.items())
                    )
                )
                command.append(f"-Wl,--version-script={script}")
            subprocess.run([*command, "-o", str(into / name), str(code)], check=True)
            print(f"stand-in for {name}: {len(functions)} functions")


if __name__ == "__main__":
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    arguments = [pathlib.Path(word) for word in sys.argv[1:]]
    main(arguments[0], arguments[1], arguments[-1])
