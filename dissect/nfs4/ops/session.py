"""Sessions: SEQUENCE, CREATE_SESSION, BIND_CONN_TO_SESSION, DESTROY_SESSION, BACKCHANNEL_CTL, SET_SSV (RFC 8881)."""

from __future__ import annotations

from struct import Struct

from dissect.nfs4.const import AuthFlavor, Op
from dissect.nfs4.ops.shape import Codec, callback_sec_flavor, opaque, series, void
from dissect.nfs4.types import (
    BACKCHANNEL_CTL4args,
    BIND_CONN_TO_SESSION4args,
    BIND_CONN_TO_SESSION4resok,
    CREATE_SESSION4args,
    CREATE_SESSION4resok,
    DESTROY_SESSION4args,
    SEQUENCE4args,
    SEQUENCE4resok,
    callback_sec_parms4,
    channel_attrs4,
)
from dissect.nfs4.xdr import Reader, XdrInvalid

_SEQUENCE = Struct(">16sIIII")
_SEQUENCE_RESOK = Struct(">16sIIIII")
_CREATE_SESSION = Struct(">8sII")
_CREATE_SESSION_RESOK = Struct(">16sII")
_CHANNEL = Struct(">6I")
_BIND = Struct(">16sI")
_MACHINENAME_LIMIT = 255
_GIDS_LIMIT = 16


def _sequence(reader: Reader) -> SEQUENCE4args:
    sessionid, sequenceid, slotid, highest, cachethis = reader.unpack(_SEQUENCE)
    if cachethis > 1:
        raise XdrInvalid(reader.pos - 4, 1, cachethis)
    return SEQUENCE4args(
        sa_sessionid=sessionid,
        sa_sequenceid=sequenceid,
        sa_slotid=slotid,
        sa_highest_slotid=highest,
        sa_cachethis=cachethis == 1,
    )


def _sequence_ok(reader: Reader) -> SEQUENCE4resok:
    sessionid, sequenceid, slotid, highest, target, flags = reader.unpack(_SEQUENCE_RESOK)
    return SEQUENCE4resok(
        sr_sessionid=sessionid,
        sr_sequenceid=sequenceid,
        sr_slotid=slotid,
        sr_highest_slotid=highest,
        sr_target_highest_slotid=target,
        sr_status_flags=flags,
    )


def _channel(reader: Reader) -> channel_attrs4:
    headerpad, request, response, cached, operations, requests = reader.unpack(_CHANNEL)
    return channel_attrs4(
        ca_headerpadsize=headerpad,
        ca_maxrequestsize=request,
        ca_maxresponsesize=response,
        ca_maxresponsesize_cached=cached,
        ca_maxoperations=operations,
        ca_maxrequests=requests,
        ca_rdma_ird=reader.u32() if reader.count(4, 1) else None,
    )


def _sec_parms(reader: Reader) -> callback_sec_parms4:
    flavor = callback_sec_flavor(reader)
    if flavor == AuthFlavor.AUTH_SYS:
        reader.skip(4)  # stamp
        machinename, uid, gid = reader.opaque(_MACHINENAME_LIMIT), reader.u32(), reader.u32()
        reader.skip(4 * reader.count(4, _GIDS_LIMIT))
        return callback_sec_parms4(cb_secflavor=flavor, machinename=machinename, uid=uid, gid=gid)
    if flavor == AuthFlavor.RPCSEC_GSS:
        return callback_sec_parms4(
            cb_secflavor=flavor,
            gcbp_service=reader.u32(),
            gcbp_handle_from_server=reader.opaque(),
            gcbp_handle_from_client=reader.opaque(),
        )
    return callback_sec_parms4(cb_secflavor=flavor)


def _sec_parms_list(reader: Reader) -> tuple[callback_sec_parms4, ...]:
    return tuple([_sec_parms(reader) for _ in range(reader.count(4))])


def _backchannel_ctl(reader: Reader) -> BACKCHANNEL_CTL4args:
    return BACKCHANNEL_CTL4args(bca_cb_program=reader.u32(), bca_sec_parms=_sec_parms_list(reader))


def _create_session(reader: Reader) -> CREATE_SESSION4args:
    clientid, sequence, flags = reader.unpack(_CREATE_SESSION)
    return CREATE_SESSION4args(
        csa_clientid=clientid,
        csa_sequence=sequence,
        csa_flags=flags,
        csa_fore_chan_attrs=_channel(reader),
        csa_back_chan_attrs=_channel(reader),
        csa_cb_program=reader.u32(),
        csa_sec_parms=_sec_parms_list(reader),
    )


def _create_session_ok(reader: Reader) -> CREATE_SESSION4resok:
    sessionid, sequence, flags = reader.unpack(_CREATE_SESSION_RESOK)
    return CREATE_SESSION4resok(
        csr_sessionid=sessionid,
        csr_sequence=sequence,
        csr_flags=flags,
        csr_fore_chan_attrs=_channel(reader),
        csr_back_chan_attrs=_channel(reader),
    )


def _bind(reader: Reader) -> BIND_CONN_TO_SESSION4args:
    sessionid, direction = reader.unpack(_BIND)
    return BIND_CONN_TO_SESSION4args(
        bctsa_sessid=sessionid, bctsa_dir=direction, bctsa_use_conn_in_rdma_mode=reader.boolean()
    )


def _bind_ok(reader: Reader) -> BIND_CONN_TO_SESSION4resok:
    sessionid, direction = reader.unpack(_BIND)
    return BIND_CONN_TO_SESSION4resok(
        bctsr_sessid=sessionid, bctsr_dir=direction, bctsr_use_conn_in_rdma_mode=reader.boolean()
    )


def _destroy_session(reader: Reader) -> DESTROY_SESSION4args:
    return DESTROY_SESSION4args(dsa_sessionid=reader.fixed(16))


OPS: dict[int, Codec] = {
    Op.SEQUENCE: Codec(_sequence, _sequence_ok),
    Op.CREATE_SESSION: Codec(_create_session, _create_session_ok),
    Op.BIND_CONN_TO_SESSION: Codec(_bind, _bind_ok),
    Op.DESTROY_SESSION: Codec(_destroy_session, void),
    Op.BACKCHANNEL_CTL: Codec(_backchannel_ctl, void),
    Op.SET_SSV: Codec(series(opaque, opaque), opaque),
}
