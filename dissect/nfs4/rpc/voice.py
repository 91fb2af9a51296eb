"""Whether a half-connection speaks RPC, and what it said while that was not known.

A call header where a record begins makes a connection RPC on whatever port; so do RECOGNISE_REPLIES replies in a row,
where the other direction was not captured.
"""

from __future__ import annotations

from enum import Enum, auto

from dissect.nfs4.bounds import RECOGNISE_OCTETS, RECOGNISE_REPLIES
from dissect.nfs4.const import AuthFlavor
from dissect.nfs4.rpc.header import STARTTLS
from dissect.nfs4.rpc.record import Record, Records
from dissect.nfs4.rpc.resync import CALL_OCTETS, is_reply
from dissect.nfs4.tcp.half import Hole, Item, Piece

_AUTH_TLS = int(AuthFlavor.AUTH_TLS).to_bytes(4, "big")
_READY_FOR_TLS = bytes(8) + len(STARTTLS).to_bytes(4, "big") + STARTTLS
"""reply_stat, and the verifier by which a server agrees to TLS (RFC 9289 section 4.1)."""
_TLS_HANDSHAKE = b"\x16\x03"
_MPA = b"MPA "
"""How either side begins RDMA over TCP: "MPA ID Req Frame", "MPA ID Rep Frame" (RFC 5044 section 7.1)."""
_HOLES_KEPT = 16


class Nature(Enum):
    """What a half-connection carries, as far as it has shown."""

    OPEN = auto()
    RPC = auto()
    OTHER = auto()
    TLS = auto()
    RDMA = auto()


_CLOSED = (Nature.OTHER, Nature.TLS, Nature.RDMA)


class Voice:
    """One direction of a conversation. Until its nature is known replies and holes are kept: `believe` frees them."""

    __slots__ = ("_held", "_octets", "_probe", "_records", "_replies", "_whole", "nature", "slips", "surplus")

    def __init__(self, *, assumed: bool, whole: bool = False) -> None:
        self._whole = whole
        self.nature = Nature.RPC if assumed else Nature.OPEN
        self.slips = self.surplus = 0
        self._records = Records(whole=whole)
        self._held: list[Record | Hole] = []
        self._octets = 0
        self._replies = 0
        self._probe = False

    def feed(self, item: Item) -> list[Record | Hole]:
        """Take the next piece of the stream: see `Records.feed`."""
        if self.nature in _CLOSED:
            return []
        if isinstance(item, Piece):
            self._octets += len(item.data)
        slips = self._records.slips
        out = self._heard(self._records.feed(item))
        if self._records.slips > slips:
            self._slipped()
        if self.nature is Nature.OPEN and self._octets > RECOGNISE_OCTETS:
            self.stop(Nature.OTHER)
        return out

    def believe(self) -> list[Record | Hole]:
        """The connection is RPC, whatever this half has shown: what was kept back. A half given up begins anew."""
        if self.nature not in (Nature.OPEN, Nature.OTHER):
            return []
        self.nature = Nature.RPC
        held, self._held = self._held, []
        return held

    def stop(self, nature: Nature) -> None:
        """Forget what is held; what is closed is read no further."""
        self.nature = nature
        self._count()
        self._records = Records(whole=self._whole)
        self._held = []

    def close(self) -> list[Record | Hole]:
        """The stream ends here."""
        if self.nature in _CLOSED:
            return []
        out = self._heard(self._records.close())
        self._count()
        return out

    @property
    def weight(self) -> int:
        """Octets held, as `Records.weight` has them. What is kept back is kept with its file data."""
        if self.nature is not Nature.OPEN:
            return self._records.weight()
        kept = sum(len(thing.data) for thing in self._held if isinstance(thing, Record))
        return self._records.weight(data=True) + kept

    def give_up(self) -> list[Record | Hole]:
        """Hold no more than the beginning of a record. What has not shown its nature yet has to show it anew."""
        if self.nature is not Nature.OPEN:
            return self._heard(self._records.give_up())
        self.stop(Nature.OPEN)
        self._replies = 0
        return []

    def awaits(self, xid: int) -> bool:
        """Whether a message with this xid is being read whose end has not come."""
        return self._records.awaits(xid)

    def _count(self) -> None:
        self.slips += self._records.slips
        self.surplus += self._records.surplus

    def _heard(self, found: list[Record | Hole]) -> list[Record | Hole]:
        out: list[Record | Hole] = []
        for thing in found:
            if isinstance(thing, Hole):
                if self.nature is Nature.RPC:
                    out.append(thing)
                elif len(self._held) < _HOLES_KEPT:
                    self._held.append(thing)
                continue
            data = thing.data
            reply = is_reply(data)
            self._probe = not reply and data[CALL_OCTETS : CALL_OCTETS + 4] == _AUTH_TLS
            if self.nature is Nature.OPEN:
                self._replies += reply
                if reply and self._replies < RECOGNISE_REPLIES:
                    self._held.append(thing)
                    continue
                out += self.believe()
            out.append(thing)
            if reply and data[8:28] == _READY_FOR_TLS:
                self.stop(Nature.TLS)
                break
        return out

    def _slipped(self) -> None:
        """Something stood where a record should have begun."""
        if self._probe and self._records.slipped_on.startswith(_TLS_HANDSHAKE):
            self.stop(Nature.TLS)
        elif self.nature is Nature.RPC and self._records.slipped_on == _MPA:
            self._records = Records(whole=self._whole)
            self.stop(Nature.RDMA)
        elif self.nature is Nature.OPEN:
            if self._replies:
                self._replies = 0
            else:
                self.stop(Nature.OTHER)
