"""One RPC message: calls and replies, forward and callback, plain and protected, whole and cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nfs4_bodies import (
    ALL_ARGUMENTS,
    ALL_CB_ARGUMENTS,
    ALL_CB_RESULTS,
    ALL_RESULTS,
    ARGUMENTS,
    RESULTS,
    arguments,
    result,
)

from dissect.nfs4.batch import NO_STATUS, Credential, Kind, Marks
from dissect.nfs4.const import Op, RpcRefusal
from dissect.nfs4.message import CallHeader, Context, call_header, decode_message
from dissect.nfs4.xdr import XdrError, XdrInvalid, XdrShort
from wire.rpc import AUTH_NONE, accepted, auth_sys, call, compound_arguments, compound_results, denied
from wire.xdr import opaque, u32

ALONE = Context()
CUT = Context(missing=Marks.CUT)
SYS = auth_sys(b"client01")
CALLBACK = 0x40000000
V40 = CallHeader(kind=Kind.COMPOUND_CALL, prog=100003, vers=4, proc=1, minor=0)
CB = CallHeader(kind=Kind.CB_COMPOUND_CALL, prog=CALLBACK, vers=1, proc=1, minor=1)

SEQUENCE = arguments(53, ARGUMENTS[53][0])
PUTFH = arguments(22, ARGUMENTS[22][0])
GETATTR = arguments(9, ARGUMENTS[9][0])
SEQUENCED = result(53, *RESULTS[53][0])
CB_SEQUENCE = arguments(11, dict(ALL_CB_ARGUMENTS)[11])


def gss(service: int, proc: int = 0) -> bytes:
    return u32(6) + opaque(u32(1) + u32(proc) + u32(77) + u32(service) + opaque(b"handle"))


def sealed(body: bytes) -> bytes:
    """rpc_gss_integ_data."""
    return opaque(u32(77) + body) + opaque(b"checksum of 37 octets as krb5i has it")


def compound(*operations: bytes, minor: int = 1, tag: bytes = b"", credential: bytes = SYS) -> bytes:
    return call(0x77, 1, compound_arguments(tag, minor, operations), credential)


def answer(*results: bytes, status: int = 0, tag: bytes = b"") -> bytes:
    return accepted(0x77, compound_results(tag, status, results))


def numbers(message) -> list[int]:
    return [operation.op for operation in message.operations]


def test_a_call() -> None:
    message = decode_message(compound(SEQUENCE, PUTFH, GETATTR, tag=b"mount"), ALONE)
    assert message.kind == Kind.COMPOUND_CALL
    assert (message.xid, message.prog, message.vers, message.proc, message.minor) == (0x77, 100003, 4, 1, 1)
    assert message.credential == Credential(flavor=1, machinename=b"client01", uid=0, gid=0)
    assert (message.tag, message.numops, message.status, message.marks) == (b"mount", 3, NO_STATUS, Marks(0))
    assert numbers(message) == [Op.SEQUENCE, Op.PUTFH, Op.GETATTR]
    assert message.callback_ident is None


def test_a_reply_is_of_its_call() -> None:
    header = call_header(decode_message(compound(SEQUENCE, minor=2), ALONE))
    message = decode_message(answer(SEQUENCED), Context(call=header))
    assert message.kind == Kind.COMPOUND_REPLY
    assert (message.prog, message.vers, message.minor, message.status) == (100003, 4, 2, 0)
    assert [(o.op, o.status) for o in message.operations] == [(53, 0)]


def test_a_reply_that_stops_at_an_error() -> None:
    message = decode_message(answer(SEQUENCED, result(22, 70, b""), status=70), Context(call=V40))
    assert (message.status, message.numops, [o.status for o in message.operations]) == (70, 2, [0, 70])
    mismatch = decode_message(answer(status=10021), Context(call=V40))
    assert (mismatch.status, mismatch.numops, mismatch.marks) == (10021, 0, Marks(0))


@pytest.mark.parametrize("tag", [b"", b"1", b"12", b"123", b"1234", b"12345"])
def test_the_tag_is_padded(tag: bytes) -> None:
    assert numbers(decode_message(compound(SEQUENCE, tag=tag), ALONE)) == [53]
    assert numbers(decode_message(answer(SEQUENCED, tag=tag), Context(call=V40))) == [53]


def test_an_unknown_operation_leaves_what_came_before() -> None:
    message = decode_message(compound(SEQUENCE, arguments(99, b"....")), ALONE)
    assert (numbers(message), message.numops, message.marks) == ([53], 2, Marks.UNKNOWN_OP)


def test_operations_of_later_minor_versions_are_read_in_any() -> None:
    message = decode_message(compound(PUTFH, arguments(60, ARGUMENTS[60][0]), minor=0), ALONE)
    assert (numbers(message), message.minor, message.marks) == ([22, 60], 0, Marks(0))
    assert decode_message(compound(PUTFH, minor=2**32 - 1), ALONE).minor == 127


@pytest.mark.parametrize(
    ("program", "version", "procedure", "kind"),
    [
        (100003, 4, 0, Kind.NULL_CALL),
        (100003, 4, 2, Kind.OTHER_CALL),
        (100003, 3, 1, Kind.OTHER_CALL),
        (100005, 3, 1, Kind.OTHER_CALL),
        (CALLBACK, 1, 0, Kind.CB_NULL_CALL),
        (CALLBACK + 5, 4, 0, Kind.CB_NULL_CALL),
        (CALLBACK, 2, 0, Kind.OTHER_CALL),
        (0x60000000, 1, 0, Kind.OTHER_CALL),
    ],
)
def test_kinds_of_calls(program: int, version: int, procedure: int, kind: Kind) -> None:
    message = decode_message(call(1, procedure, b"", SYS, program, version), ALONE)
    assert (message.kind, message.operations, message.marks) == (kind, (), Marks(0))
    answered = decode_message(accepted(1, b""), Context(call=call_header(message)))
    assert answered.kind == kind + 1


# --- callbacks


def callback(*operations: bytes, program: int = CALLBACK, version: int = 1) -> bytes:
    return call(3, 1, compound_arguments(b"", 1, operations, callback_ident=9), SYS, program, version)


def test_a_callback() -> None:
    message = decode_message(callback(CB_SEQUENCE, arguments(4, dict(ALL_CB_ARGUMENTS)[4])), ALONE)
    assert (message.kind, message.callback_ident, message.minor) == (Kind.CB_COMPOUND_CALL, 9, 1)
    assert numbers(message) == [11, 4]
    answered = decode_message(
        accepted(3, compound_results(b"", 0, [result(4, 0, b"")])), Context(call=call_header(message))
    )
    assert (answered.kind, numbers(answered)) == (Kind.CB_COMPOUND_REPLY, [4])


def test_an_announced_program_is_a_callback_program_wherever_it_lies() -> None:
    data = callback(CB_SEQUENCE, program=395648)
    assert decode_message(data, ALONE).kind == Kind.OTHER_CALL
    message = decode_message(data, Context(cb_programs=frozenset({395648})))
    assert (message.kind, numbers(message)) == (Kind.CB_COMPOUND_CALL, [11])
    torn = decode_message(data[:-4], Context(cb_programs={395648: None}))
    assert (torn.kind, torn.marks) == (Kind.CB_COMPOUND_CALL, Marks.MALFORMED)


def test_a_private_service_in_the_transient_range_is_not_taken_for_callbacks() -> None:
    for body in (b"", bytes(16), b"some arguments..", bytes(12) + u32(1) + u32(77)):
        message = decode_message(call(3, 1, body, SYS, CALLBACK, 1), ALONE)
        assert (message.kind, message.marks, message.operations) == (Kind.OTHER_CALL, Marks(0), ())
    assert decode_message(callback(CB_SEQUENCE) + b"more", ALONE).kind == Kind.OTHER_CALL
    assert decode_message(call(3, 0, b"more", SYS, CALLBACK, 1), ALONE).kind == Kind.OTHER_CALL
    cut = decode_message(callback(CB_SEQUENCE)[:-4], CUT)
    assert (cut.kind, cut.marks) == (Kind.CB_COMPOUND_CALL, Marks.CUT)


# --- RPCSEC_GSS


def test_integrity_is_read_through() -> None:
    body = sealed(compound_arguments(b"", 1, [SEQUENCE, PUTFH]))
    message = decode_message(call(1, 1, body, gss(2)), ALONE)
    assert (message.kind, message.gss_service, message.marks) == (Kind.COMPOUND_CALL, 2, Marks(0))
    assert numbers(message) == [53, 22]
    reply = accepted(1, sealed(compound_results(b"", 0, [SEQUENCED])))
    answered = decode_message(reply, Context(call=call_header(message)))
    assert (answered.status, numbers(answered), answered.marks) == (0, [53], Marks(0))


def test_a_cut_checksum_costs_nothing() -> None:
    whole = call(1, 1, sealed(compound_arguments(b"", 1, [SEQUENCE, PUTFH])), gss(2))
    message = decode_message(whole[:-20], CUT)
    assert (numbers(message), message.marks) == ([53, 22], Marks(0))
    message = decode_message(whole[:-60], CUT)
    assert (numbers(message), message.marks) == ([53], Marks.CUT)


def test_protected_data_longer_than_the_record_contradict_it() -> None:
    body = u32(5000) + u32(77) + compound_arguments(b"", 1, [SEQUENCE])
    assert decode_message(call(1, 1, body, gss(2)), ALONE).marks == Marks.MALFORMED
    assert numbers(decode_message(call(1, 1, body, gss(2)), CUT)) == [53]


def test_privacy_shows_nothing_but_that_it_is_there() -> None:
    message = decode_message(call(1, 1, opaque(bytes(range(200))), gss(3)), ALONE)
    assert (message.kind, message.marks, message.operations) == (Kind.COMPOUND_CALL, Marks.ENCRYPTED, ())
    answered = decode_message(accepted(1, opaque(bytes(200))), Context(call=call_header(message)))
    assert (answered.kind, answered.marks, answered.status) == (Kind.COMPOUND_REPLY, Marks.ENCRYPTED, NO_STATUS)


def test_authentication_only_is_plain() -> None:
    message = decode_message(compound(SEQUENCE, credential=gss(1)), ALONE)
    assert (numbers(message), message.gss_service) == ([53], 1)


@pytest.mark.parametrize("proc", [1, 2, 3])
def test_context_calls_carry_tokens_not_operations(proc: int) -> None:
    message = decode_message(call(1, 0, opaque(b"token"), gss(1, proc)), ALONE)
    assert (message.kind, message.marks) == (Kind.NULL_CALL, Marks(0))
    message = decode_message(call(1, 1, opaque(b"token"), gss(1, proc)), ALONE)
    assert (message.kind, message.operations) == (Kind.NULL_CALL, ())


def test_a_credential_that_contradicts_its_flavor_leaves_the_protection_unknown() -> None:
    message = decode_message(call(1, 1, compound_arguments(b"", 1, [SEQUENCE]), u32(6) + opaque(b"what")), ALONE)
    assert (message.kind, message.marks, message.operations) == (Kind.COMPOUND_CALL, Marks.MALFORMED, ())


def test_a_call_cut_before_its_protection_could_be_read() -> None:
    header = call_header(decode_message(call(1, 1, b"", gss(3))[:40], CUT))
    assert (header.kind, header.gss_service) == (Kind.COMPOUND_CALL, None)
    body = compound_results(b"", 0, [SEQUENCED])
    verified = u32(9) + u32(1) + u32(0) + u32(6) + opaque(b"mic") + u32(0)
    for protected in (body, sealed(body)):
        assert numbers(decode_message(verified + protected, Context(call=header))) == [53]
    private = verified + opaque(bytes(range(100)))
    assert decode_message(private, Context(call=header)).marks == Marks.ENCRYPTED
    assert decode_message(private[:-8], Context(call=header, missing=Marks.CUT)).marks == Marks.CUT


def test_tls_probe() -> None:
    probe = decode_message(call(1, 0, b"", u32(7) + u32(0)), ALONE)
    assert (probe.kind, probe.credential) == (Kind.NULL_CALL, Credential(flavor=7))
    ready = u32(1) + u32(1) + u32(0) + u32(0) + opaque(b"STARTTLS") + u32(0)
    assert decode_message(ready, Context(call=call_header(probe))).starttls
    assert decode_message(ready, ALONE).starttls


# --- refusals and replies on their own


@pytest.mark.parametrize(
    ("reply", "refusal"),
    [
        (accepted(9, b"", 1), RpcRefusal.PROG_UNAVAIL),
        (accepted(9, u32(3) + u32(3), 2), RpcRefusal.PROG_MISMATCH),
        (accepted(9, b"", 4), RpcRefusal.GARBAGE_ARGS),
        (denied(9, 5), RpcRefusal.AUTH_ERROR),
    ],
)
def test_refusals(reply: bytes, refusal: RpcRefusal) -> None:
    message = decode_message(reply, Context(call=V40))
    assert (message.kind, message.status, message.marks) == (Kind.COMPOUND_REPLY, refusal, Marks(0))
    assert decode_message(reply, ALONE).kind == Kind.OTHER_REPLY
    assert decode_message(reply, ALONE).status == refusal


def test_a_reply_without_its_call_is_nfs_where_it_reads_whole_as_nothing_else() -> None:
    message = decode_message(answer(SEQUENCED, result(22, 0, b"")), ALONE)
    assert (message.kind, message.prog, message.minor, numbers(message)) == (Kind.COMPOUND_REPLY, 100003, -1, [53, 22])
    gss_verifier = u32(6) + opaque(b"mic")
    body = compound_results(b"", 0, [SEQUENCED])
    for protected, service in ((body, None), (sealed(body), 2)):
        reply = u32(9) + u32(1) + u32(0) + gss_verifier + u32(0) + protected
        message = decode_message(reply, ALONE)
        assert (message.kind, message.gss_service, numbers(message)) == (Kind.COMPOUND_REPLY, service, [53])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        u32(0),
        u32(13) + u32(0) + u32(0),  # NFSv3 SETATTR refused, without attributes
        compound_results(b"", 0, [SEQUENCED]) + b"more",
        compound_results(b"", 0, [SEQUENCED])[:-4],
        compound_results(b"", 70, [SEQUENCED]),  # not the status of the last operation
        compound_results(b"", 70, [result(22, 70, b""), result(22, 70, b"")]),  # goes on after an error
        compound_results(b"", 12345, [result(22, 12345, b"")]),
        compound_results(b"", 10008, [result(4, 10008, b"")]),  # CLOSE or CB_RECALL
        compound_results(b"", 0, [result(11, 0, {op: body for op, _, body in reversed(ALL_CB_RESULTS)}[11])]),
    ],
)
def test_a_reply_without_its_call_that_is_not_surely_nfs(body: bytes) -> None:
    message = decode_message(accepted(9, body), ALONE)
    assert (message.kind, message.operations, message.status, message.marks) == (
        Kind.OTHER_REPLY,
        (),
        NO_STATUS,
        Marks(0),
    )


def test_a_cut_reply_without_its_call_says_that_it_is_cut() -> None:
    message = decode_message(answer(SEQUENCED)[:-4], CUT)
    assert (message.kind, message.marks) == (Kind.OTHER_REPLY, Marks.CUT)


def test_negative_statuses_are_no_statuses() -> None:
    message = decode_message(answer(status=2**32 - 2), Context(call=V40))
    assert (message.status, message.marks) == (NO_STATUS, Marks.MALFORMED)
    unknown = decode_message(answer(result(22, 12345, b""), status=12345), Context(call=V40))
    assert (unknown.status, unknown.operations[0].status, unknown.marks) == (12345, 12345, Marks(0))


# --- what is not there


def test_a_call_cut_in_its_credential_is_still_a_call() -> None:
    data = compound(SEQUENCE)
    for length in range(8):
        with pytest.raises(XdrShort):
            decode_message(data[:length], CUT)
    message = decode_message(data[:30], CUT)
    assert (message.kind, message.marks, message.minor) == (Kind.COMPOUND_CALL, Marks.CUT, -1)
    assert decode_message(data[:30], ALONE).marks == Marks.MALFORMED
    reply = decode_message(answer(SEQUENCED)[:14], Context(call=V40, missing=Marks.LOST))
    assert (reply.kind, reply.status, reply.marks) == (Kind.COMPOUND_REPLY, NO_STATUS, Marks.LOST)


def test_what_is_no_rpc_message() -> None:
    with pytest.raises(XdrInvalid):
        decode_message(u32(1) + u32(2) + bytes(40), ALONE)
    with pytest.raises(XdrInvalid):
        decode_message(u32(1) + u32(0) + u32(3) + bytes(40), ALONE)


def test_counts_from_the_wire_fit_the_columns_they_go_to() -> None:
    data = call(1, 1, opaque(b"") + u32(0) + u32(2**32 - 1) + PUTFH, SYS)
    message = decode_message(data, ALONE)
    assert (message.numops, numbers(message), message.marks) == (0xFFFF, [22], Marks.MALFORMED)


MESSAGES = [
    (compound(*(arguments(*sample) for sample in ALL_ARGUMENTS)), ALONE),
    (callback(*(arguments(*sample) for sample in ALL_CB_ARGUMENTS)), ALONE),
    (answer(*(result(*sample) for sample in ALL_RESULTS)), Context(call=V40)),
    (accepted(3, compound_results(b"", 0, [result(*sample) for sample in ALL_CB_RESULTS])), Context(call=CB)),
    (call(1, 1, sealed(compound_arguments(b"t", 1, [SEQUENCE, PUTFH, GETATTR])), gss(2)), ALONE),
]


@pytest.mark.parametrize(("data", "context"), MESSAGES)
def test_a_message_cut_anywhere_shows_a_prefix_of_its_operations(data: bytes, context: Context) -> None:
    whole = decode_message(data, context)
    assert not whole.marks
    assert len(whole.operations) == whole.numops
    cut_context = Context(call=context.call, missing=Marks.CUT)
    for length in range(24, len(data), 3):
        cut = decode_message(data[:length], cut_context)
        assert cut.kind == whole.kind
        seen = len(cut.operations)
        assert [(o.op, o.status) for o in cut.operations] == [(o.op, o.status) for o in whole.operations[:seen]]
        assert cut.operations[:-1] == whole.operations[: max(seen - 1, 0)]
        assert cut.marks in (Marks.CUT, Marks(0))
        assert cut.marks or seen == whole.numops


@given(data=st.binary(max_size=300), matched=st.sampled_from([None, V40, CB]), cut=st.booleans())
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_a_message_or_an_xdr_error(data: bytes, matched: CallHeader | None, cut: bool) -> None:
    context = Context(call=matched, missing=Marks.CUT if cut else Marks(0))
    for head in (b"", u32(1) + u32(0) + u32(2) + u32(100003) + u32(4) + u32(1) + AUTH_NONE * 2, accepted(1, b"")):
        try:
            message = decode_message(head + data, context)
        except XdrError:
            continue
        assert -8 <= message.status <= 0x7FFFFFFF
        assert -1 <= message.minor <= 127
        assert len(message.operations) <= message.numops <= 0xFFFF


@given(sample=st.sampled_from(MESSAGES), at=st.integers(0, 5000), word=st.integers(0, 2**32 - 1))
@settings(max_examples=150, deadline=None)
def test_a_wrong_word_anywhere_is_survived(sample: tuple[bytes, Context], at: int, word: int) -> None:
    whole, context = sample
    data = bytearray(whole)
    at = at * 4 % len(data)
    data[at : at + 4] = u32(word)
    try:
        decode_message(bytes(data), context)
    except XdrError:
        assert at < 24


def test_other_buffers_are_read_too() -> None:
    data = compound(SEQUENCE)
    assert (
        decode_message(memoryview(data), ALONE) == decode_message(bytearray(data), ALONE) == decode_message(data, ALONE)
    )
