"""Identity and session operations: every field, every arm."""

from __future__ import annotations

import pytest
from nfs4_bodies import ARGUMENTS, CLIENTID, RESULTS, SESSION, VERIFIER, arguments, result

from dissect.nfs4.batch import Marks
from dissect.nfs4.compound import Walk, walk_arguments, walk_results
from dissect.nfs4.const import Op
from dissect.nfs4.ops import OPS
from dissect.nfs4.types import (
    BACKCHANNEL_CTL4args,
    BIND_CONN_TO_SESSION4args,
    BIND_CONN_TO_SESSION4resok,
    CREATE_SESSION4args,
    CREATE_SESSION4resok,
    DESTROY_CLIENTID4args,
    DESTROY_SESSION4args,
    EXCHANGE_ID4args,
    EXCHANGE_ID4resok,
    PartialOwner,
    RECLAIM_COMPLETE4args,
    RENEW4args,
    SEQUENCE4args,
    SEQUENCE4resok,
    SETCLIENTID4args,
    SETCLIENTID4inuse,
    SETCLIENTID4resok,
    SETCLIENTID_CONFIRM4args,
    callback_sec_parms4,
    nfs_impl_id4,
    nfstime4,
)
from dissect.nfs4.xdr import Reader
from wire.xdr import array, bitmap, boolean, opaque, u32

WHOLE = Marks(0)
LINUX = nfs_impl_id4(
    nii_domain=b"kernel.org", nii_name=b"Linux 6.1.0 #1", nii_date=nfstime4(seconds=1_700_000_000, nseconds=5)
)


def args(op: int, body: bytes) -> object:
    walk = walk_arguments(Reader(arguments(op, body)), 1, OPS, WHOLE)
    assert not walk.marks
    return walk.operations[0].value


def res(op: int, status: int, body: bytes) -> object:
    walk = walk_results(Reader(result(op, status, body)), 1, OPS, WHOLE)
    assert not walk.marks
    return walk.operations[0].value


def malformed(walk: Walk) -> bool:
    return walk.marks == Marks.MALFORMED and not walk.operations


def test_setclientid() -> None:
    assert args(35, ARGUMENTS[35][0]) == SETCLIENTID4args(
        verifier=VERIFIER,
        id=b"Linux NFSv4.0 client01/10.0.0.1",
        cb_program=0x40000000,
        na_r_netid=b"tcp",
        na_r_addr=b"10.0.0.2.3.141",
        callback_ident=1,
    )


def test_setclientid_result_has_an_arm_for_each_kind_of_status() -> None:
    ok, inuse, delay = RESULTS[35]
    assert res(35, *ok) == SETCLIENTID4resok(clientid=CLIENTID, setclientid_confirm=VERIFIER)
    assert res(35, *inuse) == SETCLIENTID4inuse(na_r_netid=b"tcp", na_r_addr=b"10.0.0.9.3.1")
    assert res(35, *delay) is None


def test_the_confirm_verifier_is_eight_bytes() -> None:
    data = result(35, 0, CLIENTID + VERIFIER) + result(36, 0, b"")
    walk = walk_results(Reader(data), 2, OPS, WHOLE)
    assert [o.op for o in walk.operations] == [35, 36]
    assert args(36, ARGUMENTS[36][0]) == SETCLIENTID_CONFIRM4args(clientid=CLIENTID, setclientid_confirm=VERIFIER)


def test_an_owner_holds_any_bytes_up_to_1024() -> None:
    owner = bytes(range(256)) * 4
    value = args(42, VERIFIER + opaque(owner) + u32(0) + u32(0) + u32(0))
    assert isinstance(value, EXCHANGE_ID4args)
    assert value.co_ownerid == owner
    too_long = arguments(42, VERIFIER + opaque(owner + b"!") + u32(0) + u32(0) + u32(0))
    assert malformed(walk_arguments(Reader(too_long), 1, OPS, Marks.CUT))


def test_exchange_id_with_and_without_implementation_and_protection() -> None:
    plain, anonymous, machine, ssv = (args(42, body) for body in ARGUMENTS[42])
    common = {"co_verifier": VERIFIER, "co_ownerid": b"Linux NFSv4.1 client01", "eia_flags": 0x101}
    maps = {"spo_must_enforce": sum(1 << n for n in (40, 42, 43, 44, 57)), "spo_must_allow": 0b111000}
    assert plain == EXCHANGE_ID4args(**common, spa_how=0, eia_client_impl_id=LINUX)
    assert anonymous == EXCHANGE_ID4args(**common, spa_how=0)
    assert machine == EXCHANGE_ID4args(**common, spa_how=1, **maps, eia_client_impl_id=LINUX)
    assert ssv == EXCHANGE_ID4args(**common, spa_how=2, **maps, eia_client_impl_id=LINUX)


def test_exchange_id_result_reads_the_minor_id_before_the_major() -> None:
    plain, anonymous, machine, ssv, refused = (res(42, *sample) for sample in RESULTS[42])
    common = {
        "eir_clientid": CLIENTID,
        "eir_sequenceid": 1,
        "eir_flags": 0x20101,
        "so_minor_id": 2,
        "so_major_id": b"major",
        "eir_server_scope": b"scope of this server",
    }
    maps = {"spo_must_enforce": sum(1 << n for n in (40, 42, 43, 44, 57)), "spo_must_allow": 0b111000}
    assert plain == EXCHANGE_ID4resok(**common, spr_how=0, eir_server_impl_id=LINUX)
    assert anonymous == EXCHANGE_ID4resok(**common, spr_how=0)
    assert machine == EXCHANGE_ID4resok(**common, spr_how=1, **maps, eir_server_impl_id=LINUX)
    assert ssv == EXCHANGE_ID4resok(**common, spr_how=2, **maps)
    assert refused is None


