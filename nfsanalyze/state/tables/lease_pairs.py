"""The table of leases that were held at a time."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from dissect.nfs4.const import ExchgidFlag
from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.identity import ClientOwner
from nfsanalyze.facts.printable import printable
from nfsanalyze.state.infer import Case
from nfsanalyze.state.pairs import held_together, since
from nfsanalyze.state.tables.leases import head_since

_UNLISTED = "unlisted"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Holder:
    """To whom and as what a clientid was granted; `line`: the owner without the server's address."""

    flavor: str | None
    line: str
    form: str
    data_server: bool


def lease_pairs(case: Case) -> Iterator[dict[str, Any]]:
    """lease_pairs."""
    pairs = list(held_together(case.leases))
    holders = _holders(case) if pairs else {}
    for one, other in pairs:
        first = max(since(one), since(other))
        if one.address != other.address:
            first = max(first, head_since(case, one), head_since(case, other))
        last = min(each.last_renewal.time for each in (one, other) if each.last_renewal is not None)
        if last <= first:
            continue
        granted = [holders.get((each.client, each.clientid)) for each in (one, other)]
        known = [holder for holder in granted if holder is not None]
        flavors = [holder.flavor for holder in known if holder.flavor is not None]
        yield {
            "lease": one.lease,
            "other_lease": other.lease,
            "client": one.client,
            "head": one.head,
            "minor_version": one.minor,
            "first": first,
            "last": last,
            "origin_seen": one.origin_seen or other.origin_seen,
            "data_server": any(holder.data_server for holder in known),
            "same_flavor": flavors[0] == flavors[1] if len(flavors) == 2 else None,
            "owners_apart": _apart(known),
        }


def _holders(case: Case) -> dict[tuple[int, bytes], _Holder]:
    """By client and clientid."""
    granted: dict[tuple[int, bytes], list[ClientOwner]] = defaultdict(list)
    for o in case.owners:
        if o.clientid is not None:
            granted[case.clients.of_owner[o.frame], o.clientid].append(o)
    return {
        key: _Holder(
            flavor=min((o.principal[:3] for o in owners if o.principal is not None), default=None),
            line=min(printable(o.identity) for o in owners),
            form=min(o.says.form for o in owners),
            data_server=any(_is_data_server(o.eir_flags or 0) for o in owners),
        )
        for key, owners in granted.items()
    }


def _is_data_server(flags: int) -> bool:
    """Of pNFS, and nothing else (RFC 8881 section 13.1)."""
    others = ExchgidFlag.USE_NON_PNFS | ExchgidFlag.USE_PNFS_MDS
    return bool(flags & ExchgidFlag.USE_PNFS_DS) and not flags & others


def _apart(known: list[_Holder]) -> bool:
    """Nobody knows how their owners are made, and they differ in more than the server's address."""
    return len(known) == 2 and {holder.form for holder in known} == {_UNLISTED} and known[0].line != known[1].line
