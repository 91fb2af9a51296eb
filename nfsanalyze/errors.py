"""Errors that end a run on purpose: each has an exit code and one line that says what, where and what to do."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum
from typing import Any, ClassVar


class ExitCode(IntEnum):
    """What the process tells its caller; part of the contract with scripts."""

    OK = 0
    FINDINGS = 1
    "a finding at or above `--fail-on`; wins over INCOMPLETE"
    USAGE = 2
    "usage, configuration or rule error"
    NOTHING = 3
    "nothing to analyse: no capture, or no NFSv4 in it"
    INCOMPLETE = 4
    "done, but some bytes were not analysed"
    INTERNAL = 70
    INTERRUPTED = 130


class NfsAnalyzeError(Exception):
    """Base of all errors meant for the user; `str()` is one line."""

    exit_code: ClassVar[ExitCode] = ExitCode.INTERNAL

    def __init__(self, message: str) -> None:
        super().__init__(" ".join(message.split()))


class UsageError(NfsAnalyzeError):
    """The command line asks for something that cannot be: a missing file, a folder, an unknown zone."""

    exit_code = ExitCode.USAGE


class OutputError(NfsAnalyzeError):
    """The report cannot be written where it should go."""

    exit_code = ExitCode.USAGE


class NothingToAnalyse(NfsAnalyzeError):
    """No input is a capture, or none holds NFSv4; the message says what was there, `tables` what was read of it."""

    exit_code = ExitCode.NOTHING

    def __init__(self, message: str, tables: Mapping[str, Any] | None = None) -> None:
        super().__init__(message)
        self.tables = tables or {}
