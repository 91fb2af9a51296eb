"""The samples, and what capinfos says of them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from dissect.nfs4.capture import open_capture

SAMPLES = Path(__file__).parents[4] / "samples"
CAPTURES = sorted(path for path in SAMPLES.iterdir() if path.suffix != ".toml")
ENCAPSULATIONS = {
    "ethernet": "ether",
    "linux-sll": "linux-sll",
    "linux-sll2": "linux-sll2",
    "null": "null",
    "raw": "rawip",
}


@pytest.fixture(scope="module")
def capinfos() -> dict[str, list[str]]:
    """By file: encapsulation, packets, first and last time."""
    command = ["capinfos", "-T", "-r", "-m", "-Q", "-E", "-c", "-a", "-e", "-S", *map(str, CAPTURES)]
    listed = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    rows = [[cell.strip('"') for cell in line.split(",")] for line in listed.splitlines()]
    return {Path(row[0]).name: row[1:] for row in rows if len(row) > 4}


@pytest.mark.parametrize("path", CAPTURES, ids=lambda path: path.name)
def test_counts_and_times_are_those_of_capinfos(path: Path, capinfos: dict[str, list[str]]) -> None:
    with open_capture(path) as capture:
        frames = list(capture)
    encapsulation, packets, first, last = capinfos[path.name][0], *capinfos[path.name][-3:]
    assert [ENCAPSULATIONS[name] for name in capture.link_types] == [encapsulation]
    assert len(frames) == capture.packets == int(packets)
    assert [frame.number for frame in frames] == list(range(1, len(frames) + 1))
    assert capture.first is not None and capture.last is not None
    assert f"{capture.first // 10**9}.{capture.first % 10**9:09}".startswith(first)
    assert f"{capture.last // 10**9}.{capture.last % 10**9:09}".startswith(last)


@pytest.mark.parametrize("snaplen", [96, 128, 200])
def test_the_snaplen_shows(snaplen: int) -> None:
    with open_capture(SAMPLES / f"12-02-snap{snaplen}.pcap") as capture:
        cut = [frame for frame in capture if len(frame.data) < frame.original_length]
    assert (capture.snaplen, capture.snaplen_cut_packets) == (snaplen, len(cut))
    assert all(len(frame.data) == snaplen for frame in cut)


def test_the_file_that_ends_early() -> None:
    with open_capture(SAMPLES / "12-02-cutfile.pcap") as capture:
        assert len(list(capture)) == 359
    assert (capture.cut_short, capture.cut_at) == (True, 52754)


@pytest.mark.parametrize("name", ["12-02-nsec.pcap", "12-02-bigendian.pcap", "12-02-snoop.snoop", "12-02-gz.pcap.gz"])
def test_the_same_frames_in_another_form(name: str) -> None:
    with open_capture(SAMPLES / "02-v40-ucs-takeover.pcapng") as base, open_capture(SAMPLES / name) as other:
        unit = 1 if "nsec" in name else 1000
        for expected, frame in zip(base, other, strict=True):
            assert (frame.number, frame.data, frame.original_length) == (
                expected.number,
                expected.data,
                expected.original_length,
            )
            assert frame.time == expected.time // unit * unit
