"""The captures and the zone of a command line, checked before any work."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from datetime import UTC, tzinfo
from pathlib import Path

from nfsanalyze.errors import UsageError

STDIN = "-"


def usable(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """Captures that can be opened, and one line for each that cannot.

    Raises UsageError for a folder, for standard input given twice, and where nothing can be opened.
    """
    if paths.count(STDIN) > 1:
        raise UsageError("- (standard input) can be given once only")
    good: list[str] = []
    bad: list[str] = []
    for path in paths:
        fault = _fault(path)
        if fault:
            bad.append(f"{path}: {fault}")
        else:
            good.append(path)
    if not good:
        raise UsageError("; ".join(bad))
    return good, bad


def _fault(path: str) -> str | None:
    if path == STDIN:
        return None
    try:
        mode = os.stat(path).st_mode  # noqa: PTH116 - the path is shown as it was given
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        return "no such file; check the name" if missing else getattr(error, "strerror", None) or str(error)
    if stat.S_ISDIR(mode):
        raise UsageError(f"{path}: is a folder; give its capture files (several files are analysed as one case)")
    return None if os.access(path, os.R_OK) else "permission denied; make it readable"


def total_size(paths: Sequence[str]) -> int:
    """Bytes of all captures; 0 where one of them is a stream, of unknown length."""
    files = [Path(path) for path in paths if path != STDIN]
    return sum(file.stat().st_size for file in files) if len(files) == len(paths) else 0


def refuse_overwrite(output: Path, paths: Sequence[str]) -> None:
    """A report must not replace the evidence. Raises UsageError."""
    for path in paths:
        if path != STDIN and output.exists() and output.samefile(path) and Path(path).is_file():
            raise UsageError(f"{output}: is one of the captures; choose another file for the output")


def addresses(option: str, words: Sequence[str]) -> None:
    """What narrows the report must be an address, or a slip of the pen would hide all findings. Raises UsageError."""
    import ipaddress

    for word in words:
        try:
            ipaddress.ip_address(word)
        except ValueError as error:
            raise UsageError(f"{option} {word}: not an IP address; give it as the report shows it") from error


def time_zone(name: str) -> tzinfo | None:
    """The zone of a name; None for `local`. Raises UsageError."""
    if name.upper() == "UTC":
        return UTC
    if name.lower() == "local":
        return None
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise UsageError(f"--tz {name}: no such time zone; give UTC, local or a name such as Europe/Berlin") from error
