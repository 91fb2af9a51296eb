"""Which clientid a session or stateid belongs to: as granted on the wire, else read out of the id itself.

Linux nfsd puts the clientid in front of both, Ganesha its native form; a reading out of the bytes is accepted only
where it equals a clientid that is known otherwise, or carries all marks of Linux nfsd (reference of `gen_sessionid`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import field

from dissect.nfs4 import types as t
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.exchange import Exchange
from nfsanalyze.facts.identity import ClientOwner, Confirm
from nfsanalyze.state.instance import CLOCK_TOLERANCE_S, EARLIEST, LINUX


@dataclass(slots=True, kw_only=True)
class Ids:
    """Known clientids, and the owner of sessions and stateids: (address, id) first, the id alone second."""

    clientids: set[bytes] = field(default_factory=set)
    sessions: dict[bytes, bytes] = field(default_factory=dict)
    stateids: dict[tuple[str, bytes], bytes] = field(default_factory=dict)
    anywhere: dict[bytes, bytes] = field(default_factory=dict)

    def clientid(self, key: bytes, address: str) -> bytes | None:
        """The clientid that a clientid (8 bytes), stateid.other (12) or session id (16) names; None if it cannot be
        told."""
        if len(key) == 8:
            return key
        if len(key) == 16:
            return self.sessions.get(key) or _inside(key, self.clientids) or _linux_session(key)
        known = self.stateids.get((address, key)) or self.anywhere.get(key)
        return known or _inside(key, self.clientids)


def ids(
    owners: Sequence[ClientOwner], confirms: Sequence[Confirm], exchanges: Iterable[Exchange], used: Iterable[bytes]
) -> Ids:
    """Collect what was granted; `used` are further keys that appear in requests (clientids among them count as
    known)."""
    found = Ids()
    found.clientids = (
        {o.clientid for o in owners if o.clientid}
        | {c.clientid for c in confirms if c.clientid}
        | {k for k in used if len(k) == 8}
    )
    for c in confirms:
        if c.op == "CREATE_SESSION" and c.session_id and c.clientid:
            found.sessions[c.session_id] = c.clientid
    for e in exchanges:
        if e.minor == 0:
            _stateids(found, e)
    return found


def _stateids(found: Ids, e: Exchange) -> None:
    clientid: bytes | None = None
    for index, args in e.args.items():
        result = e.results.get(index)
        if isinstance(args, t.OPEN4args) and isinstance(result, t.OPEN4resok):
            clientid = args.clientid
            for stateid in (result.stateid, result.delegation_stateid):
                if stateid is not None:
                    found.stateids[e.link.server_address, stateid.other] = clientid
                    found.anywhere[stateid.other] = clientid
        elif isinstance(args, t.LOCK4args) and isinstance(result, t.LOCK4resok):
            based = args.open_stateid or args.lock_stateid
            clientid = args.clientid or (found.clientid(based.other, e.link.server_address) if based else None)
            if clientid is not None:
                found.stateids[e.link.server_address, result.lock_stateid.other] = clientid
                found.anywhere[result.lock_stateid.other] = clientid


def _inside(key: bytes, known: set[bytes]) -> bytes | None:
    for reading in (key[:8], key[:8][::-1], key[8:16]):
        if reading in known and any(reading):
            return reading
    return None


def _linux_session(session: bytes) -> bytes | None:
    """A session made before the capture: its first half is the clientid where the rest has nfsd's shape too."""
    seconds = LINUX.seconds(session)
    sequence = int.from_bytes(session[8:12], "little")
    plausible = (
        EARLIEST <= seconds < (1 << 31) + CLOCK_TOLERANCE_S and session[12:] == bytes(4) and 0 < sequence < (1 << 24)
    )
    return session[:8] if plausible else None
