"""Long forms and short forms as they crossed the wire: SETCLIENTID, EXCHANGE_ID, and what confirms, binds and ends
them."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from dissect.nfs4 import types as t
from dissect.nfs4.batch import Credential
from dissect.nfs4.const import AuthFlavor
from dissect.nfs4.dataclass import dataclass, replace
from nfsanalyze.facts import embedded
from nfsanalyze.facts.exchange import Exchange
from nfsanalyze.facts.owners import Owner, recognise
from nfsanalyze.facts.printable import printable
from nfsanalyze.facts.roles import Link


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientOwner:
    """One SETCLIENTID or EXCHANGE_ID with its answer. Bytes are wire bytes; `identity` is the owner with the server's
    address taken out, equal for all owners of one host and minor version that differ in nothing else."""

    frame: int
    reply_frame: int | None
    time: int
    reply_time: int | None
    link: Link
    minor: int
    op: str
    owner: bytes
    complete: bool
    "False where the capture holds only the beginning of the owner: then nothing is read out of it"
    verifier: bytes
    says: Owner
    identity: bytes
    principal: str | None
    server_hit: embedded.Hit | None
    client_hit: embedded.Hit | None
    other_hit: embedded.Hit | None
    cb: tuple[str, int] | None
    cb_program: int | None
    cb_ident: int | None
    eia_flags: int | None
    status: int | None
    clientid: bytes | None
    confirm_verifier: bytes | None
    holder: tuple[str, int] | None
    "callback address of the client that holds the owner, in the answer CLID_INUSE (RFC 7530 section 16.33.3)"
    eir_flags: int | None
    eir_sequenceid: int | None
    so_major_id: bytes | None
    so_minor_id: int | None
    eir_server_scope: bytes | None
    impl_domain: bytes | None
    impl_name: bytes | None

    @property
    def uniform(self) -> bool | None:
        """Uniform by its format; an owner that holds the server's address never is."""
        return False if self.server_hit else self.says.uniform


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirm:
    """One request that makes, binds or ends a clientid or session."""

    frame: int
    reply_frame: int | None
    time: int
    reply_time: int | None
    link: Link
    minor: int
    op: str
    clientid: bytes | None
    confirm_verifier: bytes | None = None
    session_id: bytes | None = None
    sequenceid: int | None = None
    flags: int | None = None
    status: int | None


def client_owners(exchanges: Iterable[Exchange]) -> list[ClientOwner]:
    """All identity requests, by frame; embedded server addresses found by text, by packed form, then by comparison."""
    found = []
    for e in exchanges:
        for index, args in e.args.items():
            if isinstance(args, t.SETCLIENTID4args):
                found.append(_setclientid(e, index, args))
            elif isinstance(args, t.EXCHANGE_ID4args):
                found.append(_exchange_id(e, index, args))
            elif isinstance(args, t.PartialOwner):
                op = "SETCLIENTID" if e.minor == 0 else "EXCHANGE_ID"
                found.append(
                    _owner(
                        e,
                        index,
                        op,
                        args.owner,
                        args.verifier,
                        None,
                        complete=args.complete,
                        **_granted(e.results.get(index)),
                    )
                )
    found.sort(key=lambda o: o.frame)
    return _compared(found)


def _setclientid(e: Exchange, index: int, args: t.SETCLIENTID4args) -> ClientOwner:
    return _owner(
        e,
        index,
        "SETCLIENTID",
        args.id,
        args.verifier,
        None,
        cb=uaddr(args.na_r_addr),
        cb_program=args.cb_program,
        cb_ident=args.callback_ident,
        **_granted(e.results.get(index)),
    )


def _exchange_id(e: Exchange, index: int, args: t.EXCHANGE_ID4args) -> ClientOwner:
    mine = args.eia_client_impl_id
    return _owner(
        e,
        index,
        "EXCHANGE_ID",
        args.co_ownerid,
        args.co_verifier,
        mine.nii_domain if mine else None,
        eia_flags=args.eia_flags,
        **_granted(e.results.get(index)),
    )


