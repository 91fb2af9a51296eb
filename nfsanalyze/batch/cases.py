"""From paths to cases: which captures belong together, and a name for each that may be a folder's name anywhere."""

from __future__ import annotations

import csv
import glob
import hashlib
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import Literal

from nfsanalyze.batch.names import SUFFIXES, is_capture, is_url
from nfsanalyze.batch.remote import expand
from nfsanalyze.errors import UsageError

Grouping = Literal["file", "folder"]

_SAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST = 80


def found(paths: Sequence[str]) -> list[str]:
    """The captures that paths, folders (with all below), globs and URLs stand for, each once, sorted.

    Raises UsageError where one of them stands for nothing.
    """
    taken: dict[str, None] = {}
    for path in paths:
        if is_url(path):
            some = expand(path)
        elif Path(path).is_dir():
            some = [str(each) for each in sorted(Path(path).rglob("*")) if each.is_file() and is_capture(each.name)]
        elif Path(path).exists() or not glob.has_magic(path):
            some = [path] if Path(path).exists() else []
        else:
            some = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 - Path.glob takes no absolute patterns
            some = [each for each in some if not Path(each).is_dir()]
        if not some:
            raise UsageError(f"{path}: {_nothing(path)}")
        taken.update(dict.fromkeys(some))
    return sorted(taken)


def _nothing(path: str) -> str:
    if Path(path).is_dir():
        return f"no captures in this folder (files named {', '.join('*' + s for s in SUFFIXES[:4])} …, or packed)"
    return "no file fits this pattern" if glob.has_magic(path) else "no such file or folder"


def grouped(captures: Sequence[str], by: Grouping) -> dict[str, tuple[str, ...]]:
    """Cases by name: each capture one of its own, or those of one folder together."""
    groups: dict[str, list[str]] = {}
    for path in captures:
        groups.setdefault(path if by == "file" else _folder(path), []).append(path)
    return _named({name: tuple(paths) for name, paths in groups.items()})


def from_csv(path: Path) -> dict[str, tuple[str, ...]]:
    """Cases from a CSV file with the columns `case` and `path`, one capture a row; relative paths are the CSV's own.

    Raises UsageError.
    """
    groups: dict[str, list[str]] = {}
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = csv.DictReader(file)
            missing = {"case", "path"} - set(rows.fieldnames or ())
            if missing:
                lacking = " and ".join(sorted(missing))
                raise UsageError(f"{path}: needs the columns case,path in its first line; there is no {lacking}")
            for row in rows:
                name, capture = (row["case"] or "").strip(), (row["path"] or "").strip()
                if not name or not capture:
                    raise UsageError(f"{path}: line {rows.line_num}: case or path is empty")
                groups.setdefault(name, []).append(capture if is_url(capture) else str(path.parent / capture))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path}: cannot be read as CSV: {error}") from error
    if not groups:
        raise UsageError(f"{path}: names no captures")
    return _named({name: tuple(dict.fromkeys(paths)) for name, paths in groups.items()})


def share(cases: Mapping[str, tuple[str, ...]], shard: str) -> dict[str, tuple[str, ...]]:
    """The part of the cases that is shard i of n (`i/n`, from 1): every case is in exactly one. Raises UsageError."""
    number, slash, of = shard.partition("/")
    if not (slash and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
        raise UsageError(f'--shard: "{shard}" is not i/n with 1 <= i <= n, such as 2/8')
    return {
        name: paths for index, (name, paths) in enumerate(sorted(cases.items())) if index % int(of) == int(number) - 1
    }


def _folder(path: str) -> str:
    return path.rpartition("/")[0] if is_url(path) else str(PurePath(path).parent)


def _named(groups: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """The groups under names that are safe in every file system, and distinct."""
    short = _shortened(groups)
    named: dict[str, tuple[str, ...]] = {}
    for name, paths in sorted(groups.items()):
        safe = _SAFE.sub("_", short[name]).strip("._") or "case"
        if safe != short[name] or len(safe) > _LONGEST or safe.lower() in {each.lower() for each in named}:
            safe = f"{safe[:_LONGEST]}-{hashlib.blake2b(os.fsencode(name), digest_size=4).hexdigest()}"
        named[safe] = paths
    return named


def _shortened(names: Iterable[str]) -> dict[str, str]:
    """Names without the folders that all of them share."""
    names = list(names)
    split = {name: name.split("/") for name in names}
    least = min((len(parts) for parts in split.values()), default=1)
    shared = 0
    while shared < least - 1 and len({parts[shared] for parts in split.values()}) == 1:
        shared += 1
    return {name: "/".join(parts[shared:]) for name, parts in split.items()}
