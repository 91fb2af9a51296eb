"""Files that no reader meets half written."""

from __future__ import annotations

import os
import stat
from functools import cache
from pathlib import Path


def write_whole(path: Path, content: bytes) -> None:
    """The content in a file, whole or not at all, whoever else writes it at the same time. Raises OSError."""
    import tempfile

    handle, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    fresh = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        fresh.chmod(_mode(path))
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


def _mode(path: Path) -> int:
    """Permissions of the file that is replaced, else those any new file gets."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    return _new_file()


@cache
def _new_file() -> int:
    """Asked once: the mask can only be read by setting it, for all threads."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
