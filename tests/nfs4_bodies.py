"""Every operation of every minor version as bytes: arguments, and results under each status that has a body of its own.

Written from the XDR of the RFCs, one entry for each arm of a union, apart from the decoders.
"""

from __future__ import annotations

from wire.xdr import array, bitmap, boolean, fixed, opaque, stateid4, u32, u64

STATEID = stateid4((3, b"abcdefghijkl"))
SESSION = b"session-of-16-by"
CLIENTID = bytes.fromhex("5f0e8a6411223344")
VERIFIER = bytes.fromhex("1766f3a2c0ffee00")
HANDLE = opaque(b"a file handle of 29 octets...")
CHANGE = boolean(True) + u64(7) + u64(8)
FATTR = bitmap([1, 4, 33]) + opaque(u32(1) + u64(4096) + u32(0o644))
ACE = u32(0) + u32(0) + u32(0x1201BF) + opaque("EVERYONE@")
CHANNEL = b"".join(u32(n) for n in (0, 1049620, 1049480, 7584, 8, 30)) + array([], u32)
RDMA_CHANNEL = CHANNEL[:24] + array([16], u32)
IMPL_ID = array([0], lambda _: opaque("kernel.org") + opaque("Linux 6.1.0 #1") + u64(1_700_000_000) + u32(5))
NO_IMPL_ID = u32(0)
SYS_PARMS = u32(1) + u32(99) + opaque("client01") + u32(0) + u32(0) + array([4, 24], u32)
GSS_PARMS = u32(6) + u32(2) + opaque(b"server handle") + opaque(b"client handle!!")
NETLOCS = (u32(1) + opaque("name"), u32(2) + opaque("nfs://h/"), u32(3) + opaque("tcp") + opaque("10.0.0.1.8.1"))
WRITE_RESPONSE = array([STATEID], bytes) + u64(1 << 20) + u32(2) + VERIFIER
SYNC_RESPONSE = array([], bytes) + u64(1 << 20) + u32(2) + VERIFIER
DELEGATIONS = {
    0: b"",
    1: STATEID + boolean(False) + ACE,
    2: STATEID + boolean(True) + u32(1) + u64(1 << 40) + ACE,
    3: u32(1) + boolean(True),
    4: STATEID + boolean(False) + ACE,
    5: STATEID + boolean(False) + u32(2) + u32(100) + u32(4096) + ACE,
}
REFUSED_DELEGATIONS = (u32(3) + u32(0), u32(3) + u32(2) + boolean(False), u32(3) + u32(6))
DENIED_LOCK = u64(0) + u64(100) + u32(2) + CLIENTID + opaque("another owner")


def _open(how: bytes, claim: bytes) -> bytes:
    return u32(1) + u32(3) + u32(0) + CLIENTID + opaque("open id:\0\1\2") + how + claim


_NOCREATE = u32(0)
_CLAIM_NULL = u32(0) + opaque("file")
_OPENED = STATEID + CHANGE + u32(4) + bitmap([33])
_BY_OWNER = u32(2) + boolean(False) + u64(0) + u64(1 << 63) + boolean(True)
_BY_STATEID = u32(1) + boolean(True) + u64(0) + u64(100) + boolean(False) + STATEID + u32(2)
_EXCHANGE = VERIFIER + opaque(b"Linux NFSv4.1 client01") + u32(0x101)
_EXCHANGED = CLIENTID + u32(1) + u32(0x20101)
_OWNER = u64(2) + opaque("major") + opaque("scope of this server")
_MAPS = bitmap([40, 42, 43, 44, 57]) + bitmap([3, 4, 5])