@pytest.mark.parametrize(
    "body",
    [
        u32(3) + u32(0),  # no state_protect_how4 3
        u32(0) + u32(2) + (opaque("d") + opaque("n") + bytes(12)) * 2,  # nfs_impl_id4<1>
        u32(2) + bitmap([]) + bitmap([]) + u32(1 << 30) + bytes(64),  # a count of algorithms that cannot be
    ],
)
def test_an_exchange_id_that_contradicts_the_xdr(body: bytes) -> None:
    data = arguments(24, b"") + arguments(42, VERIFIER + opaque("owner") + u32(0) + body)
    walk = walk_arguments(Reader(data), 2, OPS, WHOLE)
    assert walk.marks == Marks.MALFORMED
    assert [o.op for o in walk.operations] == [Op.PUTROOTFH]


@pytest.mark.parametrize("op", [35, 42])
def test_a_cut_owner_is_kept_as_far_as_it_goes(op: int) -> None:
    owner = ARGUMENTS[op][0][12:].split(b"\0")[0][: {35: 31, 42: 22}[op]]
    data = arguments(op, ARGUMENTS[op][0])
    assert data[16 : 16 + len(owner)] == owner
    for length in range(4, len(data)):
        walk = walk_arguments(Reader(data[:length]), 1, OPS, Marks.CUT)
        assert walk.marks == Marks.CUT
        if length <= 16:
            assert not walk.operations
            continue
        part = walk.operations[0].value
        assert part == PartialOwner(verifier=VERIFIER, owner=owner[: length - 16], length=len(owner))
        assert part.complete == (length - 16 >= len(owner))
    assert malformed(walk_arguments(Reader(data[:24]), 1, OPS, WHOLE))


def test_sequence() -> None:
    assert args(53, ARGUMENTS[53][0]) == SEQUENCE4args(
        sa_sessionid=SESSION, sa_sequenceid=5, sa_slotid=2, sa_highest_slotid=63, sa_cachethis=True
    )
    assert res(53, *RESULTS[53][0]) == SEQUENCE4resok(
        sr_sessionid=SESSION,
        sr_sequenceid=5,
        sr_slotid=2,
        sr_highest_slotid=63,
        sr_target_highest_slotid=63,
        sr_status_flags=0x101,
    )
    bad = arguments(53, ARGUMENTS[53][0][:-4] + u32(7))
    assert malformed(walk_arguments(Reader(bad), 1, OPS, WHOLE))


def test_create_session() -> None:
    first, second = (args(43, body) for body in ARGUMENTS[43])
    assert isinstance(first, CREATE_SESSION4args)
    assert isinstance(second, CREATE_SESSION4args)
    assert (first.csa_clientid, first.csa_sequence, first.csa_flags, first.csa_cb_program) == (
        CLIENTID,
        1,
        3,
        0x40000000,
    )
    assert first.csa_fore_chan_attrs.ca_maxrequestsize == 1049620
    assert first.csa_fore_chan_attrs.ca_maxrequests == 30
    assert (first.csa_fore_chan_attrs.ca_rdma_ird, first.csa_back_chan_attrs.ca_rdma_ird) == (None, 16)
    system = callback_sec_parms4(cb_secflavor=1, machinename=b"client01", uid=0, gid=0)
    # gss_cb_handles4 holds two handles: read as one, everything behind it is out of step.
    gss = callback_sec_parms4(
        cb_secflavor=6,
        gcbp_service=2,
        gcbp_handle_from_server=b"server handle",
        gcbp_handle_from_client=b"client handle!!",
    )
    assert first.csa_sec_parms == (system,)
    assert second.csa_sec_parms == (callback_sec_parms4(cb_secflavor=0), gss, system)
    changed = args(40, ARGUMENTS[40][0])
    assert changed == BACKCHANNEL_CTL4args(
        bca_cb_program=0x40000001, bca_sec_parms=(callback_sec_parms4(cb_secflavor=0), system, gss)
    )
    made = res(43, *RESULTS[43][0])
    assert isinstance(made, CREATE_SESSION4resok)
    assert (made.csr_sessionid, made.csr_sequence, made.csr_flags) == (SESSION, 1, 3)
    assert res(43, 10063, b"") is None


def test_a_callback_flavor_without_an_arm_is_a_contradiction() -> None:
    body = ARGUMENTS[43][0][: 16 + 28 + 32 + 4] + array([u32(5)], bytes)
    assert malformed(walk_arguments(Reader(arguments(43, body)), 1, OPS, WHOLE))


def test_the_small_ones() -> None:
    assert args(30, CLIENTID) == RENEW4args(clientid=CLIENTID)
    assert args(57, CLIENTID) == DESTROY_CLIENTID4args(dca_clientid=CLIENTID)
    assert args(44, SESSION) == DESTROY_SESSION4args(dsa_sessionid=SESSION)
    assert args(58, boolean(True)) == RECLAIM_COMPLETE4args(rca_one_fs=True)
    assert args(41, SESSION + u32(7) + boolean(False)) == BIND_CONN_TO_SESSION4args(
        bctsa_sessid=SESSION, bctsa_dir=7, bctsa_use_conn_in_rdma_mode=False
    )
    assert res(41, 0, SESSION + u32(3) + boolean(True)) == BIND_CONN_TO_SESSION4resok(
        bctsr_sessid=SESSION, bctsr_dir=3, bctsr_use_conn_in_rdma_mode=True
    )
