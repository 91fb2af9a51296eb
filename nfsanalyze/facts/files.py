"""Opens, locks and delegations by stateid, and the files they are on: what a client has to lose."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from dissect.nfs4 import types as t
from dissect.nfs4.const import OpenClaim
from dissect.nfs4.dataclass import dataclass, replace
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


_Key = tuple[str, bytes]
"""A server's address and a stateid's other."""

_Holdings = dict[_Key, Held]

Locks = dict[tuple[str, bytes], set[tuple[str, bytes]]]
"""By client address and file handle: the keys of its locks on that file."""


def files(exchanges: Sequence[Exchange]) -> Files:
    """Walk all COMPOUNDs that open, lock, close or return; LOCKU is taken for the lock's end."""
    names: dict[bytes, bytes] = {}
    held: _Holdings = {}
    ended: dict[_Key, int] = {}
    locks: Locks = defaultdict(set)
    reclaims: list[Reclaim] = []
    tested: list[Tested] = []
    for e in exchanges:
        if e.callback:
            continue
        current: bytes | None = None
        component: bytes | None = None
        unnamed: list[tuple[str, bytes]] = []
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
                        opened = _opened(e, held, args, result, current, component)
                        unnamed = opened if current is None else []
                        for key in opened:
                            ended.pop(key, None)
                case t.LOCK4args():
                    if args.reclaim:
                        reclaims.append(_reclaim(e, index, "LOCK", "LOCK reclaim", current))
                    if isinstance(result, t.LOCK4resok):
                        clientid = args.clientid if e.minor == 0 else None
                        key = e.link.server_address, result.lock_stateid.other
                        _keep(e, held, key[1], "lock", clientid, current, None, args.reclaim)
                        ended.pop(key, None)
                        if current is not None:
                            locks[e.link.client_address, current].add(key)
                case t.CLOSE4args() if e.status(index) == 0:
                    ended.update(_given_back(held, locks, e, args.open_stateid.other))
                case t.DELEGRETURN4args() if e.status(index) == 0:
                    ended.update(_given_back(held, locks, e, args.deleg_stateid.other))
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
                    for key in unnamed:
                        held[key] = replace(held[key], filehandle=result.object)
                    unnamed = []
    return Files(
        names=names,
        held=tuple(_settled(h, names, ended.get(key)) for key, h in held.items()),
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
    held: _Holdings,
    args: t.OPEN4args,
    result: t.OPEN4resok,
    filehandle: bytes | None,
    name: bytes | None,
) -> list[tuple[str, bytes]]:
    """Keep what an OPEN granted; the keys under which it is kept."""
    clientid = args.clientid if e.minor == 0 else None
    reclaimed = args.claim in _CLAIMS
    granted = [("open", result.stateid)]
    if result.delegation_stateid is not None:
        granted.append(("delegation", result.delegation_stateid))
    for kind, stateid in granted:
        _keep(e, held, stateid.other, kind, clientid, filehandle, name, reclaimed)
    return [(e.link.server_address, stateid.other) for _, stateid in granted]


def _keep(
    e: Exchange,
    held: _Holdings,
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


def _given_back(held: _Holdings, locks: Locks, e: Exchange, other: bytes) -> Iterator[tuple[_Key, int]]:
    """What a CLOSE or DELEGRETURN ends, and in which frame: a stateid, and with an open the client's locks on its
    file."""
    key = e.link.server_address, other
    entry = held.get(key)
    if entry is None:
        return
    keys = {key}
    if entry.kind == "open" and entry.filehandle is not None:
        keys |= locks.pop((entry.link.client_address, entry.filehandle), set())
    for gone in keys:
        yield gone, frame_of(e.reply) if e.reply else e.frame


def _settled(h: Held, names: dict[bytes, bytes], until: int | None) -> Held:
    name = h.name or (names.get(h.filehandle) if h.filehandle else None)
    return h if name == h.name and until is None else replace(h, name=name, until=until)


def _reclaim_named(r: Reclaim, names: dict[bytes, bytes]) -> Reclaim:
    name = names.get(r.filehandle) if r.filehandle else None
    return replace(r, name=name)