ARGUMENTS: dict[int, list[bytes]] = {
    3: [u32(0x1F)],
    4: [u32(1) + STATEID],
    5: [u64(0) + u32(4096)],
    6: [
        u32(2) + opaque("dir") + FATTR,
        u32(5) + opaque("../target") + opaque("link") + FATTR,
        u32(3) + u32(8) + u32(1) + opaque("blk") + FATTR,
        u32(4) + u32(8) + u32(1) + opaque("chr") + FATTR,
        u32(7) + opaque("fifo") + FATTR,
    ],
    7: [CLIENTID],
    8: [STATEID],
    9: [bitmap([0, 10, 24, 62])],
    10: [b""],
    11: [opaque("new name")],
    12: [
        _BY_OWNER + u32(4) + STATEID + u32(0) + CLIENTID + opaque("lock id:1"),
        _BY_STATEID,
    ],
    13: [u32(1) + u64(0) + u64(100) + CLIENTID + opaque("lock id:1")],
    14: [u32(1) + u32(3) + STATEID + u64(0) + u64(100)],
    15: [opaque("export")],
    16: [b""],
    17: [FATTR],
    18: [
        _open(_NOCREATE, _CLAIM_NULL),
        _open(u32(1) + u32(0) + FATTR, _CLAIM_NULL),
        _open(u32(1) + u32(1) + FATTR, _CLAIM_NULL),
        _open(u32(1) + u32(2) + VERIFIER, _CLAIM_NULL),
        _open(u32(1) + u32(3) + VERIFIER + FATTR, _CLAIM_NULL),
        _open(_NOCREATE, u32(1) + u32(2)),
        _open(_NOCREATE, u32(2) + STATEID + opaque("file")),
        _open(_NOCREATE, u32(3) + opaque("file")),
        _open(_NOCREATE, u32(4)),
        _open(_NOCREATE, u32(5) + STATEID),
        _open(_NOCREATE, u32(6)),
    ],
    19: [boolean(True)],
    20: [STATEID + u32(2)],
    21: [STATEID + u32(2) + u32(1) + u32(0)],
    22: [HANDLE],
    23: [b""],
    24: [b""],
    25: [STATEID + u64(0) + u32(65536)],
    26: [u64(0) + bytes(8) + u32(4096) + u32(65536) + bitmap([1, 20])],
    27: [b""],
    28: [opaque("gone")],
    29: [opaque("from") + opaque("to")],
    30: [CLIENTID],
    31: [b""],
    32: [b""],
    33: [opaque("name")],
    34: [STATEID + FATTR],
    35: [
        VERIFIER
        + opaque(b"Linux NFSv4.0 client01/10.0.0.1")
        + u32(0x40000000)
        + opaque("tcp")
        + opaque("10.0.0.2.3.141")
        + u32(1)
    ],
    36: [CLIENTID + VERIFIER],
    37: [FATTR],
    38: [STATEID + u64(0) + u32(2) + opaque(b"13 octets now")],
    39: [CLIENTID + opaque("lock id:1")],
    40: [u32(0x40000001) + array([u32(0), SYS_PARMS, GSS_PARMS], bytes)],
    41: [SESSION + u32(3) + boolean(False)],
    42: [
        _EXCHANGE + u32(0) + IMPL_ID,
        _EXCHANGE + u32(0) + NO_IMPL_ID,
        _EXCHANGE + u32(1) + _MAPS + IMPL_ID,
        _EXCHANGE
        + u32(2)
        + _MAPS
        + array([b"oid1"], opaque)
        + array([b"o2", b"oid3"], opaque)
        + u32(64)
        + u32(4)
        + IMPL_ID,
    ],
    43: [
        CLIENTID + u32(1) + u32(3) + CHANNEL + RDMA_CHANNEL + u32(0x40000000) + array([SYS_PARMS], bytes),
        CLIENTID + u32(1) + u32(0) + CHANNEL + CHANNEL + u32(1) + array([u32(0), GSS_PARMS, SYS_PARMS], bytes),
    ],
    44: [SESSION],
    45: [STATEID],
    46: [boolean(True) + bitmap([0, 2]) + fixed(bytes(12), 12) * 2 + bitmap([1]) + bitmap([])],
    47: [fixed(SESSION, 16) + u32(1) + u32(65536) + bitmap([0])],
    48: [u32(1) + u32(10) + u64(0) + bytes(8)],
    49: [
        u64(0)
        + u64(9)
        + boolean(False)
        + STATEID
        + boolean(True)
        + u64(8)
        + boolean(True)
        + bytes(12)
        + u32(1)
        + opaque(b"x"),
        u64(0) + u64(9) + boolean(False) + STATEID + boolean(False) + boolean(False) + u32(4) + opaque(b""),
    ],
    50: [boolean(False) + u32(1) + u32(2) + u64(0) + u64(100) + u64(10) + STATEID + u32(4096)],
    51: [
        boolean(False) + u32(1) + u32(3) + u32(1) + u64(0) + u64(9) + STATEID + opaque(b"body"),
        boolean(False) + u32(1) + u32(3) + u32(2),
        boolean(False) + u32(1) + u32(3) + u32(3),
    ],
    52: [u32(0)],
    53: [SESSION + u32(5) + u32(2) + u32(63) + boolean(True)],
    54: [opaque(b"ssv") + opaque(b"digest")],
    55: [array([STATEID, STATEID], bytes), array([], bytes)],
    56: [u32(1) + u32(1) + u32(2), u32(1) + u32(4), u32(1) + u32(6)],
    57: [CLIENTID],
    58: [boolean(False)],
    59: [STATEID + u64(0) + u64(100)],
    60: [
        STATEID + STATEID + u64(0) + u64(0) + u64(100) + boolean(True) + boolean(False) + array(NETLOCS, bytes),
        STATEID + STATEID + u64(0) + u64(0) + u64(100) + boolean(True) + boolean(True) + array([], bytes),
    ],
    61: [STATEID + netloc for netloc in NETLOCS],
    62: [STATEID + u64(0) + u64(100)],
    63: [STATEID + u64(0) + u64(100) + bitmap([3])],
    64: [u64(0) + u64(9) + STATEID + array([SESSION + u32(5) + u32(25)], bytes)],
    65: [u64(0) + u64(9) + STATEID + u64(1) + u64(2) + u64(3) + u64(4) + SESSION + u32(4) + opaque(b"layout")],
    66: [STATEID],
    67: [STATEID],
    68: [STATEID + u64(0) + u32(65536)],
    69: [STATEID + u64(0) + u32(1)],
    70: [STATEID + u32(2) + u64(0) + u64(4096) + u64(4) + u64(0) + u32(1) + u64(8) + opaque(b"pattern")],
    71: [STATEID + STATEID + u64(0) + u64(0) + u64(100)],
    72: [opaque("user.a")],
    73: [u32(1) + opaque("user.a") + opaque(b"value")],
    74: [u64(0) + u32(4096)],
    75: [opaque("user.a")],
    10044: [b""],
}

