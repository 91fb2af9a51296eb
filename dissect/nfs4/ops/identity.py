"""SETCLIENTID, SETCLIENTID_CONFIRM, RENEW (RFC 7530); EXCHANGE_ID, DESTROY_CLIENTID, RECLAIM_COMPLETE (RFC 8881)."""

from __future__ import annotations

from struct import Struct

from dissect.nfs4.const import Op, StateProtect, Status
from dissect.nfs4.ops.shape import OPAQUE_LIMIT, Codec, Decoder, array, on, one_of, opaque, void
from dissect.nfs4.types import (
    DESTROY_CLIENTID4args,
    EXCHANGE_ID4args,
    EXCHANGE_ID4resok,
    PartialOwner,
    RECLAIM_COMPLETE4args,
    RENEW4args,
    SETCLIENTID4args,
    SETCLIENTID4inuse,
    SETCLIENTID4resok,
    SETCLIENTID_CONFIRM4args,
    nfs_impl_id4,
    nfstime4,
)
from dissect.nfs4.xdr import Reader, XdrShort

_CLIENTID_AND_VERIFIER = Struct(">8s8s")
_EXCHANGE_ID_RESOK = Struct(">8sII")
_opaques = array(opaque, 4)


def _setclientid(reader: Reader) -> SETCLIENTID4args:
    return SETCLIENTID4args(
        verifier=reader.fixed(8),
        id=reader.opaque(OPAQUE_LIMIT),
        cb_program=reader.u32(),
        na_r_netid=reader.opaque(),
        na_r_addr=reader.opaque(),
        callback_ident=reader.u32(),
    )


def _setclientid_ok(reader: Reader) -> SETCLIENTID4resok:
    clientid, confirm = reader.unpack(_CLIENTID_AND_VERIFIER)
    return SETCLIENTID4resok(clientid=clientid, setclientid_confirm=confirm)


def _setclientid_inuse(reader: Reader) -> SETCLIENTID4inuse:
    return SETCLIENTID4inuse(na_r_netid=reader.opaque(), na_r_addr=reader.opaque())


def _setclientid_confirm(reader: Reader) -> SETCLIENTID_CONFIRM4args:
    clientid, confirm = reader.unpack(_CLIENTID_AND_VERIFIER)
    return SETCLIENTID_CONFIRM4args(clientid=clientid, setclientid_confirm=confirm)


def _renew(reader: Reader) -> RENEW4args:
    return RENEW4args(clientid=reader.fixed(8))


def _impl_id(reader: Reader) -> nfs_impl_id4 | None:
    """nfs_impl_id4<1>."""
    if not reader.count(20, 1):
        return None
    return nfs_impl_id4(
        nii_domain=reader.opaque(),
        nii_name=reader.opaque(),
        nii_date=nfstime4(seconds=reader.i64(), nseconds=reader.u32()),
    )


def _protection(reader: Reader) -> tuple[int, int | None, int | None]:
    """The discriminant of state_protect4 and the two maps of state_protect_ops4, which both other arms begin with."""
    how = one_of(reader, StateProtect.SP4_SSV)
    if how == StateProtect.SP4_NONE:
        return how, None, None
    return how, reader.bitmap(), reader.bitmap()


def _exchange_id(reader: Reader) -> EXCHANGE_ID4args:
    verifier, ownerid, flags = reader.fixed(8), reader.opaque(OPAQUE_LIMIT), reader.u32()
    how, enforce, allow = _protection(reader)
    if how == StateProtect.SP4_SSV:
        _opaques(reader)  # ssp_hash_algs
        _opaques(reader)  # ssp_encr_algs
        reader.skip(8)  # ssp_window, ssp_num_gss_handles
    return EXCHANGE_ID4args(
        co_verifier=verifier,
        co_ownerid=ownerid,
        eia_flags=flags,
        spa_how=how,
        spo_must_enforce=enforce,
        spo_must_allow=allow,
        eia_client_impl_id=_impl_id(reader),
    )


def _exchange_id_ok(reader: Reader) -> EXCHANGE_ID4resok:
    clientid, sequenceid, flags = reader.unpack(_EXCHANGE_ID_RESOK)
    how, enforce, allow = _protection(reader)
    if how == StateProtect.SP4_SSV:
        reader.skip(16)  # spi_hash_alg, spi_encr_alg, spi_ssv_len, spi_window
        _opaques(reader)  # spi_handles
    minor_id, major_id = reader.u64(), reader.opaque(OPAQUE_LIMIT)  # server_owner4 (RFC 8881 section 3.3)
    return EXCHANGE_ID4resok(
        eir_clientid=clientid,
        eir_sequenceid=sequenceid,
        eir_flags=flags,
        spr_how=how,
        spo_must_enforce=enforce,
        spo_must_allow=allow,
        so_minor_id=minor_id,
        so_major_id=major_id,
        eir_server_scope=reader.opaque(OPAQUE_LIMIT),
        eir_server_impl_id=_impl_id(reader),
    )


def _destroy_clientid(reader: Reader) -> DESTROY_CLIENTID4args:
    return DESTROY_CLIENTID4args(dca_clientid=reader.fixed(8))


def _reclaim_complete(reader: Reader) -> RECLAIM_COMPLETE4args:
    return RECLAIM_COMPLETE4args(rca_one_fs=reader.boolean())


def _partial_owner(reader: Reader) -> PartialOwner | None:
    """nfs_client_id4 and client_owner4 lie alike: verifier4, opaque<1024>."""
    try:
        verifier, length = reader.fixed(8), reader.u32()
    except XdrShort:
        return None
    if length > OPAQUE_LIMIT or not reader.remaining():
        return None
    owner = reader.data[reader.pos : min(reader.pos + length, reader.end)]
    return PartialOwner(verifier=verifier, owner=owner, length=length)


OPS: dict[int, Codec] = {
    Op.RENEW: Codec(_renew, void),
    Op.SETCLIENTID: Codec(_setclientid, _setclientid_ok, on(Status.CLID_INUSE, _setclientid_inuse)),
    Op.SETCLIENTID_CONFIRM: Codec(_setclientid_confirm, void),
    Op.EXCHANGE_ID: Codec(_exchange_id, _exchange_id_ok),
    Op.DESTROY_CLIENTID: Codec(_destroy_clientid, void),
    Op.RECLAIM_COMPLETE: Codec(_reclaim_complete, void),
}

PARTIAL_ARGS: dict[int, Decoder] = {Op.SETCLIENTID: _partial_owner, Op.EXCHANGE_ID: _partial_owner}
