"""Purges that hit another path: Linux discards what it holds by an EXCHANGE_ID with a verifier of all ones.

The server takes it for a restart of the client (RFC 8881 section 18.35.4, case 5), and all state of the owner dies when
the new clientid is confirmed. Sent after a takeover to the address that moved, to a server that had just answered with
the clientid of the client's other mount, it ends the state of that mount too.
"""

from __future__ import annotations

from collections.abc import Sequence

from dissect.nfs4.const import ExchgidFlag
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.errors import StateError
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.state.detection import Detected
from nfsanalyze.state.episodes import Foreign
from nfsanalyze.state.hosts import PURGE_VERIFIER
from nfsanalyze.state.ids import Ids
from nfsanalyze.state.recoveries import PAUSE_NS


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """`owner`: the EXCHANGE_ID with the purge's verifier; `foreign`: the answer before it, and where its clientid
    lived; `harmed`: what was refused there afterwards."""

    owner: ClientOwner
    foreign: Foreign
    harmed: StateError | None


def purges(
    detected: Sequence[Detected],
    owners: Sequence[ClientOwner],
    errors: Sequence[StateError],
    ids: Ids,
    client_of: dict[int, int],
) -> list[Purge]:
    """Each purge that follows an answer with a confirmed clientid alive elsewhere, by frame."""
    thrown = [o for o in owners if o.op == "EXCHANGE_ID" and o.verifier == PURGE_VERIFIER]
    out: dict[int, Purge] = {}
    for d in detected:
        f = d.foreign
        answered = f.owner.reply_time
        if answered is None or not (f.owner.eir_flags or 0) & ExchgidFlag.CONFIRMED_R:
            continue
        for o in thrown:
            if (
                o.link.server_address == f.address
                and client_of.get(o.link.conn) == f.client
                and (o.minor, o.owner) == (f.owner.minor, f.owner.owner)
                and answered <= o.time <= answered + PAUSE_NS
            ):
                out.setdefault(o.frame, Purge(owner=o, foreign=f, harmed=_harmed(f, o, errors, ids, client_of)))
    return [out[frame] for frame in sorted(out)]


def _harmed(
    f: Foreign, purge: ClientOwner, errors: Sequence[StateError], ids: Ids, client_of: dict[int, int]
) -> StateError | None:
    """The first refusal, at the address where it lived, of what belongs to the clientid."""
    for e in errors:
        key = e.key or e.session
        if (
            e.time > purge.time
            and e.link.server_address == f.other_address
            and client_of.get(e.link.conn) == f.client
            and key is not None
            and ids.clientid(key, f.other_address) == f.owner.clientid
        ):
            return e
    return None
