from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dissect.nfs4.bounds import RECORD_OCTETS
from dissect.nfs4.rpc.resync import HEAD_OCTETS, Verdict, begins, contradicts, find_head, is_message, judge
from wire import rpc

CALL = rpc.call(7, 1, bytes(20), rpc.auth_sys(b"client1"))
REPLY = rpc.accepted(7, bytes(20))
DENIED = rpc.denied(7, 13)


def verdict(stream: bytes, final: bool = False) -> Verdict:
    return judge(bytearray(stream), 0, final) if begins(bytearray(stream), 0) else Verdict.NO


@pytest.mark.parametrize("message", [CALL, REPLY, DENIED])
def test_a_whole_record_is_plausible(message: bytes) -> None:
    assert verdict(rpc.record(message)) is Verdict.YES


@pytest.mark.parametrize("message", [CALL, REPLY])
def test_more_octets_are_waited_for_unless_there_are_none(message: bytes) -> None:
    stream = rpc.record(message)[:30]
    assert verdict(stream) is Verdict.WAIT
    assert verdict(stream, final=True) is Verdict.YES


@pytest.mark.parametrize(
    "stream",
    [
        len(CALL).to_bytes(4, "big") + CALL,
        (RECORD_OCTETS + 1 | 1 << 31).to_bytes(4, "big") + CALL,
        rpc.record(CALL[:30]),
        rpc.record(rpc.call(7, 1, b"", (9).to_bytes(4, "big") + bytes(4))),
        rpc.record(rpc.call(7, 1, b"", rpc.AUTH_NONE, program=0)),
        rpc.record(rpc.accepted(7, b"", state=9)),
        rpc.record(REPLY[:22]),
    ],
    ids=["not last", "too long", "header does not fit", "flavor", "program", "accept_stat", "short"],
)
def test_what_contradicts_rpc_is_not_plausible(stream: bytes) -> None:
    assert verdict(stream + bytes(900)) is Verdict.NO


@given(st.binary(max_size=100), st.sampled_from([CALL, REPLY, DENIED]))
def test_the_search_does_not_pass_over_a_record(lead: bytes, message: bytes) -> None:
    data = bytearray(lead + rpc.record(message))
    at = 0
    while (at := find_head(data, at)) != len(lead):
        assert at < len(lead)
        at += 1


@given(st.binary(max_size=60))
def test_the_search_keeps_what_could_still_become_a_record(data: bytes) -> None:
    at = find_head(bytearray(data), 0)
    assert begins(bytearray(data), at) or len(data) - at < HEAD_OCTETS


@given(st.binary(max_size=900), st.booleans())
def test_any_octets_are_judged(data: bytes, final: bool) -> None:
    judge(bytearray(data.ljust(HEAD_OCTETS, b"\0")), 0, final)
    contradicts(data, 0, len(data))
    assert is_message(data) in (True, False)


@pytest.mark.parametrize("octets", range(len(CALL)))
def test_the_beginning_of_a_message_contradicts_nothing(octets: int) -> None:
    assert not contradicts(CALL, 0, octets)
    assert is_message(CALL[:octets]) is (octets >= 24)
