"""Names for what is no capture of ours, so that the message can say what it is and what helps."""

from __future__ import annotations

from dissect.nfs4.capture.errors import CaptureError, ForeignFormat, NotACapture, UnknownFormat, UnsupportedFormat

_CONVERT = "convert it: editcap -F pcapng IN OUT"

_CONVERTIBLE: tuple[tuple[bytes, str, str], ...] = (
    (b"\x02\x21\x4c\x18", "lz4-compressed in the legacy format", "unpack it: lz4 -d IN OUT"),
    (b"\x1f\x9d", "compressed by compress(1)", "unpack it: gzip -d IN"),
    (b"\x1f\xa0", "compressed by compress(1)", "unpack it: gzip -d IN"),
    (b"PK\x03\x04", "a zip archive", "unpack it: unzip IN"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", "unpack it: 7z x IN"),
    (b"GMBU", "a Microsoft Network Monitor capture", _CONVERT),
    (b"RTSS", "a Microsoft Network Monitor capture", _CONVERT),
    (b"TRSNIFF data    \x1a", "a Network General Sniffer capture", _CONVERT),
    (b"XCP\0", "a NetXray capture", _CONVERT),
    (b"iptrace ", "an AIX iptrace capture", _CONVERT),
    (b"TR\0d\0", "an HP-UX nettl capture", _CONVERT),
    (b"ObserverPktBuf", "a Network Instruments Observer capture", _CONVERT),
    (b"\x7fver", "a Savvius *Peek capture", _CONVERT),
    (b"\x1c\x00\x01\xab", "an Ixia capture", _CONVERT),
    (b"\x1c\x00\x01\xac", "an Ixia capture", _CONVERT),
    (b"\xa1\xb2\x34\xcd", "a pcap file of a modified libpcap", _CONVERT),
    (b"\xcd\x34\xb2\xa1", "a pcap file of a modified libpcap", _CONVERT),
)

_OTHER: tuple[tuple[bytes, str], ...] = (
    (b"\x7fELF", "an ELF program"),
    (b"MZ", "a Windows program"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"<!DOCTYPE", "a web page"),
    (b"<html", "a web page"),
    (b"\x1f\x8b", "gzip inside a compressed file"),
    (b"\x28\xb5\x2f\xfd", "zstd inside a compressed file"),
    (b"\xfd7zXZ\0", "xz inside a compressed file"),
    (b"BZh", "bzip2 inside a compressed file"),
    (b"\x04\x22\x4d\x18", "lz4 inside a compressed file"),
)

_TAR_MAGIC_AT = 257


def not_readable(head: bytes) -> CaptureError:
    """The error for a file that starts with `head` (some hundred bytes of it), which is no format read here."""
    for magic, what, advice in _CONVERTIBLE:
        if head.startswith(magic):
            kind = ForeignFormat if advice is _CONVERT else UnsupportedFormat
            return kind(f"is {what}, which is not read; {advice}")
    guess = _guess(head)
    if guess is None:
        return UnknownFormat(
            f"is not a packet capture: it seems to be something else (its first bytes are {head[:8].hex(' ')})"
        )
    return NotACapture(f"is not a packet capture: it seems to be {guess}")


def _guess(head: bytes) -> str | None:
    for magic, what in _OTHER:
        if head.startswith(magic):
            return what
    if head[_TAR_MAGIC_AT : _TAR_MAGIC_AT + 5] == b"ustar":
        return "a tar archive; unpack it first"
    if not head.strip(b"\0"):
        return "zeros only"
    if all(byte in _TEXT for byte in head):
        return "text"
    return None


_TEXT = frozenset((9, 10, 12, 13, 27)) | frozenset(range(32, 127)) | frozenset(range(128, 256))
"""Bytes of text in some encoding; no control codes."""