RESULTS: dict[int, list[tuple[int, bytes]]] = {
    3: [(0, u32(0x1F) + u32(0x0F)), (13, b"")],
    4: [(0, STATEID), (10025, b"")],
    5: [(0, VERIFIER)],
    6: [(0, CHANGE + bitmap([33]))],
    7: [(0, b"")],
    8: [(0, b"")],
    9: [(0, FATTR), (0, bitmap([10]) + opaque(u32(90))), (10019, b"")],
    10: [(0, HANDLE)],
    11: [(0, CHANGE)],
    12: [(0, STATEID), (10010, DENIED_LOCK), (10013, b"")],
    13: [(0, b""), (10010, DENIED_LOCK)],
    14: [(0, STATEID)],
    15: [(0, b""), (2, b"")],
    16: [(0, b"")],
    17: [(0, b""), (10009, b"")],
    18: [
        *[(0, _OPENED + u32(kind) + body) for kind, body in DELEGATIONS.items()],
        *[(0, _OPENED + body) for body in REFUSED_DELEGATIONS],
        (10033, b""),
    ],
    19: [(0, b"")],
    20: [(0, STATEID)],
    21: [(0, STATEID)],
    22: [(0, b""), (70, b"")],
    23: [(0, b"")],
    24: [(0, b"")],
    25: [(0, boolean(True) + opaque(b"seven b")), (10023, b"")],
    26: [
        (
            0,
            VERIFIER
            + b"".join(boolean(True) + u64(n) + opaque(f"entry {n}") + FATTR for n in range(3))
            + boolean(False)
            + boolean(True),
        ),
        (0, VERIFIER + boolean(False) + boolean(True)),
    ],
    27: [(0, opaque("../target"))],
    28: [(0, CHANGE)],
    29: [(0, CHANGE + CHANGE)],
    30: [(0, b""), (10022, b""), (10048, b"")],
    31: [(0, b"")],
    32: [(0, b"")],
    33: [(0, array([u32(1), u32(6) + opaque(b"oid") + u32(0) + u32(1), u32(390003)], bytes))],
    34: [(0, bitmap([4])), (10013, bitmap([])), (13, bitmap([4, 33]))],
    35: [(0, CLIENTID + VERIFIER), (10017, opaque("tcp") + opaque("10.0.0.9.3.1")), (10008, b"")],
    36: [(0, b""), (10022, b"")],
    37: [(0, b""), (10027, b"")],
    38: [(0, u32(13) + u32(2) + VERIFIER), (10011, b"")],
    39: [(0, b"")],
    40: [(0, b"")],
    41: [(0, SESSION + u32(3) + boolean(False)), (10052, b"")],
    42: [
        (0, _EXCHANGED + u32(0) + _OWNER + IMPL_ID),
        (0, _EXCHANGED + u32(0) + _OWNER + NO_IMPL_ID),
        (0, _EXCHANGED + u32(1) + _MAPS + _OWNER + IMPL_ID),
        (
            0,
            _EXCHANGED
            + u32(2)
            + _MAPS
            + u32(0)
            + u32(1)
            + u32(20)
            + u32(64)
            + array([b"handle", b"h2"], opaque)
            + _OWNER
            + NO_IMPL_ID,
        ),
        (10017, b""),
    ],
    43: [(0, SESSION + u32(1) + u32(3) + CHANNEL + RDMA_CHANNEL), (10063, b"")],
    44: [(0, b"")],
    45: [(0, b"")],
    46: [
        (0, u32(0) + VERIFIER + STATEID + bitmap([0]) + bitmap([]) + bitmap([1])),
        (0, u32(1) + boolean(True)),
        (10084, b""),
    ],
    47: [(0, u32(1) + opaque(b"device") + bitmap([0])), (10005, u32(4096))],
    48: [(0, u64(0) + bytes(8) + array([SESSION, SESSION], bytes) + boolean(True))],
    49: [(0, boolean(True) + u64(4096)), (0, boolean(False)), (10050, b"")],
    50: [
        (0, boolean(False) + STATEID + array([u64(0) + u64(9) + u32(1) + u32(1) + opaque(b"layout")], bytes)),
        (10058, boolean(True)),
        (10059, b""),
    ],
    51: [(0, boolean(True) + STATEID), (0, boolean(False))],
    52: [(0, array([u32(6) + opaque(b"oid") + u32(0) + u32(2)], bytes))],
    53: [(0, SESSION + u32(5) + u32(2) + u32(63) + u32(63) + u32(0x101)), (10052, b"")],
    54: [(0, opaque(b"digest"))],
    55: [(0, array([0, 10011], u32))],
    56: [(0, u32(kind) + body) for kind, body in DELEGATIONS.items()],
    57: [(0, b""), (10074, b"")],
    58: [(0, b""), (10054, b"")],
    59: [(0, b"")],
    60: [
        (0, WRITE_RESPONSE + boolean(True) + boolean(False)),
        (0, SYNC_RESPONSE + boolean(True) + boolean(True)),
        (10094, boolean(True) + boolean(True)),
        (10091, b""),
    ],
    61: [(0, bytes(12) + STATEID + array(NETLOCS, bytes))],
    62: [(0, b"")],
    63: [(0, bitmap([3]))],
    64: [(0, b"")],
    65: [(0, b"")],
    66: [(0, b"")],
    67: [(0, u64(4096) + array([0], u32)), (0, u64(4096) + array([], u32))],
    68: [
        (0, boolean(True) + array([u32(1) + u64(0) + u64(4096), u32(0) + u64(4096) + opaque(b"data!")], bytes)),
        (0, boolean(True) + array([], bytes)),
    ],
    69: [(0, boolean(False) + u64(4096)), (6, b"")],
    70: [(0, WRITE_RESPONSE)],
    71: [(0, b"")],
    72: [(0, opaque(b"value")), (10095, b"")],
    73: [(0, CHANGE)],
    74: [(0, u64(2) + array(["user.a", "user.bc"], opaque) + boolean(True))],
    75: [(0, CHANGE)],
    10044: [(10044, b"")],
}

