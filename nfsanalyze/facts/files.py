"""Opens, locks and delegations by stateid, and the files they are on: what a client has to lose."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dissect.nfs4 import types as t
from dissect.nfs4.const import OpenClaim
from nfsanalyze.facts.exchange import Exchange
from nfsanalyze.facts.roles import Link
from nfsanalyze.facts.trace import frame_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One stateid as it was granted. `kind`: open, lock, delegation. `until`: frame in which it was given back, if it
    was."""

    other: bytes
    kind: str
    link: Link
    clientid: bytes | None
    session: bytes | None
    frame: int
    time: int
    filehandle: bytes | None
    name: bytes | None
    until: int | None
    reclaimed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclaim:
    """One attempt to reclaim. `status` None: no answer seen."""

    frame: int
    reply_frame: int | None
    time: int
    reply_time: int | None
    link: Link
    op: str
    claim: str
    status: int | None
    filehandle: bytes | None
    name: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tested:
    """A TEST_STATEID (RFC 8881 section 18.48) of one stateid, with its verdict."""

    other: bytes
    status: int
    frame: int
    time: int
    link: Link


@dataclass(frozen=True, slots=True, kw_only=True)
class Files:
    """`names`: file handle -> component name, where an OPEN or LOOKUP showed both."""

    names: dict[bytes, bytes]
    held: tuple[Held, ...]
    reclaims: tuple[Reclaim, ...]
    tested: tuple[Tested, ...]


_CLAIMS = {
    OpenClaim.CLAIM_PREVIOUS: "CLAIM_PREVIOUS",
    OpenClaim.CLAIM_DELEGATE_PREV: "CLAIM_DELEGATE_PREV",
    OpenClaim.CLAIM_DELEG_PREV_FH: "CLAIM_DELEG_PREV_FH",
}


def files(exchanges: Sequence[Exchange]) -> Files:
    """Walk all COMPOUNDs that open, lock, close or return; LOCKU is taken for the lock's end."""
    names: dict[bytes, bytes] = {}
    held: dict[tuple[str, bytes], Held] = {}
    reclaims: list[Reclaim] = []
    tested: list[Tested] = []
    for e in exchanges:
        if e.callback:
            continue
        current: bytes | None = None
        component: bytes | None = None
        for index in sorted({*e.args, *e.results}):
            args, result = e.args.get(index), e.results.get(index)
            match args:
                case t.PUTFH4args():
                    current, component = args.object, None
                case t.LOOKUP4args():
                    current, component = None, args.objname
                case t.OPEN4args():
                    if args.claim in _CLAIMS:
                        reclaims.append(_reclaim(e, index, "OPEN", _CLAIMS[OpenClaim(args.claim)], current))
                    else:
                        component = args.file
                        current = current if args.file is None else None
                    if isinstance(result, t.OPEN4resok):
                        _opened(e, held, args, result, current, component)
                case t.LOCK4args():
                    if args.reclaim:
                        reclaims.append(_reclaim(e, index, "LOCK", "LOCK reclaim", current))
                    if isinstance(result, t.LOCK4resok):
                        _keep(e, held, result.lock_stateid.other, "lock", args.clientid, current, None, args.reclaim)
                case t.CLOSE4args() if e.status(index) == 0:
                    _give_back(held, e, args.open_stateid.other)
                case t.DELEGRETURN4args() if e.status(index) == 0:
                    _give_back(held, e, args.deleg_stateid.other)
                case t.TEST_STATEID4args() if isinstance(result, t.TEST_STATEID4resok):
                    for stateid, status in zip(args.ts_stateids, result.tsr_status_codes, strict=False):
                        tested.append(
                            Tested(
                                other=stateid.other,
                                status=status,
                                frame=e.reply_frame or e.frame,
                                time=e.reply_time or e.time,
                                link=e.link,
                            )
                        )
            if isinstance(result, t.GETFH4resok):
                current = result.object
                if component is not None:
                    names.setdefault(result.object, component)
                    for key, entry in held.items():
                        if entry.frame == e.frame and entry.filehandle is None and entry.name == component:
                            held[key] = replace(entry, filehandle=result.object)
    return Files(
        names=names,
        held=tuple(_named(h, names) for h in held.values()),
        reclaims=tuple(_reclaim_named(r, names) for r in reclaims),
        tested=tuple(tested),
    )


def _reclaim(e: Exchange, index: int, op: str, claim: str, filehandle: bytes | None) -> Reclaim:
    return Reclaim(
        frame=e.frame,
        reply_frame=e.reply_frame,
        time=e.time,
        reply_time=e.reply_time,
        link=e.link,
        op=op,
        claim=claim,
        status=e.status(index),
        filehandle=filehandle,
        name=None,
    )


def _opened(
    e: Exchange,
    held: dict[tuple[str, bytes], Held],
    args: t.OPEN4args,
    result: t.OPEN4resok,
    filehandle: bytes | None,
    name: bytes | None,
) -> None:
    clientid = args.clientid if e.minor == 0 else None
    reclaimed = args.claim in _CLAIMS
    _keep(e, held, result.stateid.other, "open", clientid, filehandle, name, reclaimed)
    if result.delegation_stateid is not None:
        _keep(e, held, result.delegation_stateid.other, "delegation", clientid, filehandle, name, reclaimed)


def _keep(
    e: Exchange,
    held: dict[tuple[str, bytes], Held],
    other: bytes,
    kind: str,
    clientid: bytes | None,
    filehandle: bytes | None,
    name: bytes | None,
    reclaimed: bool = False,
) -> None:
    held[e.link.server_address, other] = Held(
        other=other,
        kind=kind,
        link=e.link,
        clientid=clientid,
        session=e.session,
        frame=e.frame,
        time=e.time,
        filehandle=filehandle,
        name=name,
        until=None,
        reclaimed=reclaimed,
    )


def _give_back(held: dict[tuple[str, bytes], Held], e: Exchange, other: bytes) -> None:
    entry = held.get((e.link.server_address, other))
    if entry is None:
        return
    ended = frame_of(e.reply) if e.reply else e.frame
    for key, h in list(held.items()):
        same_open = (
            entry.kind == "open" and h.kind == "lock" and h.filehandle is not None and h.filehandle == entry.filehandle
        )
        if h is entry or (same_open and h.link.client_address == entry.link.client_address):
            held[key] = replace(h, until=ended)


def _named(h: Held, names: dict[bytes, bytes]) -> Held:
    name = h.name or (names.get(h.filehandle) if h.filehandle else None)
    return replace(h, name=name)


def _reclaim_named(r: Reclaim, names: dict[bytes, bytes]) -> Reclaim:
    name = names.get(r.filehandle) if r.filehandle else None
    return replace(r, name=name)
