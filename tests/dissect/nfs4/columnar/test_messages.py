"""Messages read together say what each says alone, whatever their words, and however often their like was met."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nfs4_bodies import ALL_ARGUMENTS, ALL_RESULTS, ARGUMENTS, RESULTS, arguments, result

from dissect.nfs4.batch import MESSAGE, Kind
from dissect.nfs4.columnar import forms
from dissect.nfs4.columnar.lay import Records
from dissect.nfs4.columnar.match import NONE
from dissect.nfs4.columnar.messages import Decoded, Decoder, heads
from dissect.nfs4.columnar.scatter import HEAD_OCTETS, TAIL_OCTETS
from dissect.nfs4.columnar.space import SLACK, Space
from dissect.nfs4.message import CallHeader, Context, decode_message
from dissect.nfs4.rows import select
from dissect.nfs4.xdr import XdrError
from wire.rpc import AUTH_NONE, accepted, auth_sys, call, compound_arguments, compound_results
from wire.xdr import opaque, u32

SYS = auth_sys(b"client01")
V40, V41 = (CallHeader(kind=Kind.COMPOUND_CALL, prog=100003, vers=4, proc=1, minor=minor) for minor in (0, 1))
NULL = CallHeader(kind=Kind.NULL_CALL, prog=100003, vers=4, proc=0)
CB_NULL = CallHeader(kind=Kind.CB_NULL_CALL, prog=0x40000000, vers=1, proc=0)
WAITING = [V40, V41, NULL, CB_NULL]
WORTH = 24
"""So many of a length are many, while these tests run."""


@pytest.fixture(autouse=True, scope="module")
def soon_many() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(forms, "WORTH", WORTH)
        yield


Given = tuple[bytes, CallHeader | None]
"""A message, and the header of the call that it answers."""

RARE_ARGUMENTS = {35, 40, 41, 42, 43, 44, 46, 47, 48, 49, 50, 51, 54, 55, 56, 57, 58, 60, 61, 62, 63, 64, 65, 66}
RARE_ARGUMENTS |= {70, 72, 73, 74, 75, 10044}
RARE_RESULTS = RARE_ARGUMENTS | {33, 52, 67, 68}


def asked(*operations: bytes, minor: int = 1, credential: bytes = SYS) -> Given:
    return call(0x77, 1, compound_arguments(b"", minor, operations), credential), None


def answered(*results: bytes, header: CallHeader = V41, status: int = 0) -> Given:
    return accepted(0x77, compound_results(b"", status, results)), header


def together(decoder: Decoder, messages: list[Given]) -> tuple[Decoded, list[bytes], list[Any]]:
    """What the messages say, decoded as those of one window that begin anywhere in it: those with much file data as
    head and tail."""
    data, lie = bytearray(7), []
    for message, _ in messages:
        at, split = len(data), len(message) > HEAD_OCTETS + TAIL_OCTETS
        begin = len(message) - TAIL_OCTETS
        lie.append((at, HEAD_OCTETS, begin, at + HEAD_OCTETS) if split else (at, len(message), -1, -1))
        data += (message[:HEAD_OCTETS] + message[begin:] if split else message) + bytes(5)
    space = Space(data + bytes(SLACK))
    at, octets, tail_from, tail = np.array(lie, np.int64).T
    records = Records(
        at=at, octets=octets, tail_from=tail_from, tail=tail, tail_end=np.where(tail < 0, -1, tail + TAIL_OCTETS)
    )
    read = heads(space, records)
    rows = np.zeros(len(at), MESSAGE)
    rows["id"], rows["xid"] = np.arange(1, len(at) + 1), read.xid
    answers = [NONE if header is None else WAITING.index(header) - len(WAITING) for _, header in messages]
    keys: dict[bytes, int] = {b"": 0}
    credentials: dict[Any, int] = {None: 0}
    decoded = decoder.decode(
        space, records, read, rows, np.array(answers, np.int64), list(WAITING), ~read.bad, credentials, keys
    )
    return decoded, list(keys), list(credentials)


def check(decoder: Decoder, messages: list[Given]) -> list[bool]:
    """Compare; returns which of the messages were read together."""
    decoded, keys, credentials = together(decoder, messages)
    ops: dict[int, list[Any]] = {}
    for row in decoded.ops.tolist():
        ops.setdefault(row[0], []).append((*row[1:4], keys[row[4]], *row[5:]))
    details: dict[int, list[Any]] = {}
    for id, index, value in sorted(decoded.details, key=lambda each: each[:2]):
        details.setdefault(id, []).append((index, value))
    for id, (plain, (data, header)) in enumerate(zip(decoded.plain.tolist(), messages, strict=True), 1):
        if not plain:
            assert id not in ops and id not in details
            continue
        message = decode_message(data, Context(call=header))
        row = decoded.messages[id - 1]
        assert (row["kind"], row["prog"], row["minor"]) == (message.kind, message.prog, message.minor)
        assert (row["ops"], row["status"], message.marks) == (message.numops, message.status, 0)
        assert credentials[row["credential"]] == message.credential
        rows, kept = select(message)
        assert (ops.get(id, []), details.get(id, [])) == (rows, kept)
    return [bool(each) for each in decoded.plain]


OPERATIONS = st.lists(st.sampled_from(ALL_ARGUMENTS).map(lambda each: arguments(*each)), max_size=6)
ANSWERS = st.lists(st.sampled_from(ALL_RESULTS).map(lambda each: result(*each)), max_size=6)
REPLIED = st.sampled_from([V40, V41])
CALLS = st.builds(lambda operations, minor: asked(*operations, minor=minor), OPERATIONS, st.integers(0, 2))
REPLIES = st.builds(lambda results, header: answered(*results, header=header), ANSWERS, REPLIED)
PROGRAMS = st.sampled_from([(100003, 4), (100003, 3), (0x40000000, 1), (0x5FFFFFFF, 4), (0x60000000, 1), (100005, 4)])
NULLS = st.builds(
    lambda program, arguments, credential: (call(0x77, 0, arguments, credential, *program), None),
    PROGRAMS,
    st.sampled_from([b"", b"", bytes(4)]),
    st.sampled_from([SYS, AUTH_NONE]),
)
NULL_REPLIES = st.builds(
    lambda results, state, header: (accepted(0x77, results, state), header),
    st.sampled_from([b"", b"", bytes(4)]),
    st.integers(0, 6),
    st.sampled_from([NULL, CB_NULL]),
)
DATA = st.integers(2500, 2503).map(bytes)
WRITES = st.builds(
    lambda data, names: asked(
        arguments(22, ARGUMENTS[22][0]), arguments(38, bytes(28) + opaque(data)), *[arguments(15, n) for n in names]
    ),
    DATA,
    st.lists(st.sampled_from([u32(3) + b"abc\0", u32(4) + b"abcd"]), max_size=3),
)
READS = st.builds(lambda data, header: answered(result(25, 0, u32(1) + opaque(data)), header=header), DATA, REPLIED)
ANY = CALLS | REPLIES | NULLS | NULL_REPLIES | WRITES | READS
WORDS = st.integers(0, 3) | st.integers(0, 80) | st.integers(0, 0xFFFFFFFF)


@settings(max_examples=150, deadline=None)
@given(st.lists(ANY, min_size=1, max_size=8), st.integers(0, 1000), WORDS, st.sampled_from([3, WORTH + 4]))
def test_any_words(given: list[Given], seed: int, word: int, times: int) -> None:
    """Each message comes as it is, then often enough to be known by its form with words changed and ends cut off."""
    decoder, chance = Decoder(), random.Random(seed)
    many = []
    for data, header in given:
        for _ in range(times):
            changed = bytearray(data)
            if chance.random() < 0.5:
                at = 4 * chance.randrange(3, max(len(data) // 4, 4))
                changed[at : at + 4] = u32(chance.choice([word, chance.randrange(4)]))
            end = chance.randrange(len(changed)) if chance.random() < 0.1 else len(changed)
            many.append((bytes(changed[:end]), header))
    many = [(data, header) for data, header in many if readable(data, header)]
    if many:
        for _ in range(1 + (times < WORTH)):
            check(decoder, many)
        check(decoder, given + many)


def readable(data: bytes, header: CallHeader | None) -> bool:
    """Whether it is a message at all, and in its own direction; else it never comes here."""
    try:
        message = decode_message(data, Context(call=header))
    except XdrError:
        return False
    return (message.kind & 1 == 1) == (header is not None)


@pytest.mark.parametrize("op", sorted(set(ARGUMENTS) - RARE_ARGUMENTS))
@pytest.mark.parametrize("times", [1, WORTH])
def test_frequent_arguments_are_read_together(op: int, times: int) -> None:
    decoder = Decoder()
    for minor in (0, 1):
        given = [asked(arguments(22, ARGUMENTS[22][0]), arguments(op, body), minor=minor) for body in ARGUMENTS[op]]
        assert all(check(decoder, given * times))


@pytest.mark.parametrize("op", sorted(set(RESULTS) - RARE_RESULTS))
@pytest.mark.parametrize("times", [1, WORTH])
def test_frequent_results_are_read_together(op: int, times: int) -> None:
    given = [
        answered(result(22, 0, b""), result(op, status, body), result(10, 0, RESULTS[10][0][1]), status=status)
        for status, body in RESULTS[op]
    ]
    assert all(check(Decoder(), given * times))


def test_rare_failures_are_read_together() -> None:
    assert all(check(Decoder(), [answered(result(42, 10017, b"")), answered(result(43, 10063, b""))]))


def test_a_form_is_not_mistaken_for_another() -> None:
    """Of the same length, apart in a length word each: two names of a LOOKUP, padded alike, and two operations."""
    pairs = [
        (asked(arguments(15, u32(5) + b"abcde\0\0\0")), asked(arguments(15, u32(6) + b"abcdef\0\0"))),
        (asked(arguments(14, bytes(40))), asked(arguments(4, bytes(20)), arguments(8, bytes(16)))),
    ]
    decoder = Decoder()
    for pair in pairs:
        for times in (2, 4, 4 * WORTH, 2, 4 * WORTH):
            assert all(check(decoder, [pair[index % 2] for index in range(times)]))


def test_many_keys_are_told_apart() -> None:
    """More sessions, owners and hosts than are looked for one after the other."""
    given = [
        asked(arguments(op, body), minor=0, credential=auth_sys(b"client%02d" % (index % 9)))
        for index in range(200)
        for op, body in (
            (30, bytes([index % 50, 0, 0, 0, 0, 0, index % 7, 1])),
            (14, u32(1) * 2 + bytes([0, 0, 0, 1, *b"11-octets-", index % 77, 1]) + bytes(16)),
        )
    ]
    assert all(check(Decoder(), given))


def test_pings_are_read_together() -> None:
    given = [
        (call(0x77, 0, b"", SYS), None),
        (accepted(0x77, b""), NULL),
        (call(0x77, 0, b"", AUTH_NONE, 0x40000001, 1), None),
        (accepted(0x77, b""), CB_NULL),
    ]
    assert all(check(Decoder(), given))


def test_a_form_of_few_saves_the_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once it came twice, whatever their length, with head and tail or in one."""
    decoder = Decoder()
    given = [
        asked(arguments(22, ARGUMENTS[22][0]), arguments(9, u32(0))),
        asked(arguments(38, bytes(28) + opaque(bytes(2500))), arguments(9, u32(0))),
        asked(arguments(38, bytes(28) + opaque(bytes(1500)))),
    ]
    assert all(check(decoder, given * 2))
    before = forms.lay

    def none(words: Any, records: Records, reply: bool) -> Any:
        assert not len(records.at)
        return before(words, records, reply)

    monkeypatch.setattr(forms, "lay", none)
    assert all(check(decoder, given[::-1] * 3))


@pytest.mark.parametrize("octets", [12, 16, 20, 24, 28, 32])
@pytest.mark.parametrize("times", [1, 2, WORTH + 1])
def test_headers_that_end_before_they_say_how_long_they_are(octets: int, times: int) -> None:
    """What lies behind them is of something else."""
    zeros = call(0x77, 1, bytes(40), AUTH_NONE)[:octets] if octets >= 24 else accepted(0x77, bytes(40))[:octets]
    check(Decoder(), [(zeros, None if octets >= 24 else V41)] * times)


def test_what_many_words_decide_is_not_learnt(monkeypatch: pytest.MonkeyPatch) -> None:
    """As of directories: their lengths are various, too."""
    learnt = []
    before = forms.Forms._learnt

    def watched(*given: Any) -> Any:
        learnt.append(before(*given))
        return learnt[-1]

    monkeypatch.setattr(forms.Forms, "_learnt", watched)
    monkeypatch.setattr(forms, "WORDS", 5)
    decoder, given = Decoder(), [asked(arguments(15, u32(4) + b"abcd"))] * 2
    for _ in range(3):
        assert all(check(decoder, given))
    assert learnt == [[None]]
    assert not decoder._calls._heads
