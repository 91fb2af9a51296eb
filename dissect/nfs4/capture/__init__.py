"""Capture files: pcap, pcapng and snoop, as they are or compressed, to frames with their times.

    with open_capture("case.pcapng") as capture:
        for frame in capture:
            ...

No length in a file is trusted. A damaged or unfinished file yields its whole frames, then `capture.cut_short` is true.
"""

from dissect.nfs4.capture.errors import (
    CaptureError,
    EmptyCapture,
    ForeignFormat,
    NotACapture,
    UnknownFormat,
    UnreadableCapture,
    UnsupportedFormat,
)
from dissect.nfs4.capture.frame import Frame, Interface
from dissect.nfs4.capture.linktypes import LinkType, link_type_name
from dissect.nfs4.capture.open import Capture, open_capture

__all__ = [
    "Capture",
    "CaptureError",
    "EmptyCapture",
    "ForeignFormat",
    "Frame",
    "Interface",
    "LinkType",
    "NotACapture",
    "UnknownFormat",
    "UnreadableCapture",
    "UnsupportedFormat",
    "link_type_name",
    "open_capture",
]
