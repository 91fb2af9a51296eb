"""What both decoders make of a capture, side by side."""

from __future__ import annotations

import io
from typing import Any

from decoded import Decoded

from dissect.nfs4.capture import Capture
from dissect.nfs4.columnar import columnar
from dissect.nfs4.exact import exact

COUNTS = (
    "packets",
    "cut_short",
    "cut_at",
    "cut_reason",
    "snaplen",
    "snaplen_cut_packets",
    "first",
    "last",
    "untimed",
    "interfaces",
    "link_types",
)


def said(decoded: Decoded) -> dict[str, Any]:
    """Everything that batches hold, without regard to the order in which it came."""
    return {
        "messages": decoded.messages,
        "ops": decoded.ops,
        "details": decoded.details,
        "connections": sorted(decoded.connections, key=lambda connection: connection.conn),
        "events": sorted(decoded.events, key=repr),
    }


def opened(data: bytes) -> Capture:
    return Capture("capture", io.BytesIO(data), close=True)


def compare(data: bytes, *sizes: int, **how: Any) -> None:
    """Both decoders say the same of a capture and count the same in it, read in chunks of any of these sizes."""
    reference = opened(data)
    expected = said(Decoded(exact(reference, **how)))
    for size in sizes:
        capture = opened(data)
        assert said(Decoded(columnar(capture, chunk_bytes=size, **how))) == expected
        assert [getattr(capture, name) for name in COUNTS] == [getattr(reference, name) for name in COUNTS]
