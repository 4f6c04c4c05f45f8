"""Which files stay out of a package: patterns as in `.gitignore`, from files and `excludes`."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

#: Left out of working directories; RAY_OVERRIDE_RUNTIME_ENV_DEFAULT_EXCLUDES says something else.
DEFAULT_EXCLUDES = ".git,.venv,venv,__pycache__"


class _Rule(NamedTuple):
    pattern: re.Pattern[str]
    negated: bool
    #: It is about what lies in such folders, not about files of the name.
    folders: bool


class Ignoring:
    """The rules of one file or list; the last that fits a path decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._rules = [rule for rule in map(_rule, lines) if rule is not None]

    def ignores(self, path: str, is_folder: bool) -> bool:
        """Return whether a path (relative to where the rules stand) is to stay out."""
        ignored = False
        for rule in self._rules:
            found = rule.pattern.match(path)
            if found and (not rule.folders or is_folder or found.group("below")):
                ignored = not rule.negated
        return ignored


def _rule(line: str) -> _Rule | None:
    text = re.sub(r"(?<!\\) +$", "", line.rstrip("\n\r"))
    if not text or text.startswith("#"):
        return None
    negated = text.startswith("!")
    text = text[1:] if negated else text
    folders = text.endswith("/")
    text = text.rstrip("/")
    anchored = "/" in text
    text = text.lstrip("/")
    if not text:
        return None
    start = "" if anchored else "(?:.*/)?"
    return _Rule(re.compile(f"{start}{_translate(text)}(?P<below>/.*)?$"), negated, folders)


def _translate(glob: str) -> str:
    made, at = [], 0
    while at < len(glob):
        for token, meaning in (("**/", "(?:.*/)?"), ("/**", "/.+"), ("*", "[^/]*"), ("?", "[^/]")):
            whole = token != "/**" or at + len(token) == len(glob)
            first = token != "**/" or at == 0 or glob[at - 1] == "/"
            if glob.startswith(token, at) and whole and first:
                made.append(meaning)
                at += len(token)
                break
        else:
            piece, at = _literal(glob, at)
            made.append(piece)
    return "".join(made)


def _literal(glob: str, at: int) -> tuple[str, int]:
    """One character or set of characters, as a regular expression, and where the next begins."""
    if glob[at] == "\\" and at + 1 < len(glob):
        return re.escape(glob[at + 1]), at + 2
    found = re.compile(r"\[([!^]?)(\]?[^\]]*)\]").match(glob, at)
    if found is None:
        return re.escape(glob[at]), at + 1
    inside = found[2].replace("\\", "\\\\").replace("[", "\\[")
    return f"[{'^' if found[1] else ''}{inside}]", found.end()


def default_excludes() -> list[str]:
    """Return what stays out of working directories without being asked."""
    given = os.environ.get("RAY_OVERRIDE_RUNTIME_ENV_DEFAULT_EXCLUDES", DEFAULT_EXCLUDES)
    return [each.strip() for each in given.split(",") if each.strip()]


def heeds_gitignore() -> bool:
    """Return whether `.gitignore` files count: unless RAY_RUNTIME_ENV_IGNORE_GITIGNORE is "1"."""
    return os.environ.get("RAY_RUNTIME_ENV_IGNORE_GITIGNORE", "0") != "1"


def files_of(folder: str, excludes: Iterable[str], include_gitignore: bool) -> Iterator[str]:
    """Yield what belongs into a package: paths relative to ``folder``, sorted, folders before
    what is in them. Links are followed, but not in a circle.

    Args:
        folder: where the files are.
        excludes: patterns relative to it.
        include_gitignore: whether `.gitignore` files count, beside `.rayignore`.
    """
    names = (".gitignore", ".rayignore") if include_gitignore else (".rayignore",)
    yield from _walk(folder, "", [("", Ignoring(excludes))], names, {os.path.realpath(folder)})


def _walk(
    root: str,
    inside: str,
    rules: list[tuple[str, Ignoring]],
    names: tuple[str, ...],
    above: set[str],
) -> Iterator[str]:
    here = os.path.join(root, inside)
    for name in names:
        path = os.path.join(here, name)
        if os.path.isfile(path):
            with open(path, encoding="utf-8", errors="replace") as file:
                rules = [*rules, (f"{inside}/" if inside else "", Ignoring(file))]
    for name in sorted(os.listdir(here)):
        path = f"{inside}/{name}" if inside else name
        full = os.path.join(here, name)
        is_folder = os.path.isdir(full)
        if any(rule.ignores(path[len(base) :], is_folder) for base, rule in rules):
            continue
        if not is_folder:
            if os.path.isfile(full):
                yield path
            continue
        real = os.path.realpath(full)
        if real in above:
            continue
        yield path
        yield from _walk(root, path, rules, names, above | {real})
