"""Which tshark there is, and whether it can do what is asked of it."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec

from dissect.nfs4.dataclass import dataclass
from dissect.nfs4.tshark.errors import TsharkError

FIELDS = frozenset(
    {
        "arp.dst.proto_ipv4",
        "arp.opcode",
        "arp.src.hw_mac",
        "arp.src.proto_ipv4",
        "eth.src",
        "frame.number",
        "frame.protocols",
        "ip.dst",
        "ip.src",
        "ip.ttl",
        "ipv6.dst",
        "ipv6.hlim",
        "ipv6.src",
        "tcp.ack_raw",
        "tcp.dstport",
        "tcp.flags",
        "tcp.len",
        "tcp.payload",
        "tcp.seq_raw",
        "tcp.srcport",
    }
)
"""What is read of a frame. tshark 3.6 to 4.4 have them all; whether this one has is looked up, never hoped."""

INSTALL = "install tshark 3.6 or later (Debian, Ubuntu: apt-get install tshark; Fedora: dnf install wireshark-cli)"

_PATIENCE = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Tshark:
    """A tshark that knows every field of FIELDS."""

    path: str
    version: str


def tshark() -> Tshark:
    """The tshark of PATH, which is asked once. Raises TsharkError."""
    path = shutil.which("tshark")
    if path is None:
        raise TsharkError(f"tshark is not installed; {INSTALL}")
    if find_spec("pyshark") is None:
        raise TsharkError("the Python package pyshark is not installed; install it: pip install pyshark")
    return _asked(os.path.abspath(path), os.stat(path).st_mtime_ns)  # noqa: PTH100, PTH116 - a path for another program


@cache
def _asked(path: str, _changed: int) -> Tshark:
    version = _output(path, "--version").partition("\n")[0].strip()
    missing = set(FIELDS)
    # "F", name, abbreviation, …
    for line in _output(path, "-G", "fields").splitlines():
        if line.startswith("F\t"):
            missing.discard(line.split("\t", 3)[2])
    if missing:
        raise TsharkError(f"{version or path} does not know {', '.join(sorted(missing))}: it is too old; {INSTALL}")
    return Tshark(path=path, version=version)


def _output(*command: str) -> str:
    try:
        done = subprocess.run(
            command, capture_output=True, stdin=subprocess.DEVNULL, timeout=_PATIENCE, check=False, text=True
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise TsharkError(f"{command[0]} cannot be run ({error}); {INSTALL}") from None
    if done.returncode:
        raise TsharkError(f"{command[0]} {command[1]} ended with status {done.returncode}; {INSTALL}")
    return done.stdout
