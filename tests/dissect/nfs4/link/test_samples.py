"""The samples: the same conversation in every form, and segment for segment what tshark sees."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dissect.nfs4.batch import LinkEvent, Note
from dissect.nfs4.capture import open_capture
from dissect.nfs4.link import Segment, Unwrapper

SAMPLES = Path(__file__).parents[4] / "samples"
Unwrapped = tuple[list[Segment], list[LinkEvent | Note]]


def unwrap(name: str) -> Unwrapped:
    unwrapper = Unwrapper()
    with open_capture(SAMPLES / name) as capture:
        items = [item for frame in capture for item in unwrapper.feed(frame, frame.number)]
    return [item for item in items if isinstance(item, Segment)], unwrapper.drain(final=True)


def content(segment: Segment) -> tuple[object, ...]:
    return (
        segment.source,
        segment.source_port,
        segment.destination,
        segment.destination_port,
        segment.seq,
        segment.ack,
        segment.flags,
        segment.payload,
        segment.length,
        segment.ttl,
    )


@pytest.mark.parametrize(
    "name",
    [
        "12-02-bigendian.pcap",
        "12-02-nsec.pcap",
        "12-02-rawip.pcap",
        "12-02-loopback.pcap",
        "12-02-snoop.snoop",
        "12-02-gz.pcap.gz",
    ],
)
def test_every_form_of_a_capture_gives_the_same_segments(name: str) -> None:
    base, form = unwrap("02-v40-ucs-takeover.pcapng")[0], unwrap(name)[0]
    assert [content(segment) for segment in form] == [content(segment) for segment in base]
    assert [s.time // 1000 for s in form] == [s.time // 1000 for s in base]


@pytest.mark.parametrize("snaplen", [96, 128, 200])
def test_a_snaplen_takes_payload_and_nothing_else(snaplen: int) -> None:
    base, cut = unwrap("02-v40-ucs-takeover.pcapng")[0], unwrap(f"12-02-snap{snaplen}.pcap")[0]
    for whole, part in zip(base, cut, strict=True):
        assert (part.frame, part.seq, part.ack, part.flags, part.length) == (
            whole.frame,
            whole.seq,
            whole.ack,
            whole.flags,
            whole.length,
        )
        assert whole.payload.startswith(part.payload)
    assert any(len(part.payload) < part.length for part in cut)


@pytest.mark.parametrize("kind", ["sll", "sll2"])
def test_cooked_captures_hold_the_same_conversation(kind: str) -> None:
    name = "04a-v40-nonucs-multihomed"
    base, cooked = unwrap(f"{name}.pcap")[0], unwrap(f"{name}-any-{kind}.pcap")[0]
    assert {content(segment) for segment in cooked} == {content(segment) for segment in base}
    macs = {segment.source: segment.mac for segment in base}
    assert {segment.source: segment.mac for segment in cooked} == macs


@pytest.mark.parametrize(
    "name",
    [
        "01-v40-nonucs-takeover.pcap",
        "04a-v40-nonucs-multihomed-any-sll.pcap",
        "11b-vlan100.pcapng",
        "12-02-loopback.pcap",
        "12-02-merged-two-taps.pcapng",
        "12-02-snap96.pcap",
    ],
)
def test_tshark_sees_the_same_segments(name: str) -> None:
    fields = ["frame.number", "ip.src", "tcp.srcport", "tcp.seq_raw", "tcp.ack_raw", "tcp.len", "ip.ttl"]
    command = ["tshark", "-n", "-r", str(SAMPLES / name), "-Y", "tcp", "-T", "fields"]
    command += [part for field in fields for part in ("-e", field)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line.split("\t") for line in lines] == [
        [str(value) for value in (s.frame, s.source, s.source_port, s.seq, s.ack, s.length, s.ttl)]
        for s in unwrap(name)[0]
    ]


def test_nothing_in_the_samples_stays_closed() -> None:
    for path in SAMPLES.iterdir():
        if path.suffix != ".toml":
            assert [item for item in unwrap(path.name)[1] if isinstance(item, Note)] == []


@pytest.mark.parametrize("name", ["01-v40-nonucs-takeover.pcap", "12-02-merged-two-taps.pcapng", "12-02-dup.pcap"])
def test_the_takeover_shows_in_the_macs(name: str) -> None:
    """Head 1 announces the address of head 2, and speaks for it from then on."""
    events = [item for item in unwrap(name)[1] if isinstance(item, LinkEvent)]
    spoke = [event for event in events if event.address == "10.0.0.2" and not event.adjacent]
    (head1,) = {event.mac for event in events if event.address == "10.0.0.1"}
    assert [event.mac == head1 for event in spoke] == [False, True]
    assert spoke[0].last_frame < spoke[1].frame
    (announced,) = [event for event in events if event.gratuitous]
    assert (announced.address, announced.mac) == ("10.0.0.2", head1)
    assert spoke[0].last < announced.time < spoke[1].time
