"""The house around the code: what is in the tree, what must not be, and how large a file may get."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("nfsanalyze", "dissect", "rules", "samples", "tests", "tools", "benchmarks", "docs", ".ci")
SUFFIXES = {".py", ".toml", ".md", ".sh", ".txt", ".json", ""}
LONGEST = 400

# Put together from parts, so that this file does not hold what it looks for.
REGISTRIES = re.compile("|".join(("py" + r"pi\.", "python" + "hosted", "conda" + r"\.", "crates" + r"\.io")))
LOCAL = re.compile("|".join(rf"(?<![\w.}}]){'/' + folder}/" for folder in ("work", "root", "home/[a-z]+", "Users")))


def texts() -> Iterator[Path]:
    # in a worktree .git is a file, and none of ours
    yield from (p for p in ROOT.iterdir() if p.is_file() and p.suffix in SUFFIXES and p.name != ".git")
    for folder in KEPT:
        for path in (ROOT / folder).rglob("*"):
            if path.is_file() and path.suffix in SUFFIXES and "__pycache__" not in path.parts:
                yield path


TEXTS = sorted(texts())
MODULES = sorted(path for package in ("nfsanalyze", "dissect") for path in (ROOT / package).rglob("*.py"))


def test_dissect_is_a_portion_that_others_share() -> None:
    assert not list((ROOT / "dissect").glob("*.py"))


def test_no_module_is_too_long_to_read() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    assert {name: length for name, length in lengths.items() if length > LONGEST} == {}


@pytest.mark.parametrize("pattern", [REGISTRIES, LOCAL], ids=["package-registry", "path-of-one-machine"])
def test_no_text_names_a(pattern: re.Pattern[str]) -> None:
    found = []
    for path in TEXTS:
        for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if pattern.search(line) and not line.startswith("#!"):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}")
    assert found == []


def test_constraints_are_plain_versions() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[0-9][A-Za-z0-9.]*", line)] == []
    assert lines == sorted(lines, key=str.lower)


def test_no_pin_asks_for_a_newer_python_than_we_do() -> None:
    """A distribution of Linux may have the first release of a Python for years: pip would find no way to install."""
    least = re.search(r'^requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert least is not None
    pins = re.findall(r"^([\w.-]+)==", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    wanted = {pin: _python_of(pin) for pin in pins}
    assert sum(each is not None for each in wanted.values()) > len(pins) // 2
    assert {pin for pin, each in wanted.items() if each and f"{least[1]}.0" not in SpecifierSet(each)} == set()


def _python_of(pin: str) -> str | None:
    """What the package says; None where it is not installed: those of other extras."""
    try:
        said = metadata(pin).get("Requires-Python")
    except PackageNotFoundError:
        return None
    return str(said) if said else None
