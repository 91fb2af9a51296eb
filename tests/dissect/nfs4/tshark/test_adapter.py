"""What tshark unwraps, read through pyshark: of every sample and in every tunnel the segments that we find."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from decoded import CAPTURES, Decoded

from dissect.nfs4.batch import CAPTURE_STRIDE
from dissect.nfs4.capture import Frame, open_capture
from dissect.nfs4.exact import exact
from dissect.nfs4.link import Segment, Unwrapper
from dissect.nfs4.tshark.answer import Answer, segment
from dissect.nfs4.tshark.assisted import Assisted
from dissect.nfs4.tshark.errors import TsharkError
from dissect.nfs4.tshark.packet import answer
from dissect.nfs4.tshark.program import tshark
from dissect.nfs4.tshark.run import unwrapped
from dissect.nfs4.tshark.spool import Spool
from wire.frames import ethernet, ip_packet
from wire.tunnels import ENDS, FRAME, HERE, IPV4, TUNNELS, link, over_udp

OURS_ALONE = {
    "MPLS with a pseudowire",
    "MPLS with a bare pseudowire",
    "MPLS with a tagged pseudowire",
    "IP in IP of the other number",
    "ERSPAN type III with IP",
    "VXLAN of older Linux",
    "VXLAN without a datagram length",
}
"""tshark takes a pseudowire's MAC for something else, and does not follow the others."""

NFLOG = b"\2\0\0\0" + b"\x09\0\x0a\0eth0\0\0\0\0" + (4 + len(IPV4)).to_bytes(2, "little") + b"\x09\0" + IPV4
THEIRS_ALONE: dict[str, tuple[bytes, int]] = {
    "GTP-U": (over_udp(2152, b"\x30\xff" + len(IPV4).to_bytes(2, "big") + b"\0\0\0\x2a" + IPV4), 1),
    "NFLOG": (NFLOG, 239),
    "provider backbone bridge": (ethernet(HERE, HERE, 0x88E7, b"\0\0\0\x2a" + FRAME), 1),
    "VN-Tag": (ethernet(HERE, HERE, 0x8926, b"\0\1\0\2" + FRAME[12:]), 1),
    "VXLAN-GPE": (over_udp(4790, b"\x0c\0\0\1\0\0\x2a\0" + IPV4), 1),
}
"""What our own unwrapper leaves to tshark, with the link type."""


def frame(number: int, data: bytes, link_type: int, kept: int | None = None) -> Frame:
    return Frame(
        number=number, time=1000, data=data[:kept], original_length=len(data), link_type=link_type, interface=0
    )


def asked(frames: list[Frame], *, raw: bool = False) -> list[Answer]:
    with Spool() as spool:
        for each in frames:
            spool.add(each, each.number)
        return list(unwrapped(tshark(), spool, raw=raw))


def segments(answer: Answer) -> list[Segment]:
    return [segment(answer, 1000, each) for each in answer.segments]


def ours(frame: Frame) -> list[Segment]:
    return [item for item in Unwrapper().feed(frame, frame.number) if isinstance(item, Segment)]


def test_in_every_tunnel_the_innermost_segment_is_ours() -> None:
    frames = [frame(number, *TUNNELS[name][:2]) for number, name in enumerate(TUNNELS, 1)]
    found = dict(zip(TUNNELS, map(segments, asked(frames)), strict=True))
    assert found == {name: [] if name in OURS_ALONE else ours(each) for name, each in zip(TUNNELS, frames, strict=True)}


def test_what_is_out_of_our_reach() -> None:
    frames = [frame(number, *each) for number, each in enumerate(THEIRS_ALONE.values(), 1)]
    expected = ours(frame(1, IPV4, 101))[0]
    for name, each in zip(THEIRS_ALONE, asked(frames), strict=True):
        found = segments(each)
        assert [(s.source, s.source_port, s.seq, s.payload, s.length) for s in found] == [
            (expected.source, expected.source_port, expected.seq, expected.payload, expected.length)
        ], name


def test_what_icmp_quotes_was_not_sent_here() -> None:
    unreachable = link(*ip_packet(*ENDS, 1, b"\3\1" + bytes(6) + IPV4, 9))
    (found,) = asked([frame(1, unreachable, 1)])
    assert "tcp" in found.protocols
    assert found.segments == ()


