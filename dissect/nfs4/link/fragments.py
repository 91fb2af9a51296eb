"""IP fragments to datagrams (RFC 815's task, RFC 5722's strictness), in bounded memory."""

from __future__ import annotations

from collections.abc import Callable

from dissect.nfs4.link.internet import Fragment

WAITING_DATAGRAMS = 1024
"""Datagrams waiting for more fragments; the oldest is given up first."""

WAITING_OCTETS = 16 << 20
"""Captured bytes of all that wait."""

WAITING_NS = 30_000_000_000
"""Capture time that a datagram waits for its last fragment: what hosts allow (RFC 791 recommends 15 s, Linux 30 s)."""

FRAGMENTS_A_DATAGRAM = 256
"""A full datagram over the smallest path MTU of IPv4 (576) comes in 119."""

_MAX_DATAGRAM = 65535

Note = Callable[[str, int], None]


class _Datagram:
    __slots__ = ("first_frame", "octets", "pieces", "since", "total")

    def __init__(self, frame: int, time: int) -> None:
        self.first_frame = frame
        self.since = time
        self.octets = 0
        self.total: int | None = None
        self.pieces: dict[int, tuple[int, bytes]] = {}


class Fragments:
    """Datagrams of which fragments are missing, and those completed a moment ago (their copies may still come)."""

    def __init__(self, note: Note) -> None:
        self._note = note
        self._waiting: dict[tuple[bytes, int, int], _Datagram] = {}
        self._complete: dict[tuple[bytes, int, int], tuple[int, dict[int, int]]] = {}
        self._octets = 0

    def add(self, fragment: Fragment, payload: bytes, length: int, frame: int, time: int) -> tuple[bytes, int] | None:
        """Take one fragment, of which `payload` was captured and `length` was on the wire.

        Returns the datagram that it completes, as captured from its start to the first byte cut by the snaplen, and
        its length on the wire; None while there is none. A repeated fragment changes nothing. Fragments that overlap,
        or reach past what a datagram can hold, end the datagram with a note.
        """
        key, offset, more = fragment
        self._expire(time)
        datagram = self._waiting.get(key)
        if datagram is None:
            complete = self._complete.get(key)
            if complete is not None and complete[1].get(offset) == hash(payload):
                return None
            datagram = self._waiting[key] = _Datagram(frame, time)
        elif datagram.pieces.get(offset) == (length, payload):
            return None
        if not self._fits(datagram, offset, length, more):
            self._drop(key, "IP fragments contradict each other")
            return None
        datagram.pieces[offset] = (length, payload)
        datagram.octets += length
        self._octets += len(payload)
        if not more:
            datagram.total = offset + length
        if datagram.octets == datagram.total:
            return self._finish(key, datagram, time)
        return None

    def flush(self) -> None:
        """Give up on all that wait: the capture is over."""
        for key in list(self._waiting):
            self._drop(key, "IP fragments incomplete")
        self._complete.clear()

    def _fits(self, datagram: _Datagram, offset: int, length: int, more: bool) -> bool:
        stop = offset + length
        total = datagram.total
        if not length or stop > _MAX_DATAGRAM or (more and length % 8):
            return False
        if total is not None and (stop > total or not more):
            return False
        if len(datagram.pieces) >= FRAGMENTS_A_DATAGRAM:
            return False
        for start, (size, _payload) in datagram.pieces.items():
            if offset < start + size and start < stop:
                return False
            if not more and start + size > stop:
                return False
        return True

    def _finish(self, key: tuple[bytes, int, int], datagram: _Datagram, time: int) -> tuple[bytes, int]:
        pieces = sorted(datagram.pieces.items())
        captured: list[bytes] = []
        for _offset, (length, payload) in pieces:
            captured.append(payload)
            if len(payload) < length:
                break
        self._forget(key)
        self._complete.pop(key, None)
        self._complete[key] = (time, {offset: hash(payload) for offset, (_length, payload) in pieces})
        if len(self._complete) > WAITING_DATAGRAMS:
            del self._complete[next(iter(self._complete))]
        return b"".join(captured), datagram.octets

    def _expire(self, time: int) -> None:
        while self._waiting:
            key, oldest = next(iter(self._waiting.items()))
            if (
                abs(time - oldest.since) <= WAITING_NS
                and len(self._waiting) < WAITING_DATAGRAMS
                and self._octets < WAITING_OCTETS
            ):
                break
            self._drop(key, "IP fragments incomplete")
        while self._complete:
            key, (finished, _hashes) = next(iter(self._complete.items()))
            if abs(time - finished) <= WAITING_NS:
                break
            del self._complete[key]

    def _drop(self, key: tuple[bytes, int, int], reason: str) -> None:
        self._note(reason, self._waiting[key].first_frame)
        self._forget(key)

    def _forget(self, key: tuple[bytes, int, int]) -> None:
        datagram = self._waiting.pop(key)
        self._octets -= sum(len(payload) for _length, payload in datagram.pieces.values())