_REFERRING = array([SESSION + array([u32(1) + u32(0), u32(2) + u32(1)], bytes)], bytes)
_NOTIFIES = array([bitmap([0, 3]) + opaque(b"notification")], bytes)

CB_ARGUMENTS: dict[int, list[bytes]] = {
    3: [HANDLE + bitmap([3, 4])],
    4: [STATEID + boolean(False) + HANDLE],
    5: [
        u32(1) + u32(3) + boolean(False) + u32(1) + HANDLE + u64(0) + u64(100) + STATEID,
        u32(1) + u32(3) + boolean(False) + u32(2) + u64(1) + u64(2),
        u32(1) + u32(3) + boolean(True) + u32(3),
    ],
    6: [STATEID + HANDLE + _NOTIFIES],
    7: [HANDLE + u32(kind) + body for kind, body in DELEGATIONS.items()],
    8: [u32(10) + bitmap([0, 1])],
    9: [u32(10) + bitmap([0])],
    10: [u32(4)],
    11: [SESSION + u32(1) + u32(0) + u32(3) + boolean(False) + _REFERRING, SESSION + u32(1) * 3 + u32(0) * 2],
    12: [boolean(True) + boolean(False)],
    13: [HANDLE + CLIENTID + opaque("lock id:1")],
    14: [_NOTIFIES],
    15: [HANDLE + STATEID + u32(0) + SYNC_RESPONSE, HANDLE + STATEID + u32(5) + u64(100)],
    10044: [b""],
}

CB_RESULTS: dict[int, list[tuple[int, bytes]]] = {
    **{op: [(0, b""), (10008, b"")] for op in CB_ARGUMENTS},
    3: [(0, FATTR), (10001, b"")],
    11: [(0, SESSION + u32(1) + u32(0) + u32(3) + u32(3)), (10052, b"")],
    10044: [(10044, b"")],
}


def arguments(op: int, body: bytes) -> bytes:
    """nfs_argop4."""
    return u32(op) + body


def result(op: int, status: int, body: bytes) -> bytes:
    """nfs_resop4."""
    return u32(op) + u32(status) + body


ALL_ARGUMENTS = [(op, body) for op, bodies in ARGUMENTS.items() for body in bodies]
ALL_RESULTS = [(op, status, body) for op, bodies in RESULTS.items() for status, body in bodies]
ALL_CB_ARGUMENTS = [(op, body) for op, bodies in CB_ARGUMENTS.items() for body in bodies]
ALL_CB_RESULTS = [(op, status, body) for op, bodies in CB_RESULTS.items() for status, body in bodies]
