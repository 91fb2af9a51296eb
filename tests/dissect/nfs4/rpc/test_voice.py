from __future__ import annotations

from dissect.nfs4.bounds import RECOGNISE_OCTETS
from dissect.nfs4.rpc.record import Record
from dissect.nfs4.rpc.voice import Nature, Voice
from dissect.nfs4.tcp.half import Hole, Item, Origin, Piece, Start
from wire import rpc


def call(xid: int, credential: bytes = rpc.AUTH_NONE) -> bytes:
    return rpc.record(rpc.call(xid, 0, b"", credential))


def reply(xid: int) -> bytes:
    return rpc.record(rpc.accepted(xid, b""))


AUTH_TLS = (7).to_bytes(4, "big") + bytes(4)
STARTTLS = rpc.record(
    (1).to_bytes(4, "big") + (1).to_bytes(4, "big") + bytes(8) + (8).to_bytes(4, "big") + b"STARTTLS" + bytes(4)
)
CLIENT_HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(100)


class Talk:
    def __init__(self, *, known: bool = True, assumed: bool = False) -> None:
        self.voice = Voice(assumed=assumed)
        self.at = 0
        self.frame = 0
        self.hear(Start(0, known))

    def hear(self, item: Item) -> list[bytes]:
        return [thing.data if isinstance(thing, Record) else b"" for thing in self.voice.feed(item)]

    def says(self, data: bytes) -> list[bytes]:
        self.frame += 1
        origin = Origin(self.frame, 0, self.at, self.at + len(data), self.at)
        piece = Piece(self.at, data, len(data), origin)
        self.at += len(data)
        return self.hear(piece)


def test_a_call_makes_it_rpc() -> None:
    talk = Talk()
    assert len(talk.says(call(1) + call(2))) == 2
    assert talk.voice.nature is Nature.RPC


def test_replies_are_kept_until_the_calls_of_the_other_direction_are_seen() -> None:
    talk = Talk()
    assert talk.says(reply(1)) == []
    assert talk.voice.nature is Nature.OPEN
    assert [thing.data for thing in talk.voice.believe() if isinstance(thing, Record)] == [reply(1)[4:]]
    assert talk.says(reply(2)) == [reply(2)[4:]]


def test_enough_replies_in_a_row_need_no_calls() -> None:
    talk = Talk()
    assert talk.says(reply(1)) == talk.says(reply(2)) == []
    assert talk.says(reply(3)) == [reply(1)[4:], reply(2)[4:], reply(3)[4:]]
    assert talk.voice.nature is Nature.RPC


def test_something_else_is_given_up_at_once() -> None:
    talk = Talk()
    assert talk.says(b"GET / HTTP/1.1\r\nHost: ") == []
    assert talk.voice.nature is Nature.OTHER
    assert talk.says(call(1)) == []


def test_what_is_given_up_begins_anew_when_the_other_direction_is_rpc() -> None:
    talk = Talk()
    talk.says(b"GET / HTTP/1.1\r\nHost: ")
    assert talk.voice.believe() == []
    assert talk.says(reply(1)) == [reply(1)[4:]]


def test_a_stream_met_in_its_middle_is_searched_so_far_and_no_further() -> None:
    talk = Talk(known=False)
    for _ in range(RECOGNISE_OCTETS >> 20):
        talk.says(bytes(1 << 20))
    assert talk.voice.nature is Nature.OPEN
    talk.says(bytes(1 << 20))
    assert talk.voice.nature is Nature.OTHER


def test_on_an_nfs_port_nothing_is_given_up() -> None:
    talk = Talk(assumed=True)
    assert talk.says(b"GET / HTTP/1.1\r\nHost: ") == []
    assert talk.says(call(1)) == [call(1)[4:]]
    assert talk.voice.nature is Nature.RPC


def test_holes_before_the_first_call_are_told_with_it() -> None:
    talk = Talk()
    origin = Origin(1, 0, 0, 0, 0)
    assert talk.voice.feed(Hole(0, 10, "loss", origin, origin)) == []
    talk.at = 10
    found = talk.says(call(1))
    assert found == [b"", call(1)[4:]]


def test_after_starttls_nothing_is_read() -> None:
    talk = Talk(assumed=True)
    assert len(talk.says(STARTTLS)) == 1
    assert talk.voice.nature is Nature.TLS
    assert talk.says(reply(2)) == []


def test_a_client_that_begins_tls_after_its_probe_needs_no_reply_seen() -> None:
    talk = Talk(assumed=True)
    assert len(talk.says(call(1, AUTH_TLS))) == 1
    talk.says(CLIENT_HELLO)
    assert talk.voice.nature is Nature.TLS


def test_a_refused_probe_changes_nothing() -> None:
    talk = Talk(assumed=True)
    talk.says(call(1, AUTH_TLS))
    assert talk.says(call(2)) == [call(2)[4:]]
    assert talk.voice.nature is Nature.RPC
