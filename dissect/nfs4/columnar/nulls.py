"""Calls of the NULL procedure and their replies, many at once: they say nothing but who asks (RFC 8881 section 17)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dissect.nfs4.batch import Kind
from dissect.nfs4.columnar.cursors import Cursors, Mask
from dissect.nfs4.columnar.lay import CREDENTIAL_AT, VERIFIER_AT, Records
from dissect.nfs4.columnar.space import Index, Space
from dissect.nfs4.const import (
    CALLBACK_VERSIONS,
    NFS_PROGRAM,
    NFS_V4,
    PROC_NULL,
    TRANSIENT_PROGRAMS,
    AcceptStat,
    AuthFlavor,
)
from dissect.nfs4.message import CallHeader
from dissect.nfs4.rpc.header import MAX_AUTH

NO_KIND = -1


def null_calls(space: Space, records: Records, words: NDArray[np.uint32], able: Mask) -> tuple[Index, Index]:
    """Which of the calls that are `able` are of the NULL procedure of NFSv4 or of its callbacks, in plain form, and the
    kind of each. `words`: the first of each message."""
    prog, vers = words[:, 3], words[:, 4]
    able = able & (words[:, 5] == PROC_NULL) & (words[:, 6] <= AuthFlavor.AUTH_SYS) & (records.tail < 0)
    these = np.flatnonzero(able)
    if not len(these):
        return these, these
    prog, vers = prog[these], vers[these]
    nfs = (prog == NFS_PROGRAM) & (vers == NFS_V4)
    back = (prog >= TRANSIENT_PROGRAMS.start) & (prog < TRANSIENT_PROGRAMS.stop)
    back &= np.logical_or.reduce([vers == each for each in sorted(CALLBACK_VERSIONS)])
    end = records.at[these] + records.octets[these]
    head = Cursors(space, records.at[these] + CREDENTIAL_AT, end)
    head.skip_opaque(MAX_AUTH)
    head.skip(4)
    head.skip_opaque(MAX_AUTH)
    # A program of that range may be anything: with arguments it is no callback.
    good = head.good & (nfs | back & (head.at == end))
    return these[good], np.where(nfs[good], int(Kind.NULL_CALL), int(Kind.CB_NULL_CALL))


def null_replies(space: Space, records: Records, able: Mask, kind: Index) -> Index:
    """Which of the replies that are `able` answer a call of a NULL procedure, `kind`, with success."""
    these = np.flatnonzero(able & ((kind == int(Kind.NULL_CALL)) | (kind == int(Kind.CB_NULL_CALL))))
    if not len(these):
        return these
    head = Cursors(space, records.at[these] + VERIFIER_AT, records.at[these] + records.octets[these])
    head.skip_opaque(MAX_AUTH)
    head.one_of(AcceptStat.SUCCESS)
    return these[head.good]


def waiting_kind(header: CallHeader | None) -> tuple[int, int]:
    """Kind and program of a call that waits for its reply, NO_KIND where it is not plain."""
    if header is None or header.gss_service is not None:
        return NO_KIND, 0
    return int(header.kind), header.prog
