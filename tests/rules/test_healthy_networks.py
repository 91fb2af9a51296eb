"""No finding of severity medium or more about a network in which nothing is wrong."""

from __future__ import annotations

import pytest

from nfsanalyze.engine.finding import SEVERITIES
from scenarios.healthy_networks import NETWORKS
from scenarios.judged import judged
from scenarios.layouts import GANESHA, LINUX, NFS4J, RANDOM, Layout

NON_UNIFORM = {"NFS101"}
"""Of an owner with the server's address in it, sent to two addresses, all may be said but that it went wrong."""

LAYOUTS = {"linux": LINUX, "ganesha": GANESHA, "nfs4j": NFS4J, "random": RANDOM}


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("minor", [0, 1])
@pytest.mark.parametrize("name", NETWORKS)
def test_nobody_is_accused(name: str, minor: int, layout: Layout) -> None:
    done = judged(NETWORKS[name](layout, minor))
    assert done.tables["leases"].height > 0
    serious = [f for f in done.findings if SEVERITIES.index(f.severity) >= SEVERITIES.index("medium")]
    assert [(f.rule, f.message) for f in serious if f.rule not in NON_UNIFORM] == []
    assert {f.severity for f in serious} <= {"medium"}
