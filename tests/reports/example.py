"""Fact tables written by hand: the columns that matter to a test; the rest is filled as the contract's types demand."""

from __future__ import annotations

from typing import Any

import polars as pl

from nfsanalyze.engine.finding import Evidence, Finding, NotEvaluable
from nfsanalyze.facts.schema import TABLES, polars_schema

START = 1_795_364_721_074_568_400
"""2026-11-22 16:25:21.074568400 UTC."""

NS = 10**9
OWNER = b"Linux NFSv4.0 client1"
HELD = "0x4117036b9ce58c0e"
LOST = "0x5817036b1de2a58f"
VERIFIER = "0x18ea6aae08e2fc4c"

_ZERO: dict[str, Any] = {
    "u32": 0,
    "u64": 1,
    "i32": 0,
    "i64": 0,
    "f64": 0.0,
    "bool": False,
    "str": "",
    "bin": b"",
    "time": START,
    "list[u64]": [],
    "list[str]": [],
}


def at(seconds: float) -> int:
    """ns, so many seconds after the start of the capture."""
    return START + round(seconds * NS)


def table(name: str, *rows: dict[str, Any]) -> pl.DataFrame:
    """A fact table of these rows; what a row leaves out is null where it may be, else the type's zero."""
    columns = {column.name: column for column in TABLES[name].columns}
    filled = []
    for row in rows:
        assert not row.keys() - columns.keys(), f"{name} has no {row.keys() - columns.keys()}"
        filled.append({key: row.get(key, None if c.nullable else _ZERO[c.dtype]) for key, c in columns.items()})
    schema = polars_schema(name)
    raw = {key: pl.Int64() if isinstance(kind, pl.Datetime) else kind for key, kind in schema.items()}
    return pl.DataFrame(filled, schema=raw, orient="row").cast(schema)  # type: ignore[arg-type]


def capture(**values: Any) -> dict[str, Any]:
    return {
        "capture": "case.pcapng",
        "path": "dir/case.pcapng",
        "format": "pcapng",
        "packets": 360,
        "first": START,
        "last": at(66.290299360),
        "link_types": ["ethernet"],
        "rpc_messages": 190,
        "decoded_fast": 0,
        "decoded_exact": 190,
        "decoded_tshark": 0,
        "nfs4_calls": 91,
        "nfs4_replies": 91,
        "snaplen_cut_packets": 0,
        "gaps": 0,
        "clock_group": 0,
        "clock_tie": "first",
        "clock_offset_s": 0.0,
        "clock_uncertainty_s": 0.0,
        "copies": 0,
        **values,
    }


def request(frame: int, server: str, clientid: str | None, **values: Any) -> dict[str, Any]:
    """A SETCLIENTID and its answer."""
    return {
        "frame": frame,
        "reply_frame": frame + 2,
        "time": at(frame / 10),
        "client": 1,
        "client_address": "10.0.0.11",
        "server_address": server,
        "server_port": 2049,
        "op": "SETCLIENTID",
        "owner": OWNER,
        "owner_text": OWNER.decode(),
        "owner_complete": True,
        "form": "linux",
        "uniform": True,
        "verifier": VERIFIER,
        "status": 0,
        "clientid": clientid,
        **values,
    }


