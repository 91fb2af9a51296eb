"""Stories read as far as facts and state go, without rules."""

from __future__ import annotations

import tempfile
from pathlib import Path

from dissect.nfs4.batch import CAPTURE_STRIDE
from dissect.nfs4.capture import open_capture
from dissect.nfs4.exact import exact
from nfsanalyze.facts.exchange import Exchange, exchanges
from nfsanalyze.facts.facts import facts
from nfsanalyze.facts.identity import ClientOwner, client_owners
from nfsanalyze.facts.roles import Link, links
from nfsanalyze.facts.trace import Trace, join
from nfsanalyze.state.census import Moment
from nfsanalyze.state.infer import Case, infer
from scenarios.cluster import Cluster
from wire.dialogue import Wire


def traced(story: Cluster | Wire, **how: int) -> Trace:
    """What the decoder reads of a story; `how` as of `frames.pcap_file`."""
    wire = story.wire if isinstance(story, Cluster) else story
    with tempfile.TemporaryDirectory() as folder:
        path = wire.write(Path(folder) / "story.pcap", **how)
        with open_capture(str(path)) as capture:
            return join(exact(capture))


def linked(story: Cluster | Wire, **how: int) -> dict[int, Link]:
    return links(traced(story, **how))


def exchanged(story: Cluster | Wire, **how: int) -> list[Exchange]:
    trace = traced(story, **how)
    return list(exchanges(trace, links(trace)))


def owners_of(story: Cluster | Wire, **how: int) -> list[ClientOwner]:
    return client_owners(exchanged(story, **how))


def inferred(story: Cluster | Wire, *, lease_time_s: float | None = None, **how: int) -> Case:
    wire = story.wire if isinstance(story, Cluster) else story
    frames = wire.frames
    assert len(frames) < CAPTURE_STRIDE
    return infer(
        facts(traced(wire, **how)),
        begins=Moment(time=frames[0][0], frame=1),
        ends=Moment(time=frames[-1][0], frame=len(frames)),
        lease_time_s=lease_time_s,
    )
