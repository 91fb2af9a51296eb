"""What of a message becomes rows of operations and details."""

from __future__ import annotations

import pytest
from nfs4_bodies import (
    ALL_CB_ARGUMENTS,
    ARGUMENTS,
    CB_ARGUMENTS,
    CLIENTID,
    RESULTS,
    SESSION,
    VERIFIER,
    arguments,
    result,
)

from dissect.nfs4.batch import NO_STATUS, Kind, Marks
from dissect.nfs4.const import Op
from dissect.nfs4.message import CallHeader, Context, decode_message
from dissect.nfs4.rows import select
from dissect.nfs4.types import (
    CB_RECALL4args,
    GETATTR4resok,
    GETFH4resok,
    LOCK4denied,
    LOOKUP4args,
    PartialOwner,
    PUTFH4args,
    SETCLIENTID4args,
    SETCLIENTID4inuse,
)
from wire.rpc import accepted, auth_sys, call, compound_arguments, compound_results
from wire.xdr import bitmap, opaque, stateid4, u32, u64

OTHER = b"abcdefghijkl"
SYS = auth_sys(b"client01")
ANONYMOUS = stateid4((0, bytes(12)))
BYPASS = stateid4((0xFFFFFFFF, b"\xff" * 12))


def called(*operations: bytes, minor: int = 0):
    return select(decode_message(call(1, 1, compound_arguments(b"", minor, operations), SYS), Context()))


def answered(*results: bytes, status: int = 0, kind: Kind = Kind.COMPOUND_CALL):
    context = Context(call=CallHeader(kind=kind, prog=100003, vers=4, proc=1, minor=0))
    return select(decode_message(accepted(1, compound_results(b"", status, results)), context))


def op(number: int, arm: int = 0) -> bytes:
    return arguments(number, ARGUMENTS[number][arm])


def ok(number: int, arm: int = 0) -> bytes:
    return result(number, *RESULTS[number][arm])


@pytest.mark.parametrize(
    ("number", "arm", "minor", "row"),
    [
        (30, 0, 0, (CLIENTID, 0, 0)),
        (36, 0, 0, (CLIENTID, 0, 0)),
        (7, 0, 0, (CLIENTID, 0, 0)),
        (7, 0, 1, None),
        (39, 0, 0, (CLIENTID, 0, 0)),
        (13, 0, 0, (CLIENTID, 0, 0)),
        (13, 0, 1, None),
        (57, 0, 1, (CLIENTID, 0, 0)),
        (43, 0, 1, (CLIENTID, 0, 0)),
        (53, 0, 1, (SESSION, 2, 0)),
        (44, 0, 1, (SESSION, 0, 0)),
        (41, 0, 1, (SESSION, 0, 0)),
        (18, 0, 0, (CLIENTID, 0, 0)),
        (18, 5, 0, (CLIENTID, 1, 1)),
        (18, 6, 0, (CLIENTID, 0, 2)),
        (18, 7, 0, (CLIENTID, 1, 3)),
        (18, 0, 1, (b"", 0, 0)),
        (18, 5, 2, (b"", 1, 1)),
        (18, 8, 1, (b"", 0, 4)),
        (18, 9, 1, (OTHER, 0, 5)),
        (18, 10, 1, (b"", 1, 6)),
        (12, 0, 0, (CLIENTID, 0, 0)),
        (12, 0, 1, (OTHER, 0, 0)),
        (12, 1, 0, (OTHER, 1, 0)),
        (14, 0, 0, (OTHER, 0, 0)),
        (4, 0, 0, (OTHER, 0, 0)),
        (8, 0, 1, (OTHER, 0, 0)),
        (20, 0, 0, (OTHER, 0, 0)),
        (21, 0, 0, (OTHER, 0, 0)),
        (45, 0, 1, (OTHER, 0, 0)),
        (25, 0, 0, (OTHER, 0, 0)),
        (25, 0, 1, None),
        (38, 0, 0, (OTHER, 0, 0)),
        (38, 0, 2, None),
        (34, 0, 0, (OTHER, 0, 0)),
        (34, 0, 1, None),
        (9, 0, 0, None),
        (55, 0, 1, None),
        (35, 0, 0, None),
        (42, 0, 1, None),
    ],
)
def test_calls_that_name_clients_sessions_and_state(number: int, arm: int, minor: int, row) -> None:
    rows, _ = called(op(24), op(number, arm), minor=minor)
    assert rows == ([] if row is None else [(1, number, NO_STATUS, *row)])


