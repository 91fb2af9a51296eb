"""Captures in object stores, through fsspec (the extra `remote`, and the store's own package such as s3fs)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nfsanalyze.batch.names import is_capture
from nfsanalyze.errors import UsageError


def expand(url: str) -> list[str]:
    """The objects that a URL, a folder of a store or a pattern stands for, sorted. Raises UsageError."""
    system, path = _open(url)
    try:
        if any(mark in path for mark in "*?["):
            found = system.glob(path)
        elif system.isdir(path):
            found = [each for each in system.find(path) if is_capture(each)]
        else:
            found = [path] if system.exists(path) else []
    except Exception as error:
        raise UsageError(f"{url}: cannot be listed: {_said(error)}") from error
    return sorted(system.unstrip_protocol(each) for each in found)


def fetch(url: str, folder: Path) -> Path:
    """A copy of an object on this machine, under its own name. Raises UsageError."""
    system, path = _open(url)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / (Path(path).name or "capture")
    try:
        system.get_file(path, str(file))
    except Exception as error:
        raise UsageError(f"{url}: cannot be fetched: {_said(error)}") from error
    return file


def signature(url: str) -> str:
    """What the store says of an object that changes with its content. Raises UsageError."""
    system, path = _open(url)
    try:
        info = system.info(path)
    except Exception as error:
        raise UsageError(f"{url}: cannot be reached: {_said(error)}") from error
    marks = [
        str(info[name])
        for name in ("size", "ETag", "etag", "md5Hash", "mtime", "LastModified", "created")
        if name in info
    ]
    return ":".join(marks)


def _open(url: str) -> tuple[Any, str]:
    try:
        import fsspec
    except ImportError:
        raise UsageError(f"{url}: object stores need fsspec: pip install 'nfsanalyze[remote]'") from None
    try:
        system, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{url}: {_said(error)}") from error
    return system, str(path)


def _said(error: Exception) -> str:
    """An error of a store's package, in one line."""
    return " ".join(str(error).split()) or type(error).__name__
