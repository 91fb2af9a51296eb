"""Numbers and names as the RFCs give them; unknown numbers have a name too."""

from __future__ import annotations

from dissect.nfs4.batch import NO_STATUS
from dissect.nfs4.const import (
    CbOp,
    Op,
    RpcRefusal,
    Seq4Status,
    Status,
    cb_op_name,
    is_status,
    op_name,
    status_name,
)


def test_operations_are_numbered_without_a_hole() -> None:
    assert sorted(Op) == [*range(3, 76), 10044]
    assert sorted(CbOp) == [*range(3, 16), 10044]
    assert (Op.SETCLIENTID, Op.EXCHANGE_ID, Op.SEQUENCE, Op.CLONE, Op.REMOVEXATTR) == (35, 42, 53, 71, 75)


def test_names() -> None:
    assert op_name(42) == "EXCHANGE_ID"
    assert op_name(10044) == "ILLEGAL"
    assert op_name(76) == "nfs_opnum4 76"
    assert cb_op_name(4) == "CB_RECALL"
    assert cb_op_name(16) == "nfs_cb_opnum4 16"
    assert status_name(0) == "NFS4_OK"
    assert status_name(10022) == "NFS4ERR_STALE_CLIENTID"
    assert status_name(10096) == "NFS4ERR_XATTR2BIG"
    assert status_name(12345) == "nfsstat4 12345"


def test_statuses() -> None:
    assert is_status(0)
    assert is_status(Status.DELEG_REVOKED)
    assert not is_status(10073)
    assert not is_status(10002)
    assert sorted(Status)[-1] == 10096
    assert [Status.BADSESSION, Status.SEQ_MISORDERED, Status.DEADSESSION, Status.OFFLOAD_NO_REQS] == [
        10052,
        10063,
        10078,
        10094,
    ]


def test_a_refusal_is_no_status_and_not_the_absence_of_one() -> None:
    assert all(refusal < NO_STATUS for refusal in RpcRefusal)
    assert len(set(RpcRefusal)) == 7


def test_status_flags_of_sequence() -> None:
    assert Seq4Status(0x180) == Seq4Status.LEASE_MOVED | Seq4Status.RESTART_RECLAIM_NEEDED
    assert int(Seq4Status(0x80000001)) == 0x80000001