def _granted(result: object) -> dict[str, Any]:
    """What an accepted request was answered with, by the names of the fields of ClientOwner."""
    match result:
        case t.SETCLIENTID4resok():
            return {"clientid": result.clientid, "confirm_verifier": result.setclientid_confirm}
        case t.SETCLIENTID4inuse():
            return {"holder": uaddr(result.na_r_addr)}
        case t.EXCHANGE_ID4resok():
            server = result.eir_server_impl_id
            return {
                "clientid": result.eir_clientid,
                "eir_flags": result.eir_flags,
                "eir_sequenceid": result.eir_sequenceid,
                "so_major_id": result.so_major_id,
                "so_minor_id": result.so_minor_id,
                "eir_server_scope": result.eir_server_scope,
                "impl_domain": server.nii_domain if server else None,
                "impl_name": server.nii_name if server else None,
            }
    return {}


def _owner(
    e: Exchange,
    index: int,
    op: str,
    owner: bytes,
    verifier: bytes,
    client_domain: bytes | None,
    *,
    complete: bool = True,
    **answer: Any,
) -> ClientOwner:
    says = recognise(owner if complete else b"", impl_domain=client_domain)
    server, client = embedded.canonical(e.link.server_address), embedded.canonical(e.link.client_address)
    hits = embedded.textual(owner) if complete else []
    server_hit = next((h for h in reversed(hits) if h.address == server), None)
    if says.uniform:  # one string for all servers: an address in it is part of a name
        server_hit = None
    elif server_hit is None and server is not None and complete:
        server_hit = embedded.packed_at(owner, server, (e.link.server_port,))
    rest = [h for h in hits if h is not server_hit]
    client_hit = next((h for h in rest if h.address == client), None)
    if client_hit is None and client is not None and client != server and complete:
        client_hit = embedded.packed_at(owner, client)
    if client_hit is None and says.client_address is not None:
        said = embedded.canonical(says.client_address.decode("ascii"))
        client_hit = next((h for h in rest if h.address == said), None)
    other_hit = next((h for h in rest if h is not client_hit and h.address not in (server, client)), None)
    fields: dict[str, Any] = {
        "cb": None,
        "cb_program": None,
        "cb_ident": None,
        "eia_flags": None,
        "clientid": None,
        "confirm_verifier": None,
        "holder": None,
        "eir_flags": None,
        "eir_sequenceid": None,
        "so_major_id": None,
        "so_minor_id": None,
        "eir_server_scope": None,
        "impl_domain": None,
        "impl_name": None,
    }
    return ClientOwner(
        frame=e.frame,
        reply_frame=e.reply_frame,
        time=e.time,
        reply_time=e.reply_time,
        link=e.link,
        minor=e.minor,
        op=op,
        owner=owner,
        complete=complete,
        verifier=verifier,
        says=says,
        identity=embedded.without(owner, server_hit) if server_hit else owner,
        principal=principal(e.credential),
        server_hit=server_hit,
        client_hit=client_hit,
        other_hit=other_hit,
        status=e.status(index),
        **(fields | answer),
    )


Reading = tuple[str, bytes]
"""One way to read a server address out of an owner: as text or packed, and what is left without it."""

Sent = tuple[bytes, str]
"""An owner, and the server address it was sent to."""


def _compared(found: Sequence[ClientOwner]) -> list[ClientOwner]:
    """Owners without a visible address, compared with the others of the same source or boot verifier: the same but for
    the address is what reads the same without it, so that no two need to be laid side by side."""
    kin: dict[tuple[object, ...], dict[Sent, int]] = defaultdict(dict)
    reads: dict[Sent, dict[Reading, embedded.Hit]] = {}
    alike: dict[tuple[object, ...], list[Sent]] = defaultdict(list)
    for o in found:
        sent = o.owner, o.link.server_address
        if sent not in reads:
            reads[sent] = {(kind, rest): hit for kind, rest, hit in embedded.readings(*sent)}
        for shared in _kinships(o):
            if sent not in kin[shared]:
                kin[shared][sent] = len(kin[shared])
                for reading in reads[sent]:
                    alike[*shared, reading].append(sent)
    out = []
    for o in found:
        if o.server_hit is None and o.says.uniform is not True and o.complete:
            sent = o.owner, o.link.server_address
            # the first that differs decides, of those of the same source before those of the same verifier
            first: list[tuple[int, int, str, embedded.Hit]] = []
            for rank, shared in enumerate(_kinships(o)):
                for reading, hit in reads[sent].items():
                    other = next((x for x in alike[*shared, reading] if x[0] != sent[0] and x[1] != sent[1]), None)
                    if other is not None:
                        first.append((rank, kin[shared][other], reading[0], hit))
            if first:
                *_, nearest = min(first, key=lambda each: (each[0], each[1], each[2] != "text"))
                hit = replace(nearest, how="differential")
                o = replace(o, server_hit=hit, identity=embedded.without(o.owner, hit))
        out.append(o)
    return out


