from __future__ import annotations

from dissect.nfs4.batch import TcpFlag
from dissect.nfs4.bounds import BEHIND_OCTETS, SYN_LATE_FRAMES
from dissect.nfs4.link.segment import Segment
from dissect.nfs4.tcp.connection import ACK, FIN, RST, SYN, Connections, TcpConnection

CLIENT, SERVER = ("10.0.0.11", 871), ("10.0.0.1", 2049)
PSH = 0x08


class Tap:
    """Segments between two endpoints, put through `Connections` as they are captured."""

    def __init__(self) -> None:
        self.connections = Connections()
        self.frame = 0
        self.events: list[tuple[TcpFlag, int, int]] = []
        self.data: list[tuple[int, int, bytes]] = []

    def sees(
        self,
        flags: int,
        seq: int,
        ack: int = 0,
        data: bytes = b"",
        *,
        back: bool = False,
        client: tuple[str, int] = CLIENT,
        server: tuple[str, int] = SERVER,
    ) -> TcpConnection:
        self.frame += 1
        source, destination = (server, client) if back else (client, server)
        segment = Segment(
            frame=self.frame,
            time=self.frame * 1000,
            source=source[0],
            source_port=source[1],
            destination=destination[0],
            destination_port=destination[1],
            seq=seq,
            ack=ack,
            flags=flags,
            payload=data,
            length=len(data),
            mac=None,
            ttl=64,
        )
        connection, _ = self.connections.find(segment)
        items, events = connection.take(segment)
        self.events += [(event.kind, event.direction, event.frame) for event in events]
        self.data += [(connection.conn, direction, item.data) for direction, item in items if hasattr(item, "data")]
        return connection


def opened(isn: int = 1000, answer: int = 5000) -> Tap:
    tap = Tap()
    tap.sees(SYN, isn)
    tap.sees(SYN | ACK, answer, isn + 1, back=True)
    tap.sees(ACK, isn + 1, answer + 1)
    return tap


def test_a_handshake_tells_who_opened_the_connection() -> None:
    tap = opened()
    connection = tap.sees(ACK | PSH, 1001, 5001, b"call")
    described = connection.describe()
    assert (described.initiator_address, described.initiator_port) == CLIENT
    assert (described.responder_address, described.responder_port) == SERVER
    assert (described.conn, described.first_frame, described.syn_frame) == (0, 1, 1)
    assert tap.events == [(TcpFlag.SYN, 0, 1), (TcpFlag.SYN_ACK, 1, 2)]
    assert tap.data == [(0, 0, b"call")]


def test_without_a_syn_the_nfs_port_tells_who_answers() -> None:
    tap = Tap()
    described = tap.sees(ACK, 5001, 1001, back=True).describe()
    assert (described.initiator_address, described.initiator_port) == CLIENT
    assert described.syn_frame is None


def test_without_a_syn_or_an_nfs_port_whoever_speaks_first_opened_it() -> None:
    tap = Tap()
    described = tap.sees(ACK, 5001, 1001, back=True, server=("10.0.0.1", 40000)).describe()
    assert described.initiator_address == "10.0.0.1"


def test_a_retransmitted_syn_opens_nothing_new() -> None:
    tap = Tap()
    first = tap.sees(SYN, 1000)
    assert tap.sees(SYN, 1000) is first
    assert tap.events == [(TcpFlag.SYN, 0, 1)]


def test_a_syn_with_another_number_on_the_same_ports_opens_the_next_connection() -> None:
    tap = opened()
    tap.sees(FIN | ACK, 1001, 5001)
    after = tap.sees(SYN, 90000)
    assert (after.conn, after.syn_frame) == (1, 5)
    assert tap.sees(SYN | ACK, 70000, 90001, back=True) is after
    assert tap.sees(ACK | PSH, 90001, 70001, b"call") is after


def test_an_unanswered_syn_and_a_later_attempt_are_two_connections() -> None:
    tap = Tap()
    assert tap.sees(SYN, 1000).conn == 0
    assert tap.sees(SYN, 2000).conn == 1


def test_a_syn_ack_alone_opens_a_new_connection_for_both_directions() -> None:
    tap = opened()
    tap.sees(ACK | PSH, 1001, 5001, b"old call")
    after = tap.sees(SYN | ACK, 70000, 90001, back=True)
    assert after.conn == 1
    assert after.describe().initiator_address == CLIENT[0]
    assert tap.sees(ACK | PSH, 90001, 70001, b"call") is after
    assert tap.data[-1] == (1, 0, b"call")


