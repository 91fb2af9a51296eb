"""Captures to measure with, made and grown under benchmarks/work: bulk transfer in two frame sizes, metadata, and the
making of files.

python benchmarks/recipes.py NAME MEGABYTES     # prints the path
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = HERE / "work"
sys.path[:0] = [str(HERE), str(HERE.parent / "tests")]

from grow import grow  # noqa: E402

from wire.dialogue import Connection, Session, Wire, op  # noqa: E402

SERVER, CLIENT = "10.0.0.1:2049", "10.0.0.11:871"
BOOT, HOST = b"\x81\x1a\x03\x6b", b"bench01"
CLIENTID = BOOT + b"\x01\0\0\0"
SESSION = CLIENTID + b"\x01\0\0\0\0\0\0\0"
MEBIBYTE = 1 << 20


def _mount(wire: Wire, mss: int) -> tuple[Connection, Session]:
    c = wire.connect(CLIENT, SERVER, minor=1, machinename=HOST, mss=mss)
    c.call("EXCHANGE_ID", owner=b"Linux NFSv4.1 " + HOST, verifier=1).reply(clientid=CLIENTID)
    c.call("CREATE_SESSION", clientid=CLIENTID).reply(session=SESSION)
    session = Session(session=SESSION)
    c.call("RECLAIM_COMPLETE", session=session).reply()
    return c, session


def _bulk(mss: int) -> Wire:
    """16 MiB written and 16 MiB read, 1 MiB a call, a GETATTR between, a SEQUENCE alone now and then."""
    wire = Wire(tick=0.00002)
    c, session = _mount(wire, mss)
    payload = random.Random(1).randbytes(MEBIBYTE)
    for i in range(16):
        c.compound([op("PUTFH"), op("WRITE", offset=i * MEBIBYTE, data=payload), op("GETATTR")], session=session).reply(
            [{}, {"count": MEBIBYTE, "verifier": 7}, {"size": i * MEBIBYTE}]
        )
        c.compound([op("PUTFH"), op("READ", offset=i * MEBIBYTE, count=MEBIBYTE)], session=session).reply(
            [{}, {"data": payload}]
        )
        c.compound([op("PUTFH"), op("GETATTR")], session=session).reply([{}, {"size": 1}])
        c.compound([], session=session).reply([])
    return wire


def _metadata() -> Wire:
    """10 000 small calls: GETATTR, LOOKUP, ACCESS, and an OPEN and CLOSE for one in fifty."""
    wire = Wire(tick=0.00002)
    c, session = _mount(wire, 1448)
    for i in range(10_000):
        if i % 50 == 0:
            c.compound([op("PUTFH"), op("OPEN", name=f"f{i}"), "GETFH", op("GETATTR")], session=session).reply(
                [{}, {}, {"handle": b"handle of file"}, {"size": i}]
            )
            c.compound([op("PUTFH"), op("CLOSE", stateid=(1, b"open"))], session=session).reply([{}, {}])
        elif i % 3 == 0:
            c.compound([op("PUTFH"), op("LOOKUP", name=f"f{i}"), "GETFH", op("GETATTR")], session=session).reply(
                [{}, {}, {"handle": b"handle of file"}, {"size": i}]
            )
        elif i % 3 == 1:
            c.compound([op("PUTFH"), op("ACCESS"), op("GETATTR")], session=session).reply([{}, {}, {"size": i}])
        else:
            c.compound([op("PUTFH"), op("GETATTR")], session=session).reply([{}, {"size": i}])
    return wire


def _creation() -> Wire:
    """3 000 files made: OPEN of a new name, a small WRITE, CLOSE: each message names state of its own."""
    wire = Wire(tick=0.00002)
    c, session = _mount(wire, 1448)
    for i in range(3_000):
        state, handle = (1, b"%012d" % i), b"handle of file %d" % i
        c.compound(
            [op("PUTFH"), op("OPEN", name=f"f{i}", create={"size": 0}), "GETFH", op("GETATTR")], session=session
        ).reply([{}, {"stateid": state}, {"handle": handle}, {"size": 0}])
        c.compound([op("PUTFH", handle=handle), op("WRITE", stateid=state, data=b"x" * 64)], session=session).reply(
            [{}, {"count": 64, "verifier": 7}]
        )
        c.compound([op("PUTFH", handle=handle), op("CLOSE", stateid=state)], session=session).reply([{}, {}])
    return wire


RECIPES: dict[str, Callable[[], Wire]] = {
    "bulk-1500": lambda: _bulk(1448),
    "bulk-64k": lambda: _bulk(62_000),
    "metadata": _metadata,
    "creation": _creation,
}


def made(name: str, megabytes: int) -> Path:
    """The capture of that recipe, of about so many megabytes; made once."""
    WORK.mkdir(exist_ok=True)
    target = WORK / f"{name}-{megabytes}.pcap"
    if not target.exists():
        unit = RECIPES[name]().write(WORK / f"{name}.unit")
        unfinished = target.with_suffix(".part")
        grow(unit, unfinished, max(1, round(megabytes * 10**6 / unit.stat().st_size)), (HOST, BOOT))
        unit.unlink()
        unfinished.rename(target)
    return target


def empty() -> Path:
    """A valid capture without a packet: what is left is start-up."""
    WORK.mkdir(exist_ok=True)
    return Wire().write(WORK / "empty.pcap")


if __name__ == "__main__":
    print(made(sys.argv[1], int(sys.argv[2])))
