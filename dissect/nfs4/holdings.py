"""What all connections together hold of what has no end yet: records, and segments behind holes.

Who gives up is decided by what each holds, not by how long: then both decoders decide alike without telling each other
when a record began, and whoever sends what never ends loses before those who do not.
"""

from __future__ import annotations

from dissect.nfs4.bounds import HELD_OCTETS, WAITING_OCTETS
from dissect.nfs4.flow import Flow


class Holdings:
    """The half-connections that hold more than HELD_FREE_OCTETS, and the sum of it."""

    __slots__ = ("_of", "octets")

    def __init__(self) -> None:
        self.octets = 0
        self._of: dict[tuple[Flow, int], int] = {}

    def weigh(self, flow: Flow) -> None:
        """A connection may hold more than before, or less."""
        for direction in (0, 1):
            self.put(flow, direction, flow.weight(direction))

    def put(self, flow: Flow, direction: int, octets: int) -> None:
        """A direction holds so much."""
        before = self._of.pop((flow, direction), 0) if self._of else 0
        if octets:
            self._of[flow, direction] = octets
        self.octets += octets - before

    def forget(self, flow: Flow) -> None:
        """A connection has ended."""
        for direction in (0, 1):
            self.put(flow, direction, 0)

    @property
    def excess(self) -> bool:
        """Whether it is too much."""
        return self.octets > HELD_OCTETS

    def may_exceed(self, octets: int, segments: int) -> bool:
        """Whether it can become too much before so many octets of payload more, in so many segments, have come."""
        return self.octets + octets + WAITING_OCTETS * segments > HELD_OCTETS

    def largest(self) -> list[tuple[Flow, int]]:
        """Those that have to give up what they hold, so that no more than half of the bound is left."""
        ranked = sorted(self._of.items(), key=lambda item: (-item[1], *_place(*item[0])))
        left, chosen = self.octets, []
        for (flow, direction), octets in ranked:
            if left <= HELD_OCTETS // 2:
                break
            left -= octets
            chosen.append((flow, direction))
        return chosen


def _place(flow: Flow, direction: int) -> tuple[object, ...]:
    """Numbers of connections are not final before a window ends."""
    connection = flow.connection
    return connection.first_frame, connection.initiator, connection.responder, direction