def test_a_syn_that_the_file_holds_after_its_answer_is_of_the_same_connection() -> None:
    tap = Tap()
    connection = tap.sees(SYN | ACK, 5000, 1001, back=True)
    assert tap.sees(SYN, 1000) is connection
    assert connection.describe().syn_frame == 2
    assert connection.describe().initiator_address == CLIENT[0]


def test_a_syn_that_the_file_holds_after_the_first_data_is_of_the_same_connection() -> None:
    tap = Tap()
    connection = tap.sees(ACK | PSH, 1001, 5001, b"call")
    assert tap.sees(SYN, 1000) is connection
    assert tap.data == [(0, 0, b"call")]


def test_a_syn_long_after_other_segments_is_not_theirs() -> None:
    tap = Tap()
    tap.sees(ACK | PSH, 1001, 5001, b"call")
    tap.frame += SYN_LATE_FRAMES
    assert tap.sees(SYN, 1000).conn == 1


def test_a_server_may_answer_a_syn_anew_until_data_flow() -> None:
    tap = Tap()
    connection = tap.sees(SYN, 1000)
    tap.sees(SYN | ACK, 5000, 1001, back=True)
    assert tap.sees(SYN | ACK, 6000, 1001, back=True) is connection
    tap.sees(ACK | PSH, 6001, 1001, b"reply", back=True)
    assert tap.data == [(0, 1, b"reply")]


def test_data_out_of_every_window_belong_to_a_connection_whose_syn_was_not_captured() -> None:
    tap = opened(isn=BEHIND_OCTETS * 2)
    tap.sees(ACK | PSH, BEHIND_OCTETS * 2 + 1, 5001, b"old")
    after = tap.sees(ACK | PSH, 77, 5001, b"new")
    assert (after.conn, after.syn_frame) == (1, None)


def test_a_reset_of_the_connection_before_says_nothing_of_the_new_one() -> None:
    """A rebooted client's SYN meets the old connection: the server acknowledges that one, the client resets it."""
    tap = opened()
    tap.sees(ACK | PSH, 1001, 5001, b"old call")
    new = tap.sees(SYN, 3_000_000_000)
    tap.sees(ACK, 5001, 1009, back=True)
    old = tap.sees(RST, 1009)
    assert (old.conn, new.conn) == (0, 1)
    assert tap.events[-1] == (TcpFlag.RST, 0, 7)
    assert tap.sees(SYN, 3_000_000_000) is new
    assert tap.sees(SYN | ACK, 900, 3_000_000_001, back=True) is new


def test_copies_from_a_second_tap_go_where_the_first_went() -> None:
    tap = opened()
    tap.sees(ACK | PSH, 1001, 5001, b"old call")
    new = tap.sees(SYN, 3_000_000_000)
    assert tap.sees(ACK | PSH, 1001, 5001, b"old call").conn == 0
    assert tap.sees(FIN | ACK, 1009, 5001).conn == 0
    assert tap.sees(SYN, 1000).conn == 0
    assert tap.sees(SYN, 3_000_000_000) is new


def test_an_answer_that_refuses_is_of_the_syn_it_answers() -> None:
    tap = Tap()
    connection = tap.sees(SYN, 1000)
    assert tap.sees(RST | ACK, 0, 1001, back=True) is connection
    assert tap.events[-1] == (TcpFlag.RST, 1, 2)


def test_control_segments_are_told_once() -> None:
    tap = opened()
    for _ in range(3):
        tap.sees(FIN | ACK, 1001, 5001)
        tap.sees(RST, 5001, back=True)
    assert [kind for kind, _, _ in tap.events[2:]] == [TcpFlag.FIN, TcpFlag.RST]


def test_both_ends_may_be_the_same_socket() -> None:
    tap = Tap()
    connection = tap.sees(SYN, 1000, client=SERVER)
    assert tap.sees(SYN | ACK, 1000, 1001, client=SERVER) is connection


def test_a_summary_counts_what_each_direction_sent() -> None:
    tap = opened()
    tap.sees(ACK | PSH, 1001, 5001, b"call")
    tap.sees(ACK | PSH, 1001, 5001, b"call")
    connection = tap.sees(ACK, 5001, 1005, back=True)
    forth, back = connection.summaries()
    assert (forth.segments, forth.octets, forth.retransmissions) == (4, 4, 1)
    assert (forth.first_frame, forth.last_frame) == (1, 5)
    assert (back.segments, back.octets, back.retransmissions) == (2, 0, 0)
