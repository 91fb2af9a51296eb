"""Compressed captures that unpack to more than anybody has time to read: both decoders end at the same record."""

from __future__ import annotations

import bz2
import gzip
import io
import itertools
import lzma
from collections.abc import Callable
from pathlib import Path

import pytest
from same import COUNTS, compare, opened

from dissect.nfs4.capture import Capture, compressed, ration
from dissect.nfs4.columnar.records import chunks
from nfsanalyze.cli.app import run
from wire.captures import Pcapng, snoop_file
from wire.dialogue import Wire
from wire.frames import pcap_file

SIZES = (700, 1 << 20)
FLOOD = 2000
CUT = "so many records in so few compressed octets are no capture"


def talk() -> list[tuple[int, bytes]]:
    wire = Wire()
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049")
    for _ in range(20):
        connection.call("RENEW", clientid=0x11).reply()
    return wire.frames


def packets(kind: str) -> bytes:
    """A conversation, and a flood of empty packets behind it."""
    frames = talk()
    frames += [(frames[-1][0], b"")] * FLOOD
    if kind == "pcap":
        return pcap_file(frames)
    if kind == "snoop":
        return snoop_file(*frames)
    blocks = Pcapng().section().interface()
    for number, (time, frame) in enumerate(frames[:-FLOOD]):
        blocks = blocks.packet(frame, time // 1000)
        if number % 9 == 0:
            blocks = blocks.interface().block(0xBAD, b"any").section().interface()
    return blocks.data + Pcapng().packet(b"").data * FLOOD


KINDS = pytest.mark.parametrize("kind", ["pcap", "pcapng", "snoop"])


@KINDS
@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, lzma.compress], ids=["gzip", "bzip2", "xz"])
def test_too_many_records(kind: str, pack: Callable[[bytes], bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ration, "RECORDS_AN_OCTET", 0)
    data = pack(packets(kind))
    for free in (2, 47, 100):
        monkeypatch.setattr(ration, "FREE_RECORDS", free)
        capture = opened(data)
        held = len(list(capture))
        assert held == free if kind != "pcapng" else held < free
        assert (capture.cut_short, capture.cut_reason) == (True, CUT)
        compare(data, *SIZES)
    monkeypatch.setattr(ration, "FREE_RECORDS", 2 * FLOOD)
    capture = opened(data)
    assert (len(list(capture)), capture.cut_short) == (len(talk()) + FLOOD, False)


@KINDS
@pytest.mark.parametrize("step", [16, 300])
def test_octets_of_the_file_allow_more(kind: str, step: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compressed, "_INPUT", step)
    monkeypatch.setattr(compressed, "PIECE", 1000)
    monkeypatch.setattr(ration, "FREE_RECORDS", 3)
    data = gzip.compress(packets(kind))
    monkeypatch.setattr(ration, "RECORDS_AN_OCTET", 1)
    capture = opened(data)
    # The conversation is whole: it takes more octets than it has packets.
    assert len(talk()) < len(list(capture)) <= 3 + len(data)
    assert capture.cut_reason == CUT
    compare(data, *SIZES)


def test_what_is_not_compressed_may_hold_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ration, "FREE_RECORDS", 0)
    monkeypatch.setattr(ration, "RECORDS_AN_OCTET", 0)
    compare(packets("pcap"), *SIZES)
    capture = opened(packets("pcap"))
    assert (len(list(capture)), capture.cut_short) == (len(talk()) + FLOOD, False)


def test_a_pipe_is_cut_where_the_file_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """However it was filled."""
    monkeypatch.setattr(compressed, "_INPUT", 100)
    monkeypatch.setattr(compressed, "PIECE", 1000)
    monkeypatch.setattr(ration, "FREE_RECORDS", 3)
    monkeypatch.setattr(ration, "RECORDS_AN_OCTET", 1)
    data = gzip.compress(packets("pcap"))
    expected = opened(data)
    list(expected)
    assert expected.cut_reason == CUT

    class Trickle(io.BytesIO):
        """Gives one octet, two, and so on up to nine, and one again."""

        sizes = itertools.cycle(range(1, 10))

        def read(self, size: int | None = -1, /) -> bytes:
            return super().read(min(next(self.sizes), size or 0))

    capture = Capture("capture", Trickle(data), close=True)
    assert len(list(capture)) == expected.packets
    other = Capture("capture", Trickle(data), close=True)
    assert sum(len(chunk) for chunk in chunks(other, 700)) == expected.packets
    for name in COUNTS:
        assert getattr(capture, name) == getattr(other, name) == getattr(expected, name)


@pytest.mark.parametrize("kind", ["packets", "one block"])
def test_too_many_octets(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ration, "FREE_OCTETS", 1 << 20)
    monkeypatch.setattr(ration, "OCTETS_AN_OCTET", 10)
    frames = talk()
    if kind == "packets":
        whole = pcap_file([*frames, *[(frames[-1][0], bytes(100_000))] * 50])
    else:
        out = Pcapng().section().interface()
        for time, frame in frames:
            out = out.packet(frame, time // 1000)
        whole = out.block(0xBAD, bytes(5_000_000)).data
    data = gzip.compress(whole)
    capture = opened(data)
    assert len(frames) <= len(list(capture)) < len(frames) + 20
    assert capture.cut_reason == "so many octets out of so few compressed ones are no capture"
    compare(data, *SIZES)
    monkeypatch.setattr(ration, "OCTETS_AN_OCTET", 1000)
    assert [opened(data).cut_short, len(list(opened(data)))] == [False, len(frames) + 50 * (kind == "packets")]


@pytest.mark.parametrize("decoder", ["auto", "fast"])
def test_the_command_line_says_so(
    decoder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ration, "RECORDS_AN_OCTET", 0)
    monkeypatch.setattr(ration, "FREE_RECORDS", 100)
    path = tmp_path / "case.pcap.gz"
    path.write_bytes(gzip.compress(packets("pcap")))
    with opened(path.read_bytes()) as capture:
        assert len(list(capture)) == 100
    assert run(["scan", "--decoder", decoder, str(path)]) == 4
    (line,) = (line for line in capsys.readouterr().err.splitlines() if "compressed" in line)
    assert f"{path}: {CUT} at byte {capture.cut_at}; the 100 packets before it were analysed" in line
