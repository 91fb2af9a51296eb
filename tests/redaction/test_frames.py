"""Frames whose bytes are stand-ins: they say what a redacted report says, and hold nothing of an original."""

from __future__ import annotations

import ipaddress
import struct
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from decoded import CAPTURES, taken
from hypothesis import given, settings
from hypothesis import strategies as st
from redaction.telling import ADDRESSES, MACS, NAMES, telling

from dissect.nfs4.capture import Frame, open_capture
from nfsanalyze.analysis import Analysis, analyse
from nfsanalyze.redaction.frames import CannotRedact, redacted
from nfsanalyze.redaction.redactor import Redactor
from wire.dialogue import Wire, op

KEY = "a key that is long enough"
UNSAID = (b"fd12:3456:789a::15",)
"""Stands in headers only."""
OF_CAPTURES = ("captures", "decode_notes")
"""Tables that tell of files, and of frames in them that are no NFS."""


def written(path: Path, frames: Sequence[Frame]) -> str:
    """The frames as a pcap file with nanoseconds."""
    with path.open("wb") as file:
        file.write(struct.pack("<IHHiIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, frames[0].link_type))
        for frame in frames:
            seconds, rest = divmod(frame.time, 10**9)
            file.write(struct.pack("<IIII", seconds, rest, len(frame.data), frame.original_length) + frame.data)
    return str(path)


def read(path: Path) -> list[Frame]:
    with open_capture(path) as capture:
        return list(capture)


def same(one: Analysis, other: Analysis) -> None:
    assert [(f.id, f.severity, f.frames, f.message) for f in one.findings] == [
        (f.id, f.severity, f.frames, f.message) for f in other.findings
    ]
    for name, table in one.tables.items():
        assert name in OF_CAPTURES or table.equals(other.tables[name]), name


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_they_say_what_a_redacted_report_says(path: Path, tmp_path: Path) -> None:
    frames = read(path)
    plain = written(tmp_path / "plain.pcap", frames)
    hidden = written(tmp_path / "hidden.pcap", redacted(frames, Redactor(KEY)))
    same(analyse([hidden]), analyse([plain], redactor=Redactor(KEY)))


def test_of_owners_of_every_kind_too(tmp_path: Path) -> None:
    path = telling(tmp_path / "case.pcap")
    hidden = written(tmp_path / "hidden.pcap", redacted(read(path), Redactor(KEY)))
    same(analyse([hidden]), analyse([str(path)], redactor=Redactor(KEY)))


def test_no_byte_of_an_original_is_left(tmp_path: Path) -> None:
    path = telling(tmp_path / "case.pcap")
    before, after = read(path), redacted(read(path), Redactor(KEY))
    assert [(len(f.data), f.original_length, f.time, f.number) for f in after] == [
        (len(f.data), f.original_length, f.time, f.number) for f in before
    ]
    whole = [b"".join(frame.data for frame in frames) for frames in (before, after)]
    originals = [*NAMES, *(address.encode() for address in ADDRESSES)]
    originals += [ipaddress.ip_address(address).packed for address in ADDRESSES if ":" in address]
    originals += [bytes.fromhex(mac.replace(":", "")) for mac in MACS]
    for original in originals:
        assert original in whole[0] or original in UNSAID, original
        assert original not in whole[1] and original[::-1] not in whole[1], original
        assert original.upper() not in whole[1], original
    for address in ADDRESSES:
        if ":" not in address:
            assert ipaddress.ip_address(address).packed not in whole[1], address


def test_data_of_files_and_what_is_only_passed_over_is_gone() -> None:
    w = Wire()
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049")
    secret = b"the body of a file that nobody may read"
    c.compound([op("WRITE", data=secret)], tag=b"a tag with words").reply(count=39, verifier=5)
    c.compound([op("READ")]).reply(data=secret)
    c.compound([op("GETATTR", attributes=("owner", "lease_time"))]).reply(owner=b"joe@acme", lease_time=77)
    w.ip("10.0.0.11", "10.0.0.53", 17, struct.pack(">HHHH", 999, 53, 40, 0) + b"a name that was looked up by DNS")
    other = w.connect("10.0.0.11:40000", "10.0.0.80:80")
    other.send("client", b"GET /a/page/of/ours HTTP/1.1\r\n\r\n")
    frames = taken(w)
    after = b"".join(frame.data for frame in redacted(frames, Redactor(KEY)))
    for words in (secret, b"a tag with words", b"joe@acme", b"looked up", b"GET /a", b"HTTP"):
        assert words in b"".join(frame.data for frame in frames)
        assert words not in after
    assert struct.pack(">I", 77) in after and struct.pack(">Q", 5) in after


def test_a_record_in_many_segments_and_fragments() -> None:
    owner = b"Linux NFSv4.0 zebra-47.acmecorp/10.0.0.1"

    def said(wire: Wire, mss: int, fragment: int | None) -> list[bytes]:
        c = wire.connect("10.0.0.11:871", "10.0.0.1:2049", machinename=b"zebra-47.acmecorp", mss=mss)
        asked = c.compound([op("SETCLIENTID", owner=owner, verifier=1)], fragment=fragment)
        asked.reply(clientid=0x11, confirm=7)
        return [frame.data[54:] for frame in redacted(taken(wire), Redactor(KEY)) if len(frame.data) > 54]

    redactor = Redactor(KEY)
    stand_in = redactor.owners.owner(owner)
    for mss, fragment in ((1448, None), (7, None), (1448, 40), (11, 60)):
        stream = b"".join(said(Wire(), mss, fragment))
        assert b"zebra" not in stream and b"acmecorp" not in stream
        assert fragment is not None or stand_in in stream


def test_checksums_fit(tmp_path: Path) -> None:
    """RFC 1071: with its checksum the sum over a header is all ones."""
    for frame in redacted(read(telling(tmp_path / "case.pcap")), Redactor(KEY)):
        if frame.data[12:14] == b"\x08\x00":
            words = struct.unpack(">10H", frame.data[14:34])
            total = sum(words)
            assert (total & 0xFFFF) + (total >> 16) == 0xFFFF


def test_tshark_finds_nothing_wrong(tmp_path: Path) -> None:
    hidden = written(tmp_path / "hidden.pcap", redacted(read(telling(tmp_path / "case.pcap")), Redactor(KEY)))
    bad = "ip.checksum.status == 0 || tcp.checksum.status == 0 || icmpv6.checksum.status == 0 || _ws.malformed"
    options = ["-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "tcp.try_heuristic_first:TRUE"]
    ports = ["-d", "tcp.port==2049,rpc"]
    for wanted, told in ((bad, ""), ("nfs.opcode == 35", None)):
        found = subprocess.run(
            ["tshark", "-r", hidden, *options, *ports, "-Y", wanted, "-T", "fields", "-e", "frame.number"],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert found == told if told is not None else found


def test_what_is_out_of_reach_is_refused() -> None:
    w = Wire()
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049")
    c.call("RENEW", clientid=1)
    frames = taken(w)
    inner = frames[-1].data[14:]
    outer = struct.pack(">BBHHHBBH", 0x45, 0, 20 + 4 + len(inner), 1, 0, 64, 47, 0) + bytes([10, 9, 9, 1, 10, 9, 9, 2])
    frames[-1].data = frames[-1].data[:14] + outer + b"\0\0\x08\0" + inner
    frames[-1].original_length = len(frames[-1].data)
    with pytest.raises(CannotRedact, match=r"^frame 4: its segment lies in a tunnel"):
        redacted(frames, Redactor(KEY))


def test_text_that_is_read_as_the_number_of_an_operation_does_not_stay() -> None:
    w = Wire()
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049")
    c.compound([op("LOOKUP", name=b"quarterly-figures"), "GETFH"]).reply([{}, {"handle": b"a handle of it"}])
    frames = taken(w)
    reply = frames[-1]
    at = reply.data.index(b"a handle") - 40
    assert reply.data[at - 4 : at + 4] == bytes(8), "flavor and length of the verifier"
    reply.data = reply.data[: at + 3] + b"\x05" + reply.data[at + 4 :]
    assert b"a handle" not in b"".join(frame.data for frame in redacted(frames, Redactor(KEY)))


@settings(max_examples=60, derandomize=True)
@given(st.data())
def test_no_damage_makes_it_leak_or_raise(data: st.DataObject) -> None:
    w = Wire()
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049", machinename=b"zebra-47")
    owner = b"Linux NFSv4.0 zebra-47/10.0.0.1"
    c.call("SETCLIENTID", owner=owner, verifier=1).reply(clientid=0x11, confirm=7)
    c.compound([op("LOOKUP", name=b"quarterly-figures"), "GETFH"]).reply([{}, {"handle": b"a handle of it"}])
    frames = taken(w, data.draw(st.sampled_from([None, 60, 130, 150, 200])))
    for _ in range(data.draw(st.integers(0, 4))):
        frame = data.draw(st.sampled_from(frames))
        # in headers: what damage among operations makes an id stays as ids do (docs/redaction.md)
        at = data.draw(st.integers(14, min(len(frame.data) - 1, 77)))
        frame.data = frame.data[:at] + bytes([data.draw(st.integers(0, 255))]) + frame.data[at + 1 :]
    try:
        after = redacted(frames, Redactor(KEY))
    except CannotRedact:
        return
    whole = b"".join(frame.data for frame in after)
    for original in (b"zebra-47", b"quarterly", b"figures", b"a handle"):
        assert original not in whole
