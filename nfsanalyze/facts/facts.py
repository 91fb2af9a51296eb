"""All facts of one case: what stands on the wire, before anything is inferred from it."""

from __future__ import annotations

from collections.abc import Collection

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.errors import StateError, state_errors
from nfsanalyze.facts.exchange import Exchange, exchanges
from nfsanalyze.facts.files import Files, files
from nfsanalyze.facts.identity import ClientOwner, Confirm, client_owners, confirms
from nfsanalyze.facts.roles import Link, links
from nfsanalyze.facts.trace import Trace
from nfsanalyze.facts.uses import Uses, uses


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What was read, and who said it to whom."""

    trace: Trace
    links: dict[int, Link]
    exchanges: tuple[Exchange, ...]
    owners: tuple[ClientOwner, ...]
    confirms: tuple[Confirm, ...]
    errors: tuple[StateError, ...]
    files: Files
    uses: Uses


def facts(trace: Trace, ports: Collection[int] = ()) -> Facts:
    """The facts of a trace; `ports` are taken for NFS beside those known."""
    found = links(trace, ports)
    told = tuple(exchanges(trace, found))
    return Facts(
        trace=trace,
        links=found,
        exchanges=told,
        owners=tuple(client_owners(told)),
        confirms=tuple(confirms(told)),
        errors=tuple(state_errors(trace, found)),
        files=files(told),
        uses=uses(trace),
    )