def _kinships(o: ClientOwner) -> tuple[tuple[object, ...], ...]:
    """What one client's owners have in common: the source, or the boot verifier."""
    return ("source", o.minor, o.link.client_address), ("verifier", o.minor, o.verifier)


def confirms(exchanges: Iterable[Exchange]) -> list[Confirm]:
    """SETCLIENTID_CONFIRM, CREATE_SESSION, BIND_CONN_TO_SESSION, DESTROY_*, RECLAIM_COMPLETE, by frame."""
    found = []
    for e in exchanges:
        for index, args in e.args.items():
            fields = _confirm_fields(args, e.results.get(index), e.session)
            if fields is not None:
                found.append(
                    Confirm(
                        frame=e.frame,
                        reply_frame=e.reply_frame,
                        time=e.time,
                        reply_time=e.reply_time,
                        link=e.link,
                        minor=e.minor,
                        status=e.status(index),
                        **fields,
                    )
                )
    return sorted(found, key=lambda c: c.frame)


def _confirm_fields(args: object, result: object, session: bytes | None) -> dict[str, Any] | None:
    match args:
        case t.SETCLIENTID_CONFIRM4args():
            return {
                "op": "SETCLIENTID_CONFIRM",
                "clientid": args.clientid,
                "confirm_verifier": args.setclientid_confirm,
            }
        case t.CREATE_SESSION4args():
            ok = result if isinstance(result, t.CREATE_SESSION4resok) else None
            return {
                "op": "CREATE_SESSION",
                "clientid": args.csa_clientid,
                "session_id": ok.csr_sessionid if ok else None,
                "sequenceid": args.csa_sequence,
                "flags": ok.csr_flags if ok else None,
            }
        case t.BIND_CONN_TO_SESSION4args():
            return {
                "op": "BIND_CONN_TO_SESSION",
                "clientid": None,
                "session_id": args.bctsa_sessid,
                "flags": args.bctsa_dir,
            }
        case t.DESTROY_SESSION4args():
            return {"op": "DESTROY_SESSION", "clientid": None, "session_id": args.dsa_sessionid}
        case t.DESTROY_CLIENTID4args():
            return {"op": "DESTROY_CLIENTID", "clientid": args.dca_clientid}
        case t.RECLAIM_COMPLETE4args():
            return {
                "op": "RECLAIM_COMPLETE",
                "clientid": None,
                "session_id": session,
                "flags": int(args.rca_one_fs),
            }
    return None


_UADDR = re.compile(r"(?P<host>.*)\.(?P<hi>\d{1,3})\.(?P<lo>\d{1,3})")


def uaddr(text: bytes) -> tuple[str, int] | None:
    """A universal address (RFC 5665 section 5.2.3.3) as (address, port); None where it is empty or none."""
    found = _UADDR.fullmatch(text.decode("ascii", "replace"))
    if found is None or int(found["hi"]) > 255 or int(found["lo"]) > 255:
        return None
    address = embedded.canonical(found["host"])
    return (address, int(found["hi"]) * 256 + int(found["lo"])) if address is not None else None


def principal(credential: Credential | None) -> str | None:
    """Who the request says it comes from, as far as the credential tells."""
    if credential is None:
        return None
    if credential.flavor == AuthFlavor.AUTH_SYS:
        return f"sys:{credential.uid}@{printable(credential.machinename or b'')}"
    return "gss" if credential.flavor == AuthFlavor.RPCSEC_GSS else f"flavor {credential.flavor}"
