"""Where a record can begin: record marks that are followed by an RPC header (RFC 5531 sections 9 and 11)."""

from __future__ import annotations

import re
from enum import Enum
from mmap import mmap
from struct import Struct

from dissect.nfs4.bounds import RECORD_LEAST_OCTETS, RECORD_OCTETS
from dissect.nfs4.const import MsgType, ReplyStat
from dissect.nfs4.rpc.header import MAX_AUTH, RPC_VERSION, peek_call, peek_reply

MARK_OCTETS = 4
LAST_FRAGMENT = 1 << 31

CALL_OCTETS = 24
"""A call header up to the procedure: what a call must show to be called one."""
REPLY_OCTETS = 12
"""The same of a reply: up to reply_stat."""

_LEAST_CALL = CALL_OCTETS + 16
_HEADER_OCTETS = CALL_OCTETS + 2 * (8 + MAX_AUTH)
_WORD = Struct(">I")
_WORDS = Struct(">II")

_HEAD = re.compile(
    rb"\x80[\x00-\x41]..[\x00-\xff]{4}\x00\x00\x00(?:\x00\x00\x00\x00\x02|\x01\x00\x00\x00[\x00\x01])", re.DOTALL
)
HEAD_OCTETS = MARK_OCTETS + 12
"""What the pattern reads: record mark, xid, msg_type, and rpcvers or reply_stat."""


class Verdict(Enum):
    """What a place in the stream looks like."""

    NO = 0
    YES = 1
    WAIT = 2


def read_mark(data: bytes | bytearray | mmap, at: int) -> tuple[int, bool]:
    """A fragment's length, and whether it is the last of its record (RFC 5531 section 11)."""
    word: int = _WORD.unpack_from(data, at)[0]
    return word & (LAST_FRAGMENT - 1), bool(word & LAST_FRAGMENT)


def contradicts(data: bytes | bytearray, at: int, octets: int) -> bool:
    """Whether the first `octets` of a record cannot begin an RPC message. Too few of them contradict nothing."""
    if octets < 8:
        return False
    mtype = _WORD.unpack_from(data, at + 4)[0]
    if octets < 12:
        return bool(mtype > MsgType.REPLY)
    word = _WORD.unpack_from(data, at + 8)[0]
    if mtype == MsgType.CALL:
        return bool(word != RPC_VERSION)
    return bool(mtype > MsgType.REPLY or word > ReplyStat.MSG_DENIED)


def is_message(data: bytes | bytearray) -> bool:
    """Whether a record, cut or not, shows the part of its header without which it says nothing."""
    if len(data) < REPLY_OCTETS or contradicts(data, 0, len(data)):
        return False
    return is_reply(data) or len(data) >= CALL_OCTETS


def is_reply(data: bytes | bytearray) -> bool:
    """Whether a message that does not contradict itself is a reply."""
    mtype: int = _WORDS.unpack_from(data)[1]
    return mtype == MsgType.REPLY


def find_head(data: bytearray, at: int) -> int:
    """The next place from `at` on that begins like a record, or the first one that could still become one."""
    found = _HEAD.search(data, at)
    return found.start() if found else max(at, len(data) - HEAD_OCTETS + 1)


def begins(data: bytearray, at: int) -> bool:
    """Whether a record can begin here, by what the pattern reads."""
    return _HEAD.match(data, at) is not None


def judge(data: bytearray, at: int, final: bool) -> Verdict:
    """Whether the record mark at `at`, which the pattern fits, is followed by a header plausible in every field.

    `final`: no octet follows those in `data`; what is there decides.
    """
    length, _ = read_mark(data, at)
    if not RECORD_LEAST_OCTETS <= length <= RECORD_OCTETS:
        return Verdict.NO
    start = at + MARK_OCTETS
    wanted = min(length, _HEADER_OCTETS)
    if len(data) - start < wanted and not final:
        return Verdict.WAIT
    header = bytes(data[start : start + wanted])
    if is_reply(header):
        return Verdict.YES if peek_reply(header) is not None else Verdict.NO
    call = peek_call(header) if length >= _LEAST_CALL else None
    if call is None or (call.body is None and len(header) == length):
        return Verdict.NO
    return Verdict.YES
