"""pcapng files that are written: our own reader and tshark read them as they were meant."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect.nfs4.capture.pcapng_write import LONGEST_OPTION, Origin, Packet, pcapng
from wire.captures import read

ETHERNET, RAW = 1, 101
ORIGINS = (Origin(link_type=ETHERNET, name="a.pcap"), Origin(link_type=RAW, name="b.snoop", snaplen=96))

packets = st.builds(
    lambda time, data, more, interface, comment: Packet(
        time=time, data=data, original_length=len(data) + more, interface=interface, comment=comment
    ),
    st.integers(0, (1 << 62) - 1),
    st.binary(max_size=70),
    st.integers(0, 2000),
    st.integers(0, 1),
    st.text(max_size=20),
)


@given(taken=st.lists(packets, max_size=6), comment=st.text(max_size=30))
def test_what_is_written_is_read(taken: list[Packet], comment: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.getbasetemp() / "written.pcapng"
    frames, capture = read(path, b"".join(pcapng(ORIGINS, taken, comment=comment)))
    assert [(f.time, f.data, f.interface) for f in frames] == [(p.time, p.data, p.interface) for p in taken]
    # 0 on the wire means untold to a reader
    assert [f.original_length for f in frames] == [p.original_length for p in taken]
    assert [f.link_type for f in frames] == [ORIGINS[p.interface].link_type for p in taken]
    assert not capture.cut_short
    assert [(each.link_type, each.snaplen) for each in capture.interfaces] == [(ETHERNET, None), (RAW, 96)]


def test_tshark_reads_comments_times_and_lengths(tmp_path: Path) -> None:
    path = tmp_path / "a.pcapng"
    taken = [
        Packet(time=1_795_364_721_074_568_401, data=bytes(60), original_length=1500, interface=0, comment="frame 7"),
        Packet(time=1_795_364_722_000_000_000, data=bytes(61), original_length=61, interface=1, comment='Grüße "x"'),
    ]
    path.write_bytes(b"".join(pcapng(ORIGINS, taken, comment="why")))
    wanted = ("frame.time_epoch", "frame.cap_len", "frame.len", "frame.comment", "frame.interface_name")
    command = ["tshark", "-r", str(path), "-T", "fields", *(word for field in wanted for word in ("-e", field))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    first, second = (line.split("\t") for line in done.stdout.splitlines())
    assert first == ["1795364721.074568401", "60", "1500", "frame 7", "a.pcap"]
    assert second[1:4] == ["61", "61", 'Grüße "x"']


def test_a_long_comment_is_cut_between_characters(tmp_path: Path) -> None:
    data = b"".join(pcapng(ORIGINS, [], comment="ü" * LONGEST_OPTION))
    _, capture = read(tmp_path / "a.pcapng", data)
    assert not capture.cut_short
    assert b"\xbc\xc3" in data
    assert len(data) < LONGEST_OPTION + 300


@pytest.mark.parametrize(
    "packet",
    [
        Packet(time=-1, data=b"", original_length=0, interface=0),
        Packet(time=0, data=b"ab", original_length=1, interface=0),
        Packet(time=0, data=b"", original_length=0, interface=2),
    ],
)
def test_what_the_format_cannot_hold_is_refused(packet: Packet) -> None:
    with pytest.raises(ValueError, match=r"no (packet|interface)"):
        list(pcapng(ORIGINS, [packet]))


def test_a_link_type_of_snoop_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="link type"):
        list(pcapng([Origin(link_type=1 << 16, name="a")], []))
