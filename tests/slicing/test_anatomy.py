"""Which frames carry a message."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dissect.nfs4.capture import open_capture
from dissect.nfs4.exact import messages
from nfsanalyze.slicing.anatomy import anatomy, runs
from wire.dialogue import Wire


def test_all_segments_of_a_message_belong_to_it(tmp_path: Path) -> None:
    w = Wire()
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049", mss=100)
    c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=1).reply(clientid=0x11, confirm=7)
    c.call("SETCLIENTID", owner=b"x" * 600, verifier=1).reply(clientid=0x11, confirm=7)
    c.call("RENEW", clientid=0x11).reply()
    path = tmp_path / "a.pcap"
    w.write(path)
    with open_capture(path) as capture:
        found = anatomy(capture, lambda number: number)
    with open_capture(path) as capture:
        ends = sorted({id >> 12 for id, _ in messages(capture)})
    assert len(ends) == 6
    first, _, long, _, _, _ = ends
    mask = runs(found, found.at(ends), found.at([long]))
    frames = found.places[mask].tolist()
    own = found.places[(found.sources == found.sources[found.at([long])][0]) & found.payload]
    assert frames == [frame for frame in own.tolist() if first <= frame <= long]
    assert len(frames) >= 7


def test_what_opens_and_closes_a_connection_is_known(tmp_path: Path) -> None:
    w = Wire()
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049")
    c.call("RENEW", clientid=0x11).reply()
    path = tmp_path / "a.pcap"
    w.write(path)
    with open_capture(path) as capture:
        found = anatomy(capture, lambda number: number)
    assert found.control.sum() >= 2
    assert len(found.ends) == 1
    assert not np.any(found.control & found.payload)
    assert found.of_conns(lambda ends: ("10.0.0.1", 2049) in ends).all()
    assert not found.of_conns(lambda ends: ("10.0.0.9", 2049) in ends).any()


def test_frames_that_are_not_there_are_none(tmp_path: Path) -> None:
    w = Wire()
    w.connect("10.0.0.11:871", "10.0.0.1:2049").call("RENEW", clientid=0x11).reply()
    path = tmp_path / "a.pcap"
    w.write(path)
    with open_capture(path) as capture:
        found = anatomy(capture, lambda number: number)
    assert found.at([2, 1, 2, 999]).tolist() == [0, 1]
    assert found.at([]).tolist() == []