def takeover_tables() -> dict[str, pl.DataFrame]:
    """A uniform client at two heads; head 2's address moves to head 1, which answers with the clientid held there."""
    return {
        "captures": table("captures", capture()),
        "connections": table(
            "connections",
            {"conn": 0, "client_address": "10.0.0.11", "server_address": "10.0.0.1", "server_port": 2049},
            {"conn": 1, "client_address": "10.0.0.11", "server_address": "10.0.0.2", "server_port": 2049},
            {
                "conn": 2,
                "client_address": "10.0.0.11",
                "server_address": "10.0.0.11",
                "server_port": 40000,
                "callback": True,
            },
        ),
        "clients": table(
            "clients",
            {
                "client": 1,
                "host": 1,
                "addresses": ["10.0.0.11"],
                "hostnames": ["client1"],
                "boot_verifier": VERIFIER,
                "implementation": "linux",
                "uniform": True,
                "first_frame": 10,
                "last_frame": 340,
            },
            {
                "client": 2,
                "host": 2,
                "addresses": ["10.0.0.12"],
                "hostnames": ["client2"],
                "implementation": "linux",
                "uniform": True,
                "first_frame": 20,
                "last_frame": 300,
            },
        ),
        "client_owners": table(
            "client_owners",
            request(10, "10.0.0.1", HELD),
            request(28, "10.0.0.1", HELD),
            request(87, "10.0.0.2", LOST),
            request(241, "10.0.0.2", HELD, reply_frame=242),
        ),
        "heads": table(
            "heads",
            {
                "head": 1,
                "address": "10.0.0.1",
                "first_frame": 10,
                "last_frame": 350,
                "first": at(0),
                "last": at(66),
                "instance": "4117036b",
            },
            {
                "head": 2,
                "address": "10.0.0.2",
                "first_frame": 87,
                "last_frame": 239,
                "first": at(3),
                "last": at(40),
                "instance": "5817036b",
            },
            {
                "head": 1,
                "address": "10.0.0.2",
                "first_frame": 241,
                "last_frame": 350,
                "first": at(46),
                "last": at(66),
                "instance": "4117036b",
            },
        ),
        "same_head": table(
            "same_head",
            {
                "address_a": "10.0.0.1",
                "address_b": "10.0.0.2",
                "first": at(46),
                "last": at(66),
                "proof": "instance",
                "proven": True,
                "frames": [12, 242],
            },
        ),
        "takeovers": table(
            "takeovers",
            {
                "takeover": 1,
                "address": "10.0.0.2",
                "kind": "takeover",
                "from_head": 2,
                "to_head": 1,
                "to_address": "10.0.0.1",
                "time": at(46),
                "first_frame": 237,
                "outage_s": 6.1,
                "score": 14,
            },
        ),
        "signals": table(
            "signals",
            {
                "takeover": 1,
                "address": "10.0.0.2",
                "other_address": "10.0.0.1",
                "signal": "S9",
                "weight": 6,
                "frame": 242,
                "time": at(46.2),
                "note": "clientid instance half 4117036b is that of 10.0.0.1",
            },
            {
                "takeover": 1,
                "address": "10.0.0.2",
                "signal": "S20",
                "weight": -1,
                "frame": 237,
                "time": at(46),
                "note": "STALE_CLIENTID",
            },
        ),
        "leases": table(
            "leases",
            {
                "lease": 1,
                "client": 1,
                "head": 1,
                "server_address": "10.0.0.1",
                "clientid": HELD,
                "origin_seen": True,
                "established_frame": 12,
                "confirmed_frame": 15,
                "confirmed": at(0.1),
                "first": at(0.1),
                "last_renewal": at(60),
                "renewals": 11,
                "lease_time_s": 15.0,
                "lease_time_source": "getattr",
                "end": "open",
                "frames": [12, 15, 197, 323],
            },
            {
                "lease": 2,
                "client": 1,
                "head": 2,
                "server_address": "10.0.0.2",
                "clientid": LOST,
                "origin_seen": True,
                "established_frame": 89,
                "first": at(3),
                "last_renewal": at(40),
                "renewals": 5,
                "lease_time_s": 15.0,
                "lease_time_source": "assumed",
                "end": "moved",
                "end_frame": 237,
                "frames": [89, 92, 200, 235],
            },
        ),
        "renewal_runs": table(
            "renewal_runs",
            {
                "lease": 1,
                "conn": 0,
                "server_address": "10.0.0.1",
                "how": "explicit",
                "first": at(20),
                "last": at(44),
                "count": 7,
                "longest_gap_s": 10.5,
            },
            {
                "lease": 1,
                "conn": 1,
                "server_address": "10.0.0.2",
                "how": "explicit",
                "first": at(50),
                "last": at(60),
                "count": 4,
                "longest_gap_s": 5.0,
            },
        ),
        "sessions": table(
            "sessions",
            {
                "session_id": bytes(range(16)),
                "clientid": HELD,
                "client": 1,
                "server_address": "10.0.0.1",
                "server_addresses": ["10.0.0.2", "10.0.0.1"],
                "connections": 2,
                "backchannel": True,
                "first_frame": 40,
                "last_frame": 300,
            },
        ),
        "recoveries": table(
            "recoveries",
            {
                "recovery": 1,
                "client": 1,
                "server_address": "10.0.0.2",
                "takeover": 1,
                "takeover_kind": "takeover",
                "trigger_status": 10022,
                "trigger_frame": 237,
                "first_frame": 237,
                "last_frame": 259,
                "first": at(46),
                "last": at(49.2),
                "old_clientid": LOST,
                "new_clientid": HELD,
                "live_at": "10.0.0.1",
                "live_lease": 1,
                "detection": "none",
                "reclaims": 1,
                "reclaims_failed": 1,
                "outcome": "recovered-with-loss",
                "seconds": 3.2,
                "frames": [237, 241, 242],
            },
        ),
        "lost_state": table(
            "lost_state",
            {
                "frame": 259,
                "time": at(49.2),
                "client": 1,
                "server_address": "10.0.0.2",
                "recovery": 1,
                "kind": "lock",
                "status_name": "NFS4ERR_NO_GRACE",
                "name": "locked.txt",
                "filehandle": b"\x01\x02",
            },
        ),
        "decode_notes": table(
            "decode_notes",
            {
                "capture": "case.pcapng",
                "decoder": "exact",
                "reason": "unknown operation",
                "decoded": False,
                "count": 2,
                "first_frame": 77,
                "last_frame": None,
            },
            {
                "capture": "case.pcapng",
                "decoder": "tshark",
                "reason": "tunnel: GTP-U",
                "decoded": True,
                "count": 12,
                "first_frame": 80,
                "last_frame": 91,
            },
        ),
    }


