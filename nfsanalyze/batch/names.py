"""What paths tell by themselves: which are called as captures are, and which lie in a store."""

from __future__ import annotations

import re

SUFFIXES = (".pcap", ".pcapng", ".cap", ".dmp", ".snoop", ".trc", ".erf", ".ntar")
"""Names that captures have in folders; other files there are left alone. A file named itself may be called anything."""
_PACKED = (".gz", ".zst", ".xz", ".bz2", ".lz4")
_RING = re.compile(r"\.(pcap|pcapng|cap|dmp|snoop)\d+$")
_URL = re.compile(r"[a-z][a-z0-9+.-]+://")


def is_url(path: str) -> bool:
    """An object in a store, as fsspec names it."""
    return _URL.match(path) is not None


def is_capture(name: str) -> bool:
    """Whether a file in a folder is called as captures are."""
    name = name.lower()
    for packed in _PACKED:
        name = name.removesuffix(packed)
    return name.endswith(SUFFIXES) or _RING.search(name) is not None
