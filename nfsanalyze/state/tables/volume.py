"""Tables with a row a message, operation or renewal, made from arrays: a Python value a row would take minutes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import FRAME_SHIFT, NO_STATUS, Kind, Marks
from dissect.nfs4.const import Op, cb_op_name, op_name, status_name
from dissect.nfs4.const.rpc import RpcRefusal
from nfsanalyze.facts.schema import TABLES, polars_schema
from nfsanalyze.state.infer import Case

if TYPE_CHECKING:
    import polars as pl

Columns = dict[str, Any]
"""A list, or an array, or a pair of an array and a mask: where the mask is false the value is null."""

_PART = (1 << FRAME_SHIFT) - 1
_KINDS = ("other", "NULL", "COMPOUND", "CB_NULL", "CB_COMPOUND")
_CALLBACKS = (int(Kind.CB_COMPOUND_CALL), int(Kind.CB_COMPOUND_REPLY))
_VERIFIERS = (int(Op.WRITE), int(Op.COMMIT))


def rpc(case: Case) -> pl.DataFrame:
    """rpc."""
    m = case.trace.messages
    is_reply = (m["kind"] & 1).astype(bool)
    has_status = m["status"] != NO_STATUS
    frames = m["id"] >> np.uint64(FRAME_SHIFT)
    return _frame(
        "rpc",
        {
            **_message_columns(case, np.arange(len(m))),
            "kind": _named(m["kind"] >> 1, lambda kind: _KINDS[kind]),
            "direction": np.where(is_reply, "reply", "call"),
            "xid": m["xid"],
            "call_frame": (frames[m["answer"]], is_reply & (m["answer"] >= 0)),
            "reply_frame": (frames[m["answer"]], ~is_reply & (m["answer"] >= 0)),
            "prog": m["prog"],
            "minor_version": (m["minor"], m["minor"] >= 0),
            "ops": m["ops"],
            "status": (m["status"], has_status),
            "status_name": (_named(m["status"], _status_name), has_status),
            "marks": _named(m["marks"], _mark_names),
        },
    )


def ops(case: Case) -> pl.DataFrame:
    """ops."""
    o = case.trace.ops
    rows = o["row"]
    kinds = case.trace.messages["kind"][rows]
    is_reply = (kinds & 1).astype(bool)
    numbers = o["op"].astype(np.int64) + (np.isin(kinds, _CALLBACKS).astype(np.int64) << 16)
    lengths = np.array([len(key) for key in case.trace.keys])[o["key"]]
    verifier = is_reply & np.isin(o["op"], _VERIFIERS)
    sequence = o["op"] == int(Op.SEQUENCE)
    has_status = o["status"] != NO_STATUS

    def keyed(wanted: NDArray[np.bool_], text: bool = False) -> list[bytes | str | None]:
        keys = [f"0x{key.hex()}" if text else key for key in case.trace.keys]
        return [keys[key] if want else None for key, want in zip(o["key"].tolist(), wanted.tolist(), strict=True)]

    return _frame(
        "ops",
        {
            **_message_columns(case, rows),
            "index": o["index"],
            "direction": np.where(is_reply, "reply", "call"),
            "op": _named(numbers, lambda n: cb_op_name(n & 0xFFFF) if n >> 16 else op_name(n)),
            "status": (o["status"], has_status),
            "status_name": (_named(o["status"], _status_name), has_status),
            "clientid": keyed((lengths == 8) & ~verifier, text=True),
            "session_id": keyed(lengths == 16),
            "stateid": keyed(lengths == 12),
            "write_verifier": keyed((lengths == 8) & verifier),
            "slot": (o["slot"], sequence & (o["key"] != 0)),
            "sr_status_flags": (o["flags"], sequence & is_reply & (o["key"] != 0)),
        },
    )


def renewals(case: Case) -> pl.DataFrame:
    """renewals."""
    found = [lease for lease in case.leases if len(lease.times)]
    counts = [len(lease.times) for lease in found]
    conns = np.concatenate([lease.conns for lease in found]) if found else np.zeros(0, np.uint32)
    gaps = [np.concatenate([[np.nan], np.diff(lease.times) / 1e9]) for lease in found]
    gap_s = np.concatenate(gaps) if found else np.zeros(0)
    return _frame(
        "renewals",
        {
            "lease": np.repeat([lease.lease for lease in found], counts),
            "client": np.repeat([lease.client for lease in found], counts),
            "clientid": np.repeat([f"0x{lease.clientid.hex()}" for lease in found], counts),
            "frame": np.concatenate([lease.frames for lease in found]) if found else conns,
            "time": np.concatenate([lease.times for lease in found]) if found else conns,
            "conn": conns,
            "server_address": _named(conns, lambda conn: case.links[conn].server_address),
            "gap_s": (gap_s, ~np.isnan(gap_s)),
        },
    )


BUILDERS: dict[str, Callable[[Case], pl.DataFrame]] = {"rpc": rpc, "ops": ops, "renewals": renewals}


def _message_columns(case: Case, rows: NDArray[Any]) -> Columns:
    """What a row tells of its message and of that message's connection."""
    m = case.trace.messages
    ids, conns = m["id"][rows], m["conn"][rows]
    links, of = case.links, case.clients.of_conn
    ends = case.trace.connections
    return {
        "frame": ids >> np.uint64(FRAME_SHIFT),
        "part": ids & np.uint64(_PART),
        "time": m["time"][rows],
        "conn": conns,
        "client": _named(conns, of.get),
        # a connection that carries no NFS calls has no roles: its initiator stands for the client
        "client_address": _named(conns, lambda c: links[c].client_address if c in links else ends[c].initiator_address),
        "server_address": _named(conns, lambda c: links[c].server_address if c in links else ends[c].responder_address),
    }


def _status_name(number: int) -> str:
    return status_name(number) if number >= 0 else RpcRefusal(number).name if number < NO_STATUS else ""


def _mark_names(number: int) -> list[str]:
    return [mark.name or "" for mark in Marks if number & mark]


def _named(numbers: NDArray[Any], name: Callable[[int], Any]) -> list[Any]:
    """The name of each number; each name is made once."""
    distinct, places = np.unique(numbers, return_inverse=True)
    names = [name(number) for number in distinct.tolist()]
    return [names[place] for place in places.tolist()]


def _frame(name: str, columns: Columns) -> pl.DataFrame:
    """The table of these columns, as its schema has them."""
    import polars as pl

    series = []
    for column, kind in polars_schema(name).items():
        values = columns[column]
        array, mask = values if isinstance(values, tuple) else (values, None)
        if mask is not None:
            array = np.where(mask, array, 0) if isinstance(array, np.ndarray) else array
        made = pl.Series(column, array, dtype=kind if isinstance(array, list) else None).cast(kind)
        series.append(made if mask is None else made.scatter(np.flatnonzero(~mask), None))
    return pl.DataFrame(series).sort(list(TABLES[name].sort), maintain_order=True)
