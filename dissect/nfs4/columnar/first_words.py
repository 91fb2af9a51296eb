"""Connections on whatever port that say their first words in a window: where these are a call they are RPC, and what
follows can be read together with the rest.
"""

from __future__ import annotations

import numpy as np

from dissect.nfs4.bounds import RECORD_OCTETS
from dissect.nfs4.columnar.groups import Groups
from dissect.nfs4.columnar.lanes import SURE_OCTETS, awaited, unheard
from dissect.nfs4.columnar.span import Span
from dissect.nfs4.flow import Flow
from dissect.nfs4.rpc.resync import CALL_OCTETS, MARK_OCTETS, is_message, is_reply, read_mark
from dissect.nfs4.streams import silent_until
from dissect.nfs4.tcp.connection import FIN, RST


def first_words(span: Span, groups: Groups, both: list[int], flow: Flow) -> int | None:
    """The position of the segment by which a connection shows to be RPC: the first that says anything, with all of a
    call at its beginning. None where nobody said anything yet, or only the exact decoder can tell. `both`: the groups
    of its segments, one for each direction that has any."""
    if not unheard(flow):
        return None
    segments = span.segments
    first, speaker = len(segments.length), -1
    for group in both:
        mine = groups.order[groups.starts[group] : groups.stops[group]]
        spoken = np.flatnonzero(segments.length[mine])
        if len(spoken) and mine[spoken[0]] < first:
            first, speaker = int(mine[spoken[0]]), group
    if speaker < 0 or span.number(first) >= silent_until(flow.connection):
        return None
    for group in both:
        mine = groups.order[groups.starts[group] : groups.stops[group]]
        if groups.flags[group] & (FIN | RST) and (segments.flags[mine[mine < first]] & (FIN | RST)).any():
            return None
    source = span.ways.ways[groups.way[speaker]].source
    direction = 0 if source == flow.connection.initiator else 1
    begins = int(segments.seq[first]) == awaited(flow, direction)
    return first if begins and _holds_call(span, first) else None


def _holds_call(span: Span, position: int) -> bool:
    """Whether a segment begins with a record that is a call, and holds all of it."""
    segments, data = span.segments, span.chunk.space.data
    at, held = int(segments.payload[position]), int(segments.held[position])
    if held < SURE_OCTETS or held < segments.length[position]:
        return False
    size, last = read_mark(data, at)
    if not last or not CALL_OCTETS <= size <= min(held - MARK_OCTETS, RECORD_OCTETS):
        return False
    header = bytes(data[at + MARK_OCTETS : at + SURE_OCTETS])
    return is_message(header) and not is_reply(header)
