"""Frames of the most frequent kind are read by a short way, which says what the long one does and knows its limits."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from same import compare

from dissect.nfs4.capture.frame import Frame
from dissect.nfs4.capture.linktypes import LinkType
from dissect.nfs4.columnar import headers as module
from dissect.nfs4.columnar.chunk import of_frames
from dissect.nfs4.columnar.headers import headers
from wire.dialogue import Wire

VLAN = bytes.fromhex("810000640800")
BYTES = st.sampled_from([0, 0x40, 0x45, 0x46, 0x50, 0x60, 0xF0, 0xFF]) | st.integers(0, 255)


def said() -> list[bytes]:
    wire = Wire()
    for address in ("10.0.0.11:871", "10.0.0.12:872"):
        connection = wire.connect(address, "10.0.0.1:2049")
        connection.call("RENEW", clientid=0x11).reply()
        connection.ack()
    return [data for _, data in wire.frames]


SAID = said()


@st.composite
def frames(draw: st.DrawFn) -> list[Frame]:
    found = []
    for number in range(1, draw(st.integers(1, 12)) + 1):
        data = bytearray(draw(st.sampled_from(SAID)))
        for at in draw(st.lists(st.integers(12, 53), max_size=2)):
            data[at] = draw(BYTES)
        if draw(st.integers(0, 4)) == 0:
            data[12:14] = VLAN
        octets = draw(st.sampled_from([len(data), len(data), 60, 54, 53, 47, 20, 5]))
        link_type = draw(st.sampled_from([LinkType.ETHERNET] * 5 + [LinkType.RAW]))
        found.append(
            Frame(
                number=number,
                time=number,
                data=bytes(data[:octets]),
                original_length=len(data),
                link_type=link_type,
                interface=0,
            )
        )
    return found


@settings(max_examples=300, deadline=None)
@given(frames())
def test_both_ways_read_the_same(given: list[Frame]) -> None:
    chunk = of_frames(given)
    found, odd = headers(chunk)
    expected, others = module._any(chunk, np.arange(len(chunk)))
    assert odd.tolist() == others.tolist()
    for name in module._COLUMNS:
        assert getattr(found, name).tolist() == getattr(expected, name).tolist(), name


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 60), st.integers(12, 53), BYTES), max_size=6), st.sampled_from([90, 262144]))
def test_headers_that_were_damaged(damage: list[tuple[int, int, int]], snaplen: int) -> None:
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    for _ in range(60):
        connection.call("RENEW", clientid=0x11).reply()
    for which, at, value in damage:
        time, data = wire.frames[-1 - which]
        wire.frames[-1 - which] = time, data[:at] + bytes([value]) + data[at + 1 :]
    compare(wire.pcap(snaplen=snaplen), 4_000, 1 << 20)
