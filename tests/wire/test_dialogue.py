"""The dialogue language against tshark: what is said is what another decoder reads."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from wire.dialogue import Session, Wire, op

SESSION = bytes(range(16))


def tshark(path: Path, *fields: str, only: str = "nfs") -> list[dict[str, list[str]]]:
    """Fields of the frames that match, as another decoder reads them; RPC on 2049 whatever port the client has."""
    command = ["tshark", "-n", "-r", str(path), "-d", "tcp.port==2049,rpc", "-Y", only, "-T", "json"]
    command += ["-o", "tcp.try_heuristic_first:TRUE", "-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE"]
    for name in ("frame.number", *fields):
        command += ["-e", name]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows: list[dict[str, Any]] = [packet["_source"]["layers"] for packet in json.loads(done.stdout or "[]")]
    return rows


def every_operation() -> Wire:
    w = Wire(start="2026-11-22T12:00:00")
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049", client_mac="02:00:00:00:00:0b", server_mac="02:00:00:00:00:01")
    c.null().reply_null()
    c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=1, cb="10.0.0.11").reply(clientid=0x11, confirm=7)
    c.call("SETCLIENTID_CONFIRM", clientid=0x11, confirm=7).reply()
    c.call("SETCLIENTID", owner=b"other", verifier=2).reply("NFS4ERR_CLID_INUSE", cb="10.0.0.99", cb_port=700)
    c.compound(["PUTROOTFH", "GETFH", op("GETATTR", attributes=["lease_time", "fsid"])]).reply(
        [{}, {"handle": b"root"}, {"lease_time": 90, "fsid": (1, 2)}]
    )
    c.compound([op("PUTFH", handle=b"dir"), op("LOOKUP", name="f1"), "GETFH"]).reply([{}, "NFS4ERR_NOENT"])
    c.compound(["PUTROOTFH", op("GETATTR", attributes=["fs_locations"])]).reply(
        [{}, {"fs_locations": ("/bar", [(["10.0.0.2"], "/bar")])}]
    )
    opened = (1, b"opened")
    claims: list[dict[str, Any]] = [
        {"claim": "CLAIM_NULL", "name": "f1", "create": {"size": 0, "mode": 0o644}},
        {"claim": "CLAIM_PREVIOUS", "delegation": "READ"},
        {"claim": "CLAIM_DELEGATE_CUR", "stateid": (1, b"deleg"), "name": "f1"},
        {"claim": "CLAIM_DELEGATE_PREV", "name": "f1"},
    ]
    for claim in claims:
        c.compound([op("PUTFH"), op("OPEN", clientid=0x11, **claim), "GETFH"]).reply(
            [{}, {"stateid": opened, "delegation": "WRITE"}, {"handle": b"f1"}]
        )
    c.compound([op("PUTFH"), op("OPEN_CONFIRM", stateid=opened)]).reply([{}, {"stateid": opened}])
    for reclaim in (False, True):
        c.compound([op("PUTFH"), op("LOCK", open_stateid=opened, clientid=0x11, reclaim=reclaim)]).reply(
            [{}, {"stateid": (1, b"lock")}]
        )
    c.compound([op("PUTFH"), op("LOCK", stateid=(1, b"lock"))]).reply([{}, "NFS4ERR_DENIED"])
    c.compound([op("PUTFH"), op("LOCKU", stateid=(1, b"lock"))]).reply([{}, {"stateid": (2, b"lock")}])
    c.compound([op("PUTFH"), op("READ", stateid=opened)]).reply([{}, {"data": b"x" * 5000}])
    c.compound([op("PUTFH"), op("WRITE", stateid=opened, data=b"y" * 5000)]).reply([{}, {"count": 5000, "verifier": 9}])
    c.compound([op("PUTFH"), op("COMMIT")]).reply([{}, {"verifier": 9}])
    c.compound([op("PUTFH"), op("DELEGRETURN", stateid=(1, b"deleg"))]).reply([{}, {}])
    c.compound([op("PUTFH"), op("CLOSE", stateid=opened)], fragment=40).reply([{}, {"stateid": (2, b"opened")}])
    c.call("RENEW", clientid=0x11).reply("NFS4ERR_STALE_CLIENTID")
    back = w.connect("10.0.0.1:900", "10.0.0.11:41389", machinename=None)
    back.null(program=0x40000000, version=1).reply_null()
    c.close()

    four_one = w.connect("10.0.0.12:872", "10.0.0.1:2049", minor=1, machinename=b"web02")
    four_one.call(
        "EXCHANGE_ID", owner=b"Linux NFSv4.1 web02", verifier=3, impl=("kernel.org", "Linux 6.1"), mach_cred=True
    ).reply(clientid=0x22, major_id=b"hn1", scope=b"hn1", impl=("kernel.org", "Linux 6.1"), mach_cred=True)
    four_one.call("CREATE_SESSION", clientid=0x22, sequence=1).reply(session=SESSION)
    s = Session(session=SESSION)
    four_one.call("RECLAIM_COMPLETE", session=s).reply()
    four_one.call("TEST_STATEID", session=s, stateids=[(1, b"a"), (1, b"b")]).reply(statuses=[0, 10025])
    four_one.call("FREE_STATEID", session=s, stateid=(1, b"b")).reply("NFS4ERR_BAD_STATEID")
    for claim in ("CLAIM_FH", "CLAIM_DELEG_CUR_FH", "CLAIM_DELEG_PREV_FH"):
        four_one.compound([op("PUTFH"), op("OPEN", claim=claim)], session=s).reply([{}, {"delegation": "READ"}])
    four_one.callback([op("CB_SEQUENCE", session=SESSION), op("CB_RECALL", stateid=(1, b"deleg"))]).reply(
        [{"session": SESSION}, {}]
    )
    four_one.call("LOOKUP", session=s, name="f").reply(sequence_status="NFS4ERR_BADSESSION")
    four_one.compound([op("BIND_CONN_TO_SESSION", session=SESSION)]).reply([{"session": SESSION}])
    four_one.compound([op("DESTROY_SESSION", session=SESSION)]).reply()
    four_one.compound([op("DESTROY_CLIENTID", clientid=0x22)]).reply("NFS4ERR_CLIENTID_BUSY")
    four_one.reset(by="server")
    return w


def test_another_decoder_finds_every_operation_and_nothing_malformed(tmp_path: Path) -> None:
    w = every_operation()
    path = w.write(tmp_path / "every.pcap")
    bad = "_ws.malformed || _ws.expert.severity >= 8388608 || tcp.checksum.status == 0 || ip.checksum.status == 0"
    assert tshark(path, only=bad) == []
    seen = {number for row in tshark(path, "nfs.opcode") for number in row.get("nfs.opcode", [])}
    assert seen >= {str(n) for n in (*range(4, 6), 8, 9, 10, 12, 14, 15, 18, 20, 22, 24, 25, 30, 35, 36, 38)}
    assert seen >= {str(n) for n in (41, 42, 43, 44, 45, 53, 55, 57, 58)}


def test_values_arrive_as_they_were_said(tmp_path: Path) -> None:
    w = Wire(start="2026-11-22T12:00:00")
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049")
    asked = c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=0x18EA6A5F88AA5FDC, cb="10.0.0.11", ident=1)
    asked.reply(clientid=0xF815036B0EFDDB96, confirm=bytes(8))
    w.wait(seconds=6.9)
    stale = c.call("RENEW", clientid=0xF815036B0EFDDB96).reply("NFS4ERR_STALE_CLIENTID")
    path = w.write(tmp_path / "said.pcap")
    rows = {
        int(row["frame.number"][0]): row
        for row in tshark(
            path, "nfs.clientid", "nfs.nfs_client_id4.id", "nfs.verifier4", "nfs.status", "frame.time_epoch"
        )
    }
    assert list(rows) == [asked.frame, asked.answer, stale.frame, stale.answer]
    assert rows[asked.frame]["nfs.nfs_client_id4.id"] == [b"Linux NFSv4.0 web01".hex()]
    assert rows[asked.answer]["nfs.clientid"] == ["0xf815036b0efddb96"]
    assert "10022" in rows[stale.answer]["nfs.status"]
    assert rows[asked.frame]["frame.time_epoch"][0].startswith("1795348800.004")


def test_a_move_of_an_address_is_seen_on_the_link(tmp_path: Path) -> None:
    w = Wire()
    w.arp("10.0.0.2", "02:00:00:00:00:02", asked_by="10.0.0.11")
    w.arp("10.0.0.2", "02:00:00:00:00:01", gratuitous=True)
    w.arp("fd00::2", "02:00:00:00:00:01", gratuitous=True)
    c = w.connect("10.0.0.11:871", "10.0.0.2:2049", handshake="refused")
    c6 = w.connect("[fd00::11]:871", "[fd00::2]:2049")
    c6.reset(by="server")
    path = w.write(tmp_path / "move.pcap")
    arps = tshark(path, "arp.src.hw_mac", "arp.isgratuitous", only="arp")
    assert [row["arp.src.hw_mac"] for row in arps][1:] == [["02:00:00:00:00:02"], ["02:00:00:00:00:01"]]
    assert len(tshark(path, only="icmpv6.type == 136 && icmpv6.checksum.status == 1")) == 1
    resets = tshark(path, "eth.src", only="tcp.flags.reset == 1")
    assert [row["eth.src"] for row in resets] == [["02:00:00:00:00:01"]] * 2
    assert c.client == ("10.0.0.11", 871)


def test_what_is_repeated_or_lost_is_so_for_another_decoder(tmp_path: Path) -> None:
    w = Wire()
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049")
    first = c.call("RENEW", clientid=1)
    c.repeat(first)
    first.reply()
    c.call("RENEW", clientid=1, lost=True).reply()
    path = w.write(tmp_path / "loss.pcap")
    assert len(tshark(path, only="tcp.analysis.retransmission || tcp.analysis.fast_retransmission")) == 1
    assert len(tshark(path, only="tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment")) == 1
