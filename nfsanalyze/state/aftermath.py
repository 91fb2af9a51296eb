"""What followed: what became of grants, of refusals and of grace periods. Called once, when all else is inferred."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dissect.nfs4.dataclass import dataclass
from nfsanalyze.facts.facts import Facts
from nfsanalyze.facts.opens import opens
from nfsanalyze.state.census import Census
from nfsanalyze.state.completes import Completion, completes
from nfsanalyze.state.disorder import Slack
from nfsanalyze.state.gaps import LeaseTime, Refusal
from nfsanalyze.state.grace import Grace, LateReclaim, graces, late_reclaims
from nfsanalyze.state.grants import Grant, grants
from nfsanalyze.state.heads import Heads
from nfsanalyze.state.holdings import Holding, holdings
from nfsanalyze.state.hosts import Clients
from nfsanalyze.state.ids import Ids
from nfsanalyze.state.leases import Lease
from nfsanalyze.state.margins import LateRenewal, late_renewals
from nfsanalyze.state.recoveries import Recovery
from nfsanalyze.state.stale import StaleRun, stale_runs
from nfsanalyze.state.takeovers import Change
from nfsanalyze.state.verifiers import VerifierChange, verifier_changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the machines of this module rest on."""

    facts: Facts
    ids: Ids
    clients: Clients
    census: Census
    heads: Heads
    changes: Sequence[Change]
    leases: Sequence[Lease]
    lease_times: Mapping[int, LeaseTime]
    refused: Mapping[int, Sequence[Refusal]]
    recoveries: Sequence[Recovery]
    slack: Slack


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """All that followed."""

    grants: tuple[Grant, ...]
    verifier_changes: tuple[VerifierChange, ...]
    stale_runs: tuple[StaleRun, ...]
    graces: tuple[Grace, ...]
    late_reclaims: tuple[LateReclaim, ...]
    completes: tuple[Completion, ...]
    holdings: tuple[Holding, ...]
    late_renewals: tuple[LateRenewal, ...]


def aftermath(k: Known) -> Aftermath:
    """Run each machine once."""
    trace, links, owners, confirms = k.facts.trace, k.facts.links, k.facts.owners, k.facts.confirms
    of, held = k.clients.of_conn, k.facts.files
    opened = opens(trace)
    granted = grants(owners, confirms, k.leases, k.refused, k.lease_times, k.clients, k.heads, k.ids, k.slack)
    return Aftermath(
        grants=tuple(granted),
        verifier_changes=tuple(verifier_changes(owners, k.facts.uses, trace, links, k.ids)),
        stale_runs=tuple(stale_runs(trace, links, k.facts.errors, owners, k.leases, of, k.slack)),
        graces=tuple(graces(trace, links, k.changes)),
        late_reclaims=tuple(
            late_reclaims(k.recoveries, held.reclaims, confirms, k.changes, k.census, opened, trace, links)
        ),
        completes=tuple(completes(granted, k.leases, confirms, opened, trace, links, k.ids, of, k.slack)),
        holdings=tuple(holdings(k.recoveries, held.held, confirms, opened, trace, links, k.ids, of)),
        late_renewals=tuple(late_renewals(k.leases, k.lease_times, k.census)),
    )
