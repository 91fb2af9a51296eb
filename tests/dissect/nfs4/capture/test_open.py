"""Opening: the format is in the bytes, and an error is one line that helps."""

from __future__ import annotations

import gzip
import io
import os
from pathlib import Path
from threading import Thread

import pytest

from dissect.nfs4.capture import (
    CaptureError,
    EmptyCapture,
    NotACapture,
    UnreadableCapture,
    UnsupportedFormat,
    link_type_name,
    open_capture,
)
from wire.captures import Pcapng, read, snoop_file
from wire.frames import pcap_file

PCAP = pcap_file([(1000, b"frame")])


class Terminal(io.BytesIO):
    def isatty(self) -> bool:
        return True


class Stdin:
    def __init__(self, data: bytes, kind: type[io.BytesIO] = io.BytesIO) -> None:
        self.buffer = kind(data)
        self.isatty = self.buffer.isatty


@pytest.mark.parametrize("name", ["case.pcap", "case.pcapng", "case.txt", "case.gz", "case"])
def test_the_name_says_nothing(tmp_path: Path, name: str) -> None:
    assert read(tmp_path / name, PCAP)[1].format == "pcap"
    assert read(tmp_path / name, Pcapng().section().data)[1].format == "pcapng"
    assert read(tmp_path / name, snoop_file())[1].format == "snoop"
    assert read(tmp_path / name, gzip.compress(snoop_file(), mtime=0))[1].format == "snoop+gzip"


def test_a_dash_is_standard_input_and_stays_open(monkeypatch: pytest.MonkeyPatch) -> None:
    stdin = Stdin(gzip.compress(PCAP, mtime=0))
    monkeypatch.setattr("sys.stdin", stdin)
    with open_capture("-") as capture:
        assert [f.data for f in capture] == [b"frame"]
    assert (capture.path, capture.format) == ("-", "pcap+gzip")
    assert not stdin.buffer.closed


@pytest.mark.parametrize("stdin", [None, Stdin(b"", Terminal)])
def test_nothing_is_piped_in(monkeypatch: pytest.MonkeyPatch, stdin: Stdin | None) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    with pytest.raises(UnreadableCapture, match="standard input"):
        open_capture("-")


def test_a_pipe_gives_its_bytes_in_small_pieces(tmp_path: Path) -> None:
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)

    def write() -> None:
        with fifo.open("wb", buffering=0) as pipe:
            for byte in PCAP:
                pipe.write(bytes((byte,)))

    writer = Thread(target=write)
    writer.start()
    with open_capture(fifo) as capture:
        assert [f.data for f in capture] == [b"frame"]
    writer.join()


def test_the_file_is_closed(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(PCAP)
    capture = open_capture(tmp_path / "f")
    capture.close()
    assert capture._stream.closed


def test_what_the_system_refuses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UnreadableCapture, match="nowhere: no such file"):
        open_capture(tmp_path / "nowhere")
    with pytest.raises(UnreadableCapture, match="is a directory; name the captures in it"):
        open_capture(tmp_path)
    with pytest.raises(UnreadableCapture, match="cannot be opened"):
        open_capture("a\0b")

    def refuse(*_args: object, **_options: object) -> None:
        raise PermissionError

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(UnreadableCapture, match="f: permission denied"):
        open_capture("f")


@pytest.mark.parametrize(
    ("data", "error", "says"),
    [
        (b"", EmptyCapture, "is empty"),
        (b"\xd4\xc3", EmptyCapture, "only 2 bytes"),
        (b"snoop", EmptyCapture, "only 5 bytes"),
        (b"\xfd7zXZ\0\0\4", EmptyCapture, "xz stream ends early"),
        (b"\xfd7zXZ\0 garbage, not xz", EmptyCapture, "xz stream is damaged"),
        (b"\x04\x22\x4d\x18rest of lz4", EmptyCapture, "lz4 stream is damaged"),
        (b"\x02\x21\x4c\x18rest", UnsupportedFormat, "lz4 -d"),
        (b"BZh91AY", EmptyCapture, "bzip2 stream ends early"),
        (b"BZhello", EmptyCapture, "bzip2 stream is damaged"),
        (b"PK\x03\x04", UnsupportedFormat, "unzip"),
        (b"GMBU\0\2", UnsupportedFormat, "Network Monitor capture, which is not read; convert it: editcap"),
        (b"\x7fELF\2\1\1", NotACapture, "ELF"),
        (b"12:00:01 IP client > server\n\xc3\xa9\n", NotACapture, "text"),
        (bytes(4000), NotACapture, "zeros"),
        (b"x" * 100 + bytes(157) + b"ustar\0", NotACapture, "tar archive"),
        (b"\x01\x02\x03\x04\x05", NotACapture, "01 02 03 04 05"),
        (gzip.compress(gzip.compress(PCAP, mtime=0), mtime=0), NotACapture, "gzip inside"),
        (gzip.compress(b"\xfd7zXZ\0\0\4", mtime=0), NotACapture, "xz inside"),
        (b"\x1f\x8b garbage, not gzip", EmptyCapture, "gzip stream is damaged"),
    ],
)
def test_what_is_no_capture_is_named(tmp_path: Path, data: bytes, error: type[CaptureError], says: str) -> None:
    with pytest.raises(error) as raised:
        read(tmp_path / "case", data)
    message = str(raised.value)
    assert message.startswith(f"{tmp_path / 'case'}: ")
    assert says in message
    assert "\n" not in message


def test_a_read_that_fails_on_the_way_ends_the_capture(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Failing(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            if self.tell() >= len(PCAP):
                raise OSError(5, "Input/output error")
            return super().read(min(size or 0, 50))

    monkeypatch.setattr("sys.stdin", Stdin(PCAP, Failing))
    with open_capture("-") as capture:
        assert len(list(capture)) == 1
    assert (capture.cut_short, capture.cut_at) == (True, len(PCAP))
    assert capture.cut_reason == "reading failed: Input/output error"
    monkeypatch.setattr("sys.stdin", Stdin(b"", type("Dead", (Failing,), {"tell": lambda _self: 1 << 30})))
    with pytest.raises(UnreadableCapture, match="reading failed"):
        open_capture("-")


def test_names_of_link_types() -> None:
    assert [link_type_name(n) for n in (1, 276, 147, 1 << 16 | 9)] == [
        "ethernet",
        "linux-sll2",
        "linktype-147",
        "snoop-9",
    ]
