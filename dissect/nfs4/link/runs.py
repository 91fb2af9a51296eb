"""Which MAC spoke for which address, in runs: many frames to few link events.

A run of an address and a MAC lasts until another MAC has taken the address over. Frames that two taps or two paths
show with two MACs in turn take nothing over: their runs go on side by side. An announcement stands for itself. However
long the capture, the runs of an address are bounded by RUNS_AN_ADDRESS of a kind; then those of its MACs only grow.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum

from dissect.nfs4.batch import LinkEvent

TAKEOVER_NS = 1_000_000_000
"""A MAC that alone spoke for an address so long has taken it over. Two taps show a packet within milliseconds."""

BURST_NS = 5_000_000_000
"""Announcements of one MAC closer than this are one: hosts repeat them some times, a second or two apart."""

RUNS_AN_ADDRESS = 64
"""Runs of one kind closed for an address; it bounds flapping."""

MACS_AN_ADDRESS = 16
"""Runs of one kind going on side by side for an address; more MACs are noise or forged."""

ADDRESSES = 65536
"""Addresses watched; more are a scan."""

FIRST_TTLS = frozenset((64, 128, 255))
"""What hosts begin with (RFC 1700: 64). A router takes one off (RFC 1812 section 5.3.1), also one that answers ARP for
hosts behind it."""

RST = 0x04
"""Resets are often made by what stands between, with a TTL of its own."""

Note = Callable[[str, int], None]


class Binding(IntEnum):
    """What a frame says of an address and a MAC."""

    SPOKE = 0
    "an IP packet came from the address in a frame from the MAC"
    BOUND = 1
    "ARP or neighbour discovery binds the two (RFC 826, RFC 4861)"
    ANNOUNCED = 2
    "the same, asked by nobody"


class Run:
    """Frames of one address from one MAC. While it is the current run, `last_frame` and `last` may be moved."""

    __slots__ = ("first", "first_frame", "last", "last_frame", "mac", "routed", "since")

    def __init__(self, mac: bytes, frame: int, time: int) -> None:
        self.mac = mac
        self.first_frame = self.last_frame = frame
        self.first = self.last = self.since = time
        self.routed = False


class _Held:
    """The runs of one address that are not closed."""

    __slots__ = ("closed", "current", "runs")

    def __init__(self, run: Run) -> None:
        self.current = run
        self.runs = {run.mac: run}
        self.closed = 0


class LinkRuns:
    """Takes sightings in the order of the capture, gives out runs that are over."""

    def __init__(self, note: Note) -> None:
        self.speaking: dict[str, Run] = {}
        "the current SPOKE run of each address, for callers that extend it themselves while the MAC stays"
        self._note = note
        self._held: dict[tuple[str, Binding], _Held] = {}
        self._over: list[LinkEvent] = []

    def saw(
        self,
        address: str,
        mac: bytes,
        binding: Binding,
        frame: int,
        time: int,
        last_frame: int | None = None,
        last: int | None = None,
        routed: bool = False,
    ) -> None:
        """Take one sighting, or with `last_frame` and `last` a stretch of them without another MAC between."""
        key = (address, binding)
        held = self._held.get(key)
        if held is None:
            if len(self._held) >= ADDRESSES:
                self._note("more addresses than are watched for their MAC", frame)
                return
            held = self._held[key] = _Held(Run(mac, frame, time))
        elif (
            held.current.mac != mac or (binding is Binding.ANNOUNCED and time - held.current.last > BURST_NS)
        ) and not self._switch(key, held, mac, frame, time):
            return
        run = held.current
        run.last_frame = frame if last_frame is None else last_frame
        run.last = time if last is None else last
        run.routed |= routed
        if binding is Binding.SPOKE:
            self.speaking[address] = run

    def drain(self, final: bool = False) -> list[LinkEvent]:
        """Runs that are over since the last call; with `final` all that remain."""
        if final:
            for key, held in self._held.items():
                for run in held.runs.values():
                    self._close(key, run)
            self._held.clear()
            self.speaking.clear()
        over, self._over = self._over, []
        over.sort(key=lambda event: (event.frame, event.address, event.adjacent, event.gratuitous, event.mac))
        return over

    def _switch(self, key: tuple[str, Binding], held: _Held, mac: bytes, frame: int, time: int) -> bool:
        """Make a run of `mac` the current one; False where it cannot be kept."""
        outgoing = held.current
        # ARP speaks rarely: there a single frame takes over.
        taken_over = key[1] is not Binding.SPOKE or outgoing.last - outgoing.since >= TAKEOVER_NS
        if taken_over:
            for run in list(held.runs.values()):
                if held.closed < RUNS_AN_ADDRESS and (run is not outgoing or outgoing.mac == mac):
                    self._close(key, run)
                    del held.runs[run.mac]
                    held.closed += 1
        incoming = held.runs.get(mac)
        if incoming is None:
            if len(held.runs) >= MACS_AN_ADDRESS:
                self._note("more MACs of an address than are watched", frame)
                return False
            incoming = held.runs[mac] = Run(mac, frame, time)
        incoming.since = time
        held.current = incoming
        return True

    def _close(self, key: tuple[str, Binding], run: Run) -> None:
        address, binding = key
        self._over.append(
            LinkEvent(
                frame=run.first_frame,
                time=run.first,
                address=address,
                mac=run.mac,
                adjacent=binding is not Binding.SPOKE,
                gratuitous=binding is Binding.ANNOUNCED,
                last_frame=run.last_frame,
                last=run.last,
                routed=run.routed,
            )
        )