def finding(rule: str = "NFS208", severity: str = "critical", **values: Any) -> Finding:
    fields: dict[str, Any] = {
        "id": f"{rule}-1",
        "rule": rule,
        "name": "reclaim-failed",
        "severity": severity,
        "confidence": "high",
        "title": "A reclaim was refused",
        "message": "10.0.0.11 could not reclaim 1 lock at 10.0.0.2",
        "client": "c1",
        "servers": ("10.0.0.2",),
        "clientids": (HELD,),
        "capture": "case.pcapng",
        "frames": (248, 259),
        "evidence": (
            Evidence(capture="case.pcapng", frame=248, time=at(48.5), note="OPEN CLAIM_PREVIOUS of locked.txt"),
            Evidence(capture="case.pcapng", frame=259, time=at(49.2), note="NFS4ERR_NO_GRACE"),
        ),
        "first": at(48.5),
        "last": at(49.2),
        "filter": "frame.number in {248, 259}",
        "fix": "Give the moved address a grace period.\n- See the server's manual.",
        "references": ("RFC 7530 section 9.6.2",),
    }
    return Finding(**{**fields, **values})


def trunking_gap() -> Finding:
    return finding(
        "NFS301",
        "high",
        name="trunking-gap-after-takeover",
        title="No trunking detection after a takeover",
        frames=(241, 242, 243),
    )


def doubt(
    rule: str = "NFS103",
    subject: str = "10.0.0.11 → 10.0.0.2",
    reason: str = "the capture begins after the mount",
    kinds: tuple[str, ...] = ("origin",),
) -> NotEvaluable:
    return NotEvaluable(rule=rule, subject=subject, reason=reason, kinds=kinds)