def test_each_packet_of_an_aggregate_is_its_own() -> None:
    """Layers that follow each other, as in frames of 802.11 that hold several, each have the IP header before them."""

    class Fake:
        def __init__(self, name: str, fields: Any) -> None:
            self._layer_name, self._fields_dict = name, fields

    def network(last: int) -> dict[str, str]:
        return {"ip_ip_src": f"10.0.0.{last}", "ip_ip_dst": "10.0.0.1", "ip_ip_ttl": "64"}

    def transport(port: int) -> dict[str, str]:
        names = ("srcport", "dstport", "seq_raw", "ack_raw", "flags", "len")
        return {f"tcp_tcp_{name}": str(value) for name, value in zip(names, (port, 2049, 1, 2, 24, 0), strict=True)}

    class Packet:
        frame_info = Fake(
            "frame",
            {
                "frame_frame_number": "7",
                "frame_frame_protocols": "wlan:ip:tcp:ip:tcp",
                "frame_frame_len": "90",
                "frame_frame_cap_len": "90",
            },
        )
        layers = (Fake("ip", [network(5), network(6)]), Fake("tcp", [transport(905), transport(906)]))

    assert [each[:3] for each in answer(Packet())["tcp"]] == [
        ["10.0.0.5", 905, "10.0.0.1"],
        ["10.0.0.6", 906, "10.0.0.1"],
    ]


@pytest.fixture(scope="module")
def answers() -> dict[int, list[Answer]]:
    """Of the frames of all samples, by sample: one process reads them all."""
    with Spool() as spool:
        for number, path in enumerate(CAPTURES):
            with open_capture(path) as capture:
                for each in capture:
                    spool.add(each, number * CAPTURE_STRIDE + each.number)
        found: dict[int, list[Answer]] = {}
        for each in unwrapped(tshark(), spool, raw=False):
            found.setdefault(each.frame // CAPTURE_STRIDE, []).append(each)
    return found


@pytest.mark.parametrize("number", range(len(CAPTURES)), ids=[path.name for path in CAPTURES])
def test_out_of_what_tshark_unwraps_every_sample_is_decoded_the_same(
    number: int, answers: dict[int, list[Answer]]
) -> None:
    """Equal batches lead to equal findings: nothing above knows who unwrapped."""

    def batches(unwrapper: Unwrapper) -> Iterator[Any]:
        with open_capture(CAPTURES[number]) as capture:
            yield from exact(capture, capture_no=number, unwrapper=unwrapper)

    theirs = Assisted(iter(answers[number]), alone=True)
    assert vars(Decoded(batches(theirs))) == vars(Decoded(batches(Unwrapper())))
    assert len(theirs.frames) > 80


def test_a_tshark_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both that tshark ends badly and that the process around it does."""
    with Spool() as spool:
        spool.add(frame(1, FRAME, 1), 1)
        spool.flush()
        spool.path.write_bytes(spool.path.read_bytes()[:-9])
        with pytest.raises(TsharkError, match=r"tshark ended with status [12]: .*(cut short|damaged)"):
            list(unwrapped(tshark(), spool, raw=False))
        monkeypatch.setattr("dissect.nfs4.tshark.run.sys.executable", "/bin/false")
        with pytest.raises(TsharkError, match="ended early: it does not say why"):
            list(unwrapped(tshark(), spool, raw=False))


def test_no_folder_and_no_file_of_the_user_is_heeded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """pyshark would run what a config.ini in the current folder names, and tshark a script of its user's."""
    mark = tmp_path / "was-run"
    script = tmp_path / "tshark-of-mine"
    script.write_text(f"#!/bin/sh\ntouch {mark}\n")
    script.chmod(0o755)
    (tmp_path / "config.ini").write_text(f"[tshark]\ntshark_path = {script}\n")
    plugins = tmp_path / ".local/lib/wireshark/plugins"
    plugins.mkdir(parents=True)
    (plugins / "mine.lua").write_text(f"os.execute('touch {mark}')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert segments(asked([frame(1, FRAME, 1)])[0]) == ours(frame(1, FRAME, 1))
    assert sorted(path.name for path in tmp_path.iterdir()) == [".local", "config.ini", "tshark-of-mine"]
