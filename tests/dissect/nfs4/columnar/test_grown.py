"""Captures grown to several chunks: both decoders say the same of them, read as large ones are."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from same import compare

from dissect.nfs4.columnar.decode import CHUNK_BYTES
from wire.dialogue import Session, Wire, op

ROOT = Path(__file__).parents[4]
SESSION = b"0123456789abcdef"


def grown(wire: Wire, folder: Path, copies: int) -> bytes:
    grow = loaded("grow")
    source, target = wire.write(folder / "unit.pcap"), folder / "grown.pcap"
    grow.grow(source, target, copies, (b"bench01",))
    return target.read_bytes()


def loaded(name: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "benchmarks" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def talk(wire: Wire, kind: str) -> None:
    connection = wire.connect("10.0.0.11:871", "10.0.0.1:2049", minor=1, machinename=b"bench01", mss=1448)
    connection.call("EXCHANGE_ID", owner=b"Linux NFSv4.1 bench01", verifier=1).reply(clientid=b"clientid")
    connection.call("CREATE_SESSION", clientid=b"clientid").reply(session=SESSION)
    session = Session(session=SESSION)
    payload = bytes(range(256)) * 1024
    for n in range(4 if kind == "bulk" else 200):
        if kind == "bulk":
            call = connection.compound([op("PUTFH"), op("WRITE", data=payload), op("GETATTR")], session=session)
            call.reply([{}, {"count": len(payload), "verifier": 7}, {"size": 1}])
            connection.compound([op("PUTFH"), op("READ", count=len(payload))], session=session).reply(
                [{}, {"data": payload}]
            )
        elif n % 20:
            connection.compound([op("PUTFH"), op("LOOKUP", name=f"f{n}"), op("GETATTR")], session=session).reply(
                [{}, {}, {"size": n}]
            )
        else:
            connection.compound([op("PUTFH"), op("OPEN", name=f"f{n}"), "GETFH"], session=session).reply(
                [{}, {}, {"handle": b"handle of file"}]
            )
    connection.close()


@pytest.mark.parametrize(("kind", "copies"), [("bulk", 18), ("metadata", 60)])
def test_both_decoders_agree_on_a_grown_capture(kind: str, copies: int, tmp_path: Path) -> None:
    wire = Wire(tick=0.00002)
    talk(wire, kind)
    data = grown(wire, tmp_path, copies)
    assert len(data) > 4 << 20
    compare(data, CHUNK_BYTES, len(data) // 5)
