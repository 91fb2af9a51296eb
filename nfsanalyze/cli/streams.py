"""stdout for results, stderr for messages, files for reports: each write survives closed pipes and poor encodings."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from nfsanalyze.errors import OutputError
from nfsanalyze.facts.printable import printable
from nfsanalyze.whole import write_whole


def open_streams() -> None:
    """Standard streams that were closed before the start are null devices: what goes there goes nowhere."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open(mode, encoding="utf-8"))  # noqa: SIM115


def complain(message: str) -> None:
    """One line on stderr, whatever the message holds."""
    write_stderr(f"nfsanalyze: {printable(' '.join(message.split()))}\n")


def write_stderr(text: str) -> None:
    """Our own text on stderr; a reader that went away is no error."""
    with contextlib.suppress(OSError, ValueError):
        encoding = sys.stderr.encoding or "ascii"
        sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stderr.flush()


def write_stdout(text: str) -> None:
    """A whole report on stdout. A reader that went away is no error; a full disk is.

    Raises OutputError.
    """
    try:
        encoding = sys.stdout.encoding or "ascii"
        sys.stdout.write(text.encode(encoding, "backslashreplace").decode(encoding))
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()
    except OSError as error:
        discard_stdout()
        raise OutputError(f"cannot write to stdout: {error.strerror}") from error


def flush_stdout() -> None:
    """Flush what a command printed, so that a closed pipe is met here and not at the interpreter's end."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        discard_stdout()


def discard_stdout() -> None:
    """Let nothing more fail on a stdout that nobody reads."""
    with contextlib.suppress(OSError, ValueError):
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, sys.stdout.fileno())
        os.close(sink)


def check_writable(path: Path) -> None:
    """Say before the work that a report cannot be written there. Raises OutputError."""
    if path.is_dir():
        raise OutputError(f"{path}: is a folder; -o takes the name of a file")
    folder = path.resolve().parent
    if not folder.is_dir():
        raise OutputError(f"{path}: the folder {folder} does not exist; create it first")
    special = path.exists() and not path.is_file()
    if not os.access(path if special else folder, os.W_OK):
        raise OutputError(f"{path}: no permission to write there; choose another file with -o")


def check_folder(path: Path) -> None:
    """Say before the work that files cannot be written into that folder, which need not exist. Raises OutputError."""
    if path.exists() and not path.is_dir():
        raise OutputError(f"{path}: is a file; -o takes the name of a folder for parquet")
    folder = path if path.is_dir() else path.resolve().parent
    if not folder.is_dir():
        raise OutputError(f"{path}: the folder {folder} does not exist; create it first")
    if not os.access(folder, os.W_OK):
        raise OutputError(f"{path}: no permission to write there; choose another folder with -o")


def make_folder(path: Path) -> None:
    """The folder, made if it is not there. Raises OutputError."""
    try:
        path.mkdir(exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path}: cannot be made: {error.strerror}; choose another folder with -o") from error


def write_file(path: Path, content: str | bytes) -> None:
    """The content in a file, whole or not at all: a reader sees the old content or the new. Raises OutputError."""
    octets = content.encode("utf-8") if isinstance(content, str) else content
    try:
        target = path.resolve()
        if target.exists() and not target.is_file():
            # a pipe or device takes what is written; there is nothing to replace
            target.write_bytes(octets)
            return
        write_whole(target, octets)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}; choose another file with -o") from error
