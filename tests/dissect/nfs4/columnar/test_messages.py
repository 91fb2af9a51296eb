"""Messages read together say what each says alone, whatever their words, and however often their like was met."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nfs4_bodies import ALL_ARGUMENTS, ALL_RESULTS, ARGUMENTS, RESULTS, arguments, result

from dissect.nfs4.batch import MESSAGE, Kind
from dissect.nfs4.columnar.forms import WORTH
from dissect.nfs4.columnar.lay import Records
from dissect.nfs4.columnar.match import NONE
from dissect.nfs4.columnar.messages import Decoded, Decoder, heads
from dissect.nfs4.columnar.space import SLACK, Space
from dissect.nfs4.message import CallHeader, Context, decode_message
from dissect.nfs4.rows import select
from dissect.nfs4.xdr import XdrError
from wire.rpc import accepted, auth_sys, call, compound_arguments, compound_results
from wire.xdr import u32

SYS = auth_sys(b"client01")
V40, V41 = (CallHeader(kind=Kind.COMPOUND_CALL, prog=100003, vers=4, proc=1, minor=minor) for minor in (0, 1))
WAITING = [V40, V41]

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
    """What the messages say, decoded as those of one window that begin anywhere in it."""
    data, at = bytearray(7), []
    for message, _ in messages:
        at.append(len(data))
        data += message + bytes(5)
    space = Space(data + bytes(SLACK))
    blank = np.full(len(at), -1, np.int64)
    records = Records(
        at=np.array(at, np.int64),
        octets=np.array([len(message) for message, _ in messages], np.int64),
        tail_from=blank,
        tail=blank,
        tail_end=blank,
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
CALLS = st.builds(lambda operations, minor: asked(*operations, minor=minor), OPERATIONS, st.integers(0, 2))
REPLIES = st.builds(lambda results, header: answered(*results, header=header), ANSWERS, st.sampled_from(WAITING))
WORDS = st.integers(0, 3) | st.integers(0, 80) | st.integers(0, 0xFFFFFFFF)


@settings(max_examples=150, deadline=None)
@given(st.lists(CALLS | REPLIES, min_size=1, max_size=8), st.integers(0, 1000), WORDS)
def test_any_words(given: list[Given], seed: int, word: int) -> None:
    """Each message comes as it is, then often enough to be known by its form with words changed and ends cut off."""
    decoder, chance = Decoder(), random.Random(seed)
    many = []
    for data, header in given:
        for _ in range(WORTH + 4):
            changed = bytearray(data)
            if chance.random() < 0.5:
                at = 4 * chance.randrange(3, max(len(data) // 4, 4))
                changed[at : at + 4] = u32(chance.choice([word, chance.randrange(4)]))
            end = chance.randrange(len(changed)) if chance.random() < 0.1 else len(changed)
            many.append((bytes(changed[:end]), header))
    many = [(data, header) for data, header in many if readable(data, header)]
    if many:
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
        for _ in range(2):
            assert all(check(decoder, [pair[index % 2] for index in range(4 * WORTH)]))


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
