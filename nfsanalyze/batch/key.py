"""What a case's results were made of: content of its captures, version, rules and options, in one hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

from nfsanalyze import __version__
from nfsanalyze.batch.work import Options

_BLOCK = 1 << 20


def content(path: Path) -> str:
    """Hash of a file's bytes. Raises OSError."""
    digest = hashlib.blake2b(digest_size=16)
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def signature(path: Path) -> str:
    """What tells, without reading it, that a file is still the same. Raises OSError."""
    stat = path.stat()
    return f"{stat.st_size}:{stat.st_mtime_ns}:{stat.st_ino}"


def made_with(options: Options, formats: Sequence[str]) -> str:
    """Hash of all that results depend on beside the captures. Raises RuleError where no rules are found."""
    told = {
        "version": __version__,
        "rules": rules_hash(options.rules),
        "options": asdict(replace(options, rules=())),
        "formats": list(formats),
    }
    return _hash(told)


def made_of(contents: Sequence[str], options: Options, formats: Sequence[str]) -> str:
    """The key of a case: equal keys stand for equal results. Raises RuleError where no rules are found."""
    return _hash({"with": made_with(options, formats), "captures": list(contents)})


def _hash(told: object) -> str:
    return hashlib.blake2b(json.dumps(told, sort_keys=True).encode(), digest_size=16).hexdigest()


@cache
def rules_hash(own: tuple[str, ...] = ()) -> str:
    """Hash of all rule files, shipped and the user's own. Raises RuleError where there are none."""
    from nfsanalyze.engine.loader import rule_files, shipped_folder

    digest = hashlib.blake2b(digest_size=16)
    for folder in (shipped_folder(), *map(Path, own)):
        for path in rule_files(folder):
            digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()