@pytest.mark.parametrize("special", [ANONYMOUS, BYPASS])
def test_special_stateids_name_nothing(special: bytes) -> None:
    rows, _ = called(
        arguments(25, special + u64(0) + u32(1)),
        arguments(38, special + u64(0) + u32(0) + opaque(b"x")),
        arguments(34, special + bitmap([]) + opaque(b"")),
        arguments(4, u32(1) + special),
    )
    assert rows == []


def test_replies_that_fail_whatever_the_operation() -> None:
    rows, details = answered(ok(53), ok(22, 0), result(15, 2, b""), status=2)
    assert rows == [(0, 53, 0, SESSION, 2, 0x101), (2, 15, 2, b"", 0, 0)]
    assert details == []
    rows, details = answered(result(12, *RESULTS[12][1]), status=10010)
    assert rows == [(0, 12, 10010, b"", 0, 0)]
    assert [type(value) for _, value in details] == [LOCK4denied]


@pytest.mark.parametrize("number", [18, 20, 21, 12, 14])
def test_replies_that_grant_state(number: int) -> None:
    rows, _ = answered(ok(number))
    assert rows == [(0, number, 0, OTHER, 0, 0)]


@pytest.mark.parametrize("number", [38, 5])
def test_replies_that_show_a_write_verifier(number: int) -> None:
    rows, _ = answered(ok(number))
    assert rows == [(0, number, 0, VERIFIER, 0, 0)]


def test_callbacks() -> None:
    body = compound_arguments(b"", 1, [arguments(11, CB_ARGUMENTS[11][0]), arguments(4, CB_ARGUMENTS[4][0])], 7)
    rows, details = select(decode_message(call(1, 1, body, SYS, 0x40000000, 1), Context()))
    assert rows == [(0, 11, NO_STATUS, SESSION, 0, 0), (1, 4, NO_STATUS, OTHER, 0, 0)]
    assert [(index, type(value)) for index, value in details] == [(1, CB_RECALL4args)]
    rows, details = answered(result(4, 10001, b""), status=10001, kind=Kind.CB_COMPOUND_CALL)
    assert (rows, details) == ([(0, 4, 10001, b"", 0, 0)], [])
    everything = compound_arguments(b"", 1, [arguments(*sample) for sample in ALL_CB_ARGUMENTS], 7)
    rows, _ = select(decode_message(call(1, 1, everything, SYS, 0x40000000, 1), Context()))
    assert {row[1] for row in rows} == {4, 11}


DETAILED_CALLS = {35, 36, 42, 43, 41, 44, 57, 58, 18, 12, 55, 45, 8, 4}
DETAILED_REPLIES = {35, 42, 43, 41, 18, 12, 55}


@pytest.mark.parametrize("number", sorted(ARGUMENTS))
def test_details_of_calls_and_replies(number: int) -> None:
    _, details = called(op(number), minor=1)
    assert [index for index, _ in details] == ([0] if number in DETAILED_CALLS else [])
    status, body = RESULTS[number][0]
    _, details = answered(result(number, status, body), status=status)
    assert [index for index, _ in details] == ([0] if number in DETAILED_REPLIES else [])


def test_attributes_of_leases() -> None:
    _, details = answered(ok(22), result(9, 0, bitmap([10]) + opaque(u32(90))))
    assert details == [(1, GETATTR4resok(lease_time=90))]


def test_the_holder_of_a_client_id_in_use() -> None:
    _, details = answered(result(35, *RESULTS[35][1]), status=10017)
    assert [type(value) for _, value in details] == [SETCLIENTID4inuse]


def test_names_stand_beside_what_holds_state() -> None:
    _, details = called(op(22), op(15), op(9))
    assert details == []
    for holder in (Op.OPEN, Op.LOCK, Op.CLOSE, Op.DELEGRETURN):
        _, details = called(op(22), op(15), op(holder))
        assert [type(value) for _, value in details[:2]] == [PUTFH4args, LOOKUP4args]
        assert len(details) == 3
    _, details = answered(ok(22), ok(18), ok(10))
    assert [(index, type(value)) for index, value in details][-1] == (2, GETFH4resok)
    _, details = answered(ok(22), ok(10))
    assert details == []


def test_a_cut_owner_is_a_detail_and_no_row() -> None:
    whole = call(1, 1, compound_arguments(b"", 0, [op(35)]), SYS)
    cut = whole[: whole.index(b"Linux") + 9]
    rows, details = select(decode_message(cut, Context(missing=Marks.CUT)))
    assert rows == []
    assert [(index, type(value)) for index, value in details] == [(0, PartialOwner)]
    _, details = select(decode_message(whole, Context()))
    assert [type(value) for _, value in details] == [SETCLIENTID4args]


def test_other_messages_have_no_rows() -> None:
    assert select(decode_message(call(1, 0, b"", SYS), Context())) == ([], [])
