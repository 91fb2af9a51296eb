"""What is found in a form: by nfsanalyze, and by tshark's own dissection."""

from __future__ import annotations

import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from decoded import Decoded
from forms.base import Record, held, owners, talk
from forms.catalogue import Made

from dissect.nfs4.batch import Kind
from dissect.nfs4.capture import open_capture
from dissect.nfs4.decoder import decode, decoding
from dissect.nfs4.types import EXCHANGE_ID4args, PartialOwner, SETCLIENTID4args

Message = tuple[int, bool]
"""xid, and whether it is a reply."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """COMPOUNDs, each once a connection, and the owners that clients gave, each once a call."""

    compounds: Counter[Message]
    owners: Counter[bytes]

    def of(self, other: Found) -> tuple[int, int]:
        """How many of the other's owners and COMPOUNDs are here."""
        return (self.owners & other.owners).total(), (self.compounds & other.compounds).total()


def present(made: Made) -> Found:
    """What the octets hold."""
    calls = held(made.records, made.segs)
    named = [record for record in made.records if record.owner is not None]
    kept = owners(named, made.segs)
    return Found(compounds=_counted(made, calls), owners=Counter(kept))


def spoken(made: Made) -> Found:
    """All that was said, whether it is held or not: what is found beside this was never there."""
    return Found(
        compounds=_counted(made, [record for record in made.records if record.compound]),
        owners=Counter(record.owner for record in made.records if record.owner is not None),
    )


def _counted(made: Made, records: Iterable[Record]) -> Counter[Message]:
    once = {(_apart(made, r.way[0]), int.from_bytes(r.octets[:4], "big"), r.reply) for r in records}
    return Counter((xid, reply) for _, xid, reply in once)


def _apart(made: Made, conn: int) -> object:
    if made.apart == "connections":
        return conn
    client, server = talk().ends[conn]
    return (client, server) if made.apart == "ends" else (client[0], server[0])


_COMPOUNDS = (Kind.COMPOUND_CALL, Kind.COMPOUND_REPLY)


def by_nfsanalyze(path: Path, *, fast: bool) -> Found:
    """What the decoders find, with tshark's help where they ask for it."""
    capture = open_capture(path)
    way = decoding([capture], "auto")
    way.fast = fast
    decoded = Decoded(decode(capture, way, capture.again))
    assert way.failure is None, way.failure
    once = {(row[2], row[5], bool(row[4] & 1)) for row in decoded.messages if row[4] in _COMPOUNDS}
    said = {row[0]: (row[2], row[5]) for row in decoded.messages}
    named = {(said[id], owner) for id, _, value in decoded.details if (owner := _owner(value)) is not None}
    return Found(compounds=Counter((xid, reply) for _, xid, reply in once), owners=Counter(owner for _, owner in named))


def _owner(value: object) -> bytes | None:
    """A whole owner, also of a call that is cut behind it."""
    if isinstance(value, SETCLIENTID4args):
        return value.id
    if isinstance(value, PartialOwner):
        return value.owner if len(value.owner) == value.length else None
    return value.co_ownerid if isinstance(value, EXCHANGE_ID4args) else None


TOLD = ("-o", "tcp.try_heuristic_first:TRUE", "-o", "tcp.reassemble_out_of_order:TRUE", "-d", "tcp.port==2049,rpc")
"""What helps tshark to find NFS."""


def by_tshark(path: Path, options: Sequence[str] = ()) -> Found:
    """The messages in frames that tshark calls NFS. Its exit status is no matter: files may be cut short."""
    fields = (
        "rpc.xid",
        "rpc.msgtyp",
        "nfs.procedure_v4",
        "nfs.nfs_client_id4.id",
        "nfs.data",
        "tcp.stream",
        "udp.stream",
    )
    command = ["tshark", "-n", "-r", str(path), "-Y", "nfs", *options, "-T", "fields", "-E", "separator=|"]
    command += [part for field in fields for part in ("-e", field)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    once: set[tuple[str, int, bool]] = set()
    named: set[tuple[str, int, str]] = set()
    for line in done.stdout.splitlines():
        xids, kinds, procedures, ids, data, tcp, udp = line.split("|")
        stream = f"{tcp} {udp}"
        messages = list(zip(xids.split(","), kinds.split(","), procedures.split(","), strict=False))
        for xid, kind, procedure in messages:
            if procedure == "1":
                once.add((stream, int(xid, 16), kind == "1"))
        for owner in [*ids.split(","), *data.split(",")]:
            if owner and messages:
                named.add((stream, int(messages[0][0], 16), owner))
    return Found(
        compounds=Counter((xid, reply) for _, xid, reply in once),
        owners=Counter(bytes.fromhex(owner) for _, _, owner in named),
    )
