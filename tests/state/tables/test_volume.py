"""Tables with a row a message: they agree with the tables that count, and with either decoder."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from nfsanalyze.analysis import CaseTables, read_tables
from nfsanalyze.facts.schema import TABLES, VOLUME, polars_schema
from wire.dialogue import Wire

SAMPLES = Path(__file__).resolve().parents[3] / "samples"
NAMES = ("02-v40-ucs-takeover.pcapng", "04e-v42-multihomed-maxconnect.pcapng", "12-02-loss10pct.pcap")


@pytest.fixture(scope="module", params=NAMES)
def facts(request: pytest.FixtureRequest) -> CaseTables:
    return read_tables([str(SAMPLES / request.param)], wanted=VOLUME)


def test_they_keep_the_contract_of_their_schema(facts: CaseTables) -> None:
    for name in VOLUME:
        frame = facts.tables[name]
        assert dict(frame.schema) == polars_schema(name), name
        assert frame.equals(frame.sort(list(TABLES[name].sort), maintain_order=True)), name
        for column in TABLES[name].columns:
            if not column.nullable:
                assert frame[column.name].null_count() == 0, (name, column.name)


def test_they_are_built_only_where_they_are_wanted() -> None:
    path = str(SAMPLES / NAMES[0])
    assert not set(VOLUME) & set(read_tables([path]).tables)
    assert set(VOLUME) & set(read_tables([path], wanted=("ops",)).tables) == {"ops"}


def test_messages_are_those_that_the_capture_counts(facts: CaseTables) -> None:
    captures, rpc = facts.tables["captures"], facts.tables["rpc"]
    assert rpc.height == captures["rpc_messages"].sum()
    fresh = rpc.filter((pl.col("kind") == "COMPOUND") & ~pl.col("marks").list.contains("RETRANSMITTED"))
    assert fresh.filter(pl.col("direction") == "call").height == captures["nfs4_calls"].sum()
    assert fresh.filter(pl.col("direction") == "reply").height == captures["nfs4_replies"].sum()


def test_calls_and_replies_name_each_other(facts: CaseTables) -> None:
    rpc = facts.tables["rpc"]
    replies = rpc.filter(pl.col("call_frame").is_not_null()).select("conn", "xid", "frame", "call_frame")
    calls = rpc.filter(pl.col("reply_frame").is_not_null()).select("conn", "xid", "frame", "reply_frame")
    pairs = {(conn, xid, call, reply) for conn, xid, reply, call in replies.iter_rows()}
    assert pairs == set(calls.iter_rows())
    assert pairs


def test_renewals_are_those_that_leases_count(facts: CaseTables) -> None:
    counted = facts.tables["renewals"].group_by("lease").agg(pl.len().alias("renewals"), pl.col("gap_s").max())
    leases = facts.tables["leases"].filter(pl.col("renewals") > 0)
    assert dict(counted.select("lease", "renewals").iter_rows()) == dict(leases.select("lease", "renewals").iter_rows())
    gaps = dict(counted.select("lease", "gap_s").iter_rows())
    for lease, longest in leases.select("lease", "longest_gap_s").iter_rows():
        assert gaps[lease] == pytest.approx(longest) if longest is not None else gaps[lease] is None


def test_the_fast_decoder_gives_the_same_rows() -> None:
    path = str(SAMPLES / NAMES[1])
    one, two = (read_tables([path], wanted=VOLUME, decoder=decoder) for decoder in ("exact", "fast"))
    for name in VOLUME:
        assert one.tables[name].equals(two.tables[name]), name


def test_operations_tell_what_they_name(tmp_path: Path) -> None:
    w = Wire(start="2026-11-22T12:00:00")
    c = w.connect("10.0.0.11:871", "10.0.0.1:2049")
    c.call("SETCLIENTID", owner=b"Linux NFSv4.0 web01", verifier=1).reply(clientid=0x11, confirm=7)
    c.call("SETCLIENTID_CONFIRM", clientid=0x11, confirm=7).reply()
    c.call("RENEW", clientid=0x11).reply("NFS4ERR_STALE_CLIENTID")
    tables = read_tables([str(w.write(tmp_path / "case.pcap"))], wanted=VOLUME).tables
    told = tables["ops"].select("op", "direction", "status_name", "clientid").rows()
    assert ("RENEW", "call", None, "0x0000000000000011") in told
    assert ("RENEW", "reply", "NFS4ERR_STALE_CLIENTID", None) in told
    assert tables["renewals"].is_empty()
    assert tables["rpc"].filter(pl.col("status") == 10022)["status_name"].to_list() == ["NFS4ERR_STALE_CLIENTID"]
