"""One packet cut anywhere, by the end of the file or by the snaplen: the decoder tells what is there, and no more."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from soundness.packets import Packet, packets_of, pcap, record_ends

from dissect.nfs4.batch import NO_STATUS, Kind, Marks
from dissect.nfs4.capture import open_capture
from dissect.nfs4.exact import messages
from dissect.nfs4.message import Message
from dissect.nfs4.types import PartialOwner
from samples.expectations import SAMPLES

IDENTITIES = {
    "SETCLIENTID call": ("02-v40-ucs-takeover.pcapng", 10),
    "SETCLIENTID reply": ("02-v40-ucs-takeover.pcapng", 12),
    "EXCHANGE_ID call": ("03-v41-takeover.pcap", 10),
    "EXCHANGE_ID reply": ("03-v41-takeover.pcap", 13),
    "CREATE_SESSION call": ("03-v41-takeover.pcap", 17),
    "PUTROOTFH GETFH GETATTR reply": ("02-v40-ucs-takeover.pcapng", 26),
}
"""Sample and frame."""

any_packet = pytest.mark.parametrize(("name", "frame"), IDENTITIES.values(), ids=IDENTITIES)


def decoded(path: Path, data: bytes) -> tuple[list[tuple[int, Message]], int, bool]:
    """The messages, the number of packets, and whether the file is said to be cut short."""
    path.write_bytes(data)
    with open_capture(path) as capture:
        return sorted(messages(capture), key=lambda item: item[0]), capture.packets, capture.cut_short


@any_packet
def test_a_file_that_ends_at_any_octet_of_a_packet(name: str, frame: int, tmp_path: Path) -> None:
    packets = packets_of(SAMPLES / name)[:frame]
    data, ends = pcap(packets), record_ends(packets)
    before = decoded(tmp_path / "cut.pcap", data[: ends[-2]])
    assert before[1:] == (frame - 1, False)
    for end in range(ends[-2] + 1, ends[-1]):
        found, counted, cut_short = decoded(tmp_path / "cut.pcap", data[:end])
        assert (found, counted, cut_short) == (before[0], frame - 1, True)
    found, counted, cut_short = decoded(tmp_path / "cut.pcap", data)
    assert (counted, cut_short) == (frame, False)
    assert found[:-1] == before[0]


@any_packet
def test_a_packet_that_is_cut_at_any_octet(name: str, frame: int, tmp_path: Path) -> None:
    *before, packet = packets_of(SAMPLES / name)[:frame]
    *others, (id, whole) = decoded(tmp_path / "cut.pcap", pcap([*before, packet]))[0]
    assert not whole.marks
    told = 0
    for octets in range(len(packet.data)):
        found = decoded(tmp_path / "cut.pcap", pcap([*before, cut(packet, octets)]))[0]
        assert found[: len(others)] == others
        for other_id, part in found[len(others) :]:
            assert other_id == id
            assert_no_more(part, whole)
            told = max(told, len(part.operations))
    assert told >= len(whole.operations) - 1


def cut(packet: Packet, octets: int) -> Packet:
    return replace(packet, data=packet.data[:octets])


def assert_no_more(part: Message, whole: Message) -> None:
    """The same message as far as it goes, and marked where it ends before the whole one does."""
    assert part.xid == whole.xid
    assert part.kind in (whole.kind, Kind(whole.kind & 1))
    assert part.status in (whole.status, NO_STATUS)
    assert part.numops in (whole.numops, 0)
    assert part.minor in (whole.minor, -1)
    *earlier, last = part.operations or (None,)
    assert tuple(earlier) == whole.operations[: len(earlier)]
    if last is not None:
        known = whole.operations[len(earlier)]
        if isinstance(last.value, PartialOwner):
            owner = getattr(known.value, "id", None) or getattr(known.value, "co_ownerid", b"")
            assert owner.startswith(last.value.owner)
            assert last.value.length == len(owner)
        else:
            assert last == known
    if len(part.operations) < len(whole.operations) or part.status != whole.status:
        assert part.marks & Marks.CUT
