"""Who calls by what right, and how much of that can be read."""

from __future__ import annotations

from nfsanalyze.facts.credentials import Caller, callers
from nfsanalyze.facts.roles import links
from scenarios.capture_scenarios import kerberos, plain
from scenarios.cluster import Cluster
from scenarios.facts import traced


def seen(story: Cluster) -> list[Caller]:
    trace = traced(story)
    return list(callers(trace, links(trace)))


def test_one_credential_for_all() -> None:
    (one,) = seen(plain())
    assert (one.credential.flavor, one.credential.uid, one.sealed) == (1, 0, 0)
    assert one.lease == 4 + 3  # SETCLIENTID and its confirm, twice; three RENEWs
    assert one.calls == one.lease + 3  # GETATTR, OPEN, LOCK
    assert one.lease_row == one.first_row


def test_lease_by_one_and_data_by_the_other() -> None:
    lease, data = seen(kerberos(2))
    assert (lease.credential.flavor, lease.lease) == (1, 3)  # EXCHANGE_ID twice, CREATE_SESSION
    assert (data.credential.gss_service, data.lease, data.sealed, data.calls) == (2, 0, 0, 14)


def test_sealed_calls_are_counted_and_not_read() -> None:
    (sealed,) = seen(kerberos(3, lease=3))
    assert (sealed.sealed, sealed.lease) == (sealed.calls, 0)
