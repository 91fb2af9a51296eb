"""Opens, locks, delegations, file data, attributes and callbacks: values of every arm."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nfs4_bodies import (
    ACE,
    ARGUMENTS,
    CB_ARGUMENTS,
    CB_RESULTS,
    CHANGE,
    CLIENTID,
    DENIED_LOCK,
    RESULTS,
    SESSION,
    STATEID,
    VERIFIER,
    arguments,
    result,
)

from dissect.nfs4.batch import Marks
from dissect.nfs4.compound import walk_arguments, walk_results
from dissect.nfs4.ops import CB_OPS, OPS
from dissect.nfs4.types import (
    CB_RECALL4args,
    CB_SEQUENCE4args,
    CB_SEQUENCE4resok,
    CLOSE4args,
    CLOSE4resok,
    COMMIT4resok,
    DELEGPURGE4args,
    DELEGRETURN4args,
    FREE_STATEID4args,
    GETATTR4resok,
    GETFH4resok,
    LOCK4args,
    LOCK4denied,
    LOCK4resok,
    LOCKT4args,
    LOCKU4args,
    LOCKU4resok,
    LOOKUP4args,
    OPEN4args,
    OPEN4resok,
    OPEN_CONFIRM4args,
    OPEN_CONFIRM4resok,
    OPEN_DOWNGRADE4args,
    OPEN_DOWNGRADE4resok,
    PUTFH4args,
    READ4args,
    RELEASE_LOCKOWNER4args,
    SETATTR4args,
    Stateid,
    TEST_STATEID4args,
    TEST_STATEID4resok,
    WRITE4args,
    WRITE4resok,
    fs_location4,
    fs_locations4,
)
from dissect.nfs4.xdr import Reader
from wire.xdr import array, bitmap, boolean, opaque, stateid4, u32, u64

WHOLE = Marks(0)
STATE = Stateid(3, b"abcdefghijkl")
HANDLE = b"a file handle of 29 octets..."


def args(op: int, body: bytes, table: dict = OPS) -> object:
    walk = walk_arguments(Reader(arguments(op, body)), 1, table, WHOLE)
    assert not walk.marks
    return walk.operations[0].value


def res(op: int, status: int, body: bytes, table: dict = OPS) -> object:
    walk = walk_results(Reader(result(op, status, body)), 1, table, WHOLE)
    assert not walk.marks
    return walk.operations[0].value


def test_open_claims() -> None:
    common = {"seqid": 1, "share_access": 3, "share_deny": 0, "clientid": CLIENTID, "owner": b"open id:\0\1\2"}
    values = [args(18, body) for body in ARGUMENTS[18]]
    assert values[:5] == [OPEN4args(**common, opentype=opentype, claim=0, file=b"file") for opentype in (0, 1, 1, 1, 1)]
    assert values[5:] == [
        OPEN4args(**common, opentype=0, claim=1, delegate_type=2),
        OPEN4args(**common, opentype=0, claim=2, delegate_stateid=STATE, file=b"file"),
        OPEN4args(**common, opentype=0, claim=3, file=b"file"),
        OPEN4args(**common, opentype=0, claim=4),
        OPEN4args(**common, opentype=0, claim=5, delegate_stateid=STATE),
        OPEN4args(**common, opentype=0, claim=6),
    ]


@pytest.mark.parametrize("body", [u32(0) + u32(7), u32(1) + u32(4)])
def test_claims_and_modes_without_an_arm_are_contradictions(body: bytes) -> None:
    data = arguments(18, ARGUMENTS[18][0][:36] + body + bytes(40))
    assert walk_arguments(Reader(data), 1, OPS, Marks.CUT).marks == Marks.MALFORMED


def test_open_results_with_every_kind_of_delegation() -> None:
    def opened(kind: int, **granted: object) -> OPEN4resok:
        return OPEN4resok(stateid=STATE, rflags=4, delegation_type=kind, **granted)

    values = [res(18, *sample) for sample in RESULTS[18]]
    assert values == [
        opened(0),
        opened(1, delegation_stateid=STATE, recall=False),
        opened(2, delegation_stateid=STATE, recall=True),
        opened(3),
        opened(4, delegation_stateid=STATE, recall=False),
        opened(5, delegation_stateid=STATE, recall=False),
        opened(3),
        opened(3),
        opened(3),
        None,
    ]


@pytest.mark.parametrize(
    "delegation",
    [u32(6), u32(2) + STATEID + boolean(False) + u32(0) + u64(0) + ACE, u32(2) + STATEID + boolean(False) + u32(3)],
)
def test_delegations_without_an_arm_are_contradictions(delegation: bytes) -> None:
    data = result(18, 0, STATEID + CHANGE + u32(0) + bitmap([]) + delegation)
    assert walk_results(Reader(data), 1, OPS, WHOLE).marks == Marks.MALFORMED


def test_opens_end() -> None:
    assert args(20, ARGUMENTS[20][0]) == OPEN_CONFIRM4args(open_stateid=STATE, seqid=2)
    assert res(20, 0, STATEID) == OPEN_CONFIRM4resok(open_stateid=STATE)
    assert args(21, ARGUMENTS[21][0]) == OPEN_DOWNGRADE4args(open_stateid=STATE, seqid=2, share_access=1, share_deny=0)
    assert res(21, 0, STATEID) == OPEN_DOWNGRADE4resok(open_stateid=STATE)
    assert args(4, ARGUMENTS[4][0]) == CLOSE4args(seqid=1, open_stateid=STATE)
    assert res(4, 0, STATEID) == CLOSE4resok(open_stateid=STATE)


def test_locks() -> None:
    by_owner, by_stateid = (args(12, body) for body in ARGUMENTS[12])
    assert by_owner == LOCK4args(
        locktype=2,
        reclaim=False,
        offset=0,
        length=1 << 63,
        new_lock_owner=True,
        open_seqid=4,
        open_stateid=STATE,
        lock_seqid=0,
        clientid=CLIENTID,
        owner=b"lock id:1",
    )
    assert by_stateid == LOCK4args(
        locktype=1, reclaim=True, offset=0, length=100, new_lock_owner=False, lock_stateid=STATE, lock_seqid=2
    )
    denied = LOCK4denied(offset=0, length=100, locktype=2, clientid=CLIENTID, owner=b"another owner")
    assert [res(12, *sample) for sample in RESULTS[12]] == [LOCK4resok(lock_stateid=STATE), denied, None]
    assert res(13, 10010, DENIED_LOCK) == denied
    assert args(13, ARGUMENTS[13][0]) == LOCKT4args(
        locktype=1, offset=0, length=100, clientid=CLIENTID, owner=b"lock id:1"
    )
    assert args(14, ARGUMENTS[14][0]) == LOCKU4args(locktype=1, seqid=3, lock_stateid=STATE, offset=0, length=100)
    assert res(14, 0, STATEID) == LOCKU4resok(lock_stateid=STATE)
    assert args(39, ARGUMENTS[39][0]) == RELEASE_LOCKOWNER4args(clientid=CLIENTID, owner=b"lock id:1")


@pytest.mark.parametrize("at", [4, 24])
def test_the_booleans_of_lock_are_booleans(at: int) -> None:
    body = bytearray(ARGUMENTS[12][1])
    body[at : at + 4] = u32(2)
    assert walk_arguments(Reader(arguments(12, bytes(body))), 1, OPS, WHOLE).marks == Marks.MALFORMED


def test_stateids_alone_and_in_lists() -> None:
    assert args(7, CLIENTID) == DELEGPURGE4args(clientid=CLIENTID)
    assert args(8, STATEID) == DELEGRETURN4args(deleg_stateid=STATE)
    assert args(45, STATEID) == FREE_STATEID4args(fsa_stateid=STATE)
    assert args(55, ARGUMENTS[55][0]) == TEST_STATEID4args(ts_stateids=(STATE, STATE))
    assert res(55, *RESULTS[55][0]) == TEST_STATEID4resok(tsr_status_codes=(0, 10011))


def test_special_stateids() -> None:
    assert Stateid(0, bytes(12)).is_special
    assert Stateid(1, bytes(12)).is_special  # "the current stateid"
    assert Stateid(0xFFFFFFFF, b"\xff" * 12).is_special
    assert not STATE.is_special


def test_data_is_counted_not_copied() -> None:
    assert args(25, ARGUMENTS[25][0]) == READ4args(stateid=STATE, offset=0, count=65536)
    assert args(38, ARGUMENTS[38][0]) == WRITE4args(stateid=STATE, offset=0, stable=2, length=13)
    assert res(25, *RESULTS[25][0]) is None
    assert res(38, *RESULTS[38][0]) == WRITE4resok(count=13, committed=2, writeverf=VERIFIER)
    assert res(5, *RESULTS[5][0]) == COMMIT4resok(writeverf=VERIFIER)


def test_handles_and_names() -> None:
    assert args(22, ARGUMENTS[22][0]) == PUTFH4args(object=HANDLE)
    assert res(10, *RESULTS[10][0]) == GETFH4resok(object=HANDLE)
    assert args(15, opaque("export")) == LOOKUP4args(objname=b"export")
    assert args(34, ARGUMENTS[34][0]) == SETATTR4args(stateid=STATE)
    too_long = arguments(22, opaque(bytes(129)))
    assert walk_arguments(Reader(too_long), 1, OPS, WHOLE).marks == Marks.MALFORMED


def test_setattr_has_its_bitmap_under_every_status() -> None:
    data = b"".join(result(34, *sample) for sample in RESULTS[34]) + result(10, 0, opaque(HANDLE))
    walk = walk_results(Reader(data), 4, OPS, WHOLE)
    assert [(o.op, o.status) for o in walk.operations] == [(34, 0), (34, 10013), (34, 13), (10, 0)]


# --- attributes

EVERYTHING_BEFORE_FS_LOCATIONS = {
    0: bitmap([0, 1, 2, 10, 24, 62]),
    1: u32(2),
    2: u32(0),
    3: u64(1),
    4: u64(2),
    5: u32(1),
    6: u32(1),
    7: u32(1),
    8: u64(0) + u64(26),
    9: u32(1),
    10: u32(90),
    11: u32(0),
    12: array([ACE, ACE], bytes),
    13: u32(3),
    14: u32(0),
    15: u32(1),
    16: u32(0),
    17: u32(1),
    18: u32(1),
    19: opaque(HANDLE),
    20: u64(128),
    21: u64(1),
    22: u64(1),
    23: u64(1),
}
LOCATIONS = array(["export", "data"], opaque) + array(
    [
        array(["10.0.0.1", "nfs2"], opaque) + array(["vol", "data"], opaque),
        array([], opaque) + array([], opaque),
    ],
    bytes,
)
LOCATED = fs_locations4(
    fs_root=(b"export", b"data"),
    locations=(
        fs_location4(server=(b"10.0.0.1", b"nfs2"), rootpath=(b"vol", b"data")),
        fs_location4(server=(), rootpath=()),
    ),
)


def getattr_result(values: dict[int, bytes]) -> bytes:
    return bitmap(sorted(values)) + opaque(b"".join(values[number] for number in sorted(values)))


def test_lease_time_is_found_behind_any_selection_of_attributes() -> None:
    everything = {**EVERYTHING_BEFORE_FS_LOCATIONS, 24: LOCATIONS, 33: u32(0o755), 55: u64(1)}
    assert res(9, 0, getattr_result(everything)) == GETATTR4resok(lease_time=90, fs_locations=LOCATED)
    assert res(9, 0, getattr_result({10: u32(45)})) == GETATTR4resok(lease_time=45)
    assert res(9, 0, getattr_result({1: u32(1), 20: u64(7), 24: LOCATIONS})) == GETATTR4resok(fs_locations=LOCATED)
    assert res(9, 0, getattr_result({1: u32(1), 33: u32(0o755)})) is None
    assert res(9, 0, bitmap([]) + opaque(b"")) is None


@given(chosen=st.sets(st.sampled_from(sorted(EVERYTHING_BEFORE_FS_LOCATIONS))))
@settings(max_examples=100, deadline=None)
def test_every_selection_of_attributes_is_sized(chosen: set[int]) -> None:
    values = {number: EVERYTHING_BEFORE_FS_LOCATIONS[number] for number in chosen} | {24: LOCATIONS, 55: u64(9)}
    assert res(9, 0, getattr_result(values)) == GETATTR4resok(
        lease_time=90 if 10 in chosen else None, fs_locations=LOCATED
    )


def test_attribute_values_that_end_early_cost_only_themselves() -> None:
    data = result(9, 0, bitmap([0, 10, 24]) + opaque(bitmap([0]) + u32(90) + u32(1 << 20))) + result(
        10, 0, opaque(HANDLE)
    )
    walk = walk_results(Reader(data), 2, OPS, WHOLE)
    assert not walk.marks
    assert walk.operations[0].value == GETATTR4resok(lease_time=90)
    assert walk.operations[1].value == GETFH4resok(object=HANDLE)
    assert res(9, 0, bitmap([0, 10]) + opaque(u32(1 << 30))) is None


# --- callbacks


def test_callbacks() -> None:
    assert args(4, CB_ARGUMENTS[4][0], CB_OPS) == CB_RECALL4args(stateid=STATE, truncate=False, fh=HANDLE)
    assert args(11, CB_ARGUMENTS[11][0], CB_OPS) == CB_SEQUENCE4args(
        csa_sessionid=SESSION, csa_sequenceid=1, csa_slotid=0, csa_highest_slotid=3, csa_cachethis=False
    )
    assert res(11, *CB_RESULTS[11][0], CB_OPS) == CB_SEQUENCE4resok(
        csr_sessionid=SESSION, csr_sequenceid=1, csr_slotid=0, csr_highest_slotid=3, csr_target_highest_slotid=3
    )


def test_a_layout_recall_of_no_known_kind_is_a_contradiction() -> None:
    data = arguments(5, u32(1) + u32(3) + boolean(True) + u32(4))
    assert walk_arguments(Reader(data), 1, CB_OPS, WHOLE).marks == Marks.MALFORMED
    data = arguments(61, stateid4((1, b"x")) + u32(4) + opaque("where"))
    assert walk_arguments(Reader(data), 1, OPS, WHOLE).marks == Marks.MALFORMED
