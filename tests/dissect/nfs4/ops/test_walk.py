"""Every operation is walked to its last byte and no further, in every arm, whole or cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from nfs4_bodies import ALL_ARGUMENTS, ALL_CB_ARGUMENTS, ALL_CB_RESULTS, ALL_RESULTS, arguments, result

from dissect.nfs4.batch import Marks
from dissect.nfs4.compound import Walk, walk_arguments, walk_results
from dissect.nfs4.const import CbOp, Op
from dissect.nfs4.ops import CB_OPS, OPS
from dissect.nfs4.xdr import Reader

WHOLE = Marks(0)


def test_every_operation_of_every_minor_version_has_its_codec_and_its_sample() -> None:
    assert set(OPS) == {int(op) for op in Op} == {op for op, _ in ALL_ARGUMENTS} == {op for op, *_ in ALL_RESULTS}
    assert set(CB_OPS) == {int(op) for op in CbOp} == {op for op, _ in ALL_CB_ARGUMENTS}
    assert {op for op, *_ in ALL_CB_RESULTS} == set(CB_OPS)


@pytest.mark.parametrize(("table", "samples"), [(OPS, ALL_ARGUMENTS), (CB_OPS, ALL_CB_ARGUMENTS)])
def test_arguments_end_where_the_xdr_ends_them(table: dict, samples: list[tuple[int, bytes]]) -> None:
    for op, body in samples:
        reader = Reader(arguments(op, body))
        walk = walk_arguments(reader, 1, table, WHOLE)
        assert (walk.marks, [o.op for o in walk.operations], reader.remaining()) == (WHOLE, [op], 0), (op, body)


@pytest.mark.parametrize(("table", "samples"), [(OPS, ALL_RESULTS), (CB_OPS, ALL_CB_RESULTS)])
def test_results_end_where_the_xdr_ends_them(table: dict, samples: list[tuple[int, int, bytes]]) -> None:
    for op, status, body in samples:
        reader = Reader(result(op, status, body))
        walk = walk_results(reader, 1, table, WHOLE)
        found = [(o.op, o.status) for o in walk.operations]
        assert (walk.marks, found, reader.remaining()) == (WHOLE, [(op, status)], 0), (op, status, body)


def _all_arguments(data: bytes, count: int, table: dict, missing: Marks) -> Walk:
    return walk_arguments(Reader(data), count, table, missing)


def _all_results(data: bytes, count: int, table: dict, missing: Marks) -> Walk:
    return walk_results(Reader(data), count, table, missing)


@pytest.mark.parametrize(
    ("walk", "table", "parts"),
    [
        (_all_arguments, OPS, [arguments(*sample) for sample in ALL_ARGUMENTS]),
        (_all_results, OPS, [result(*sample) for sample in ALL_RESULTS]),
        (_all_arguments, CB_OPS, [arguments(*sample) for sample in ALL_CB_ARGUMENTS]),
        (_all_results, CB_OPS, [result(*sample) for sample in ALL_CB_RESULTS]),
    ],
)
def test_one_operation_cut_anywhere_is_left_out_and_said(walk, table: dict, parts: list[bytes]) -> None:
    before = parts[-1]  # ILLEGAL
    for part in parts:
        count = 2
        whole = walk(before + part, count, table, WHOLE)
        assert len(whole.operations) == 2
        assert not whole.marks
        for length in range(len(before), len(before + part)):
            cut = walk((before + part)[:length], count, table, Marks.CUT)
            assert cut.marks == Marks.CUT
            assert cut.operations[0] == whole.operations[0]
            short = walk((before + part)[:length], count, table, WHOLE)
            assert short.marks == Marks.MALFORMED
            assert short.operations == whole.operations[:1]


def test_more_operations_than_any_server_takes() -> None:
    parts = [arguments(op, body) for op, body in ALL_ARGUMENTS] * 3
    assert len(parts) > 200
    walk = walk_arguments(Reader(b"".join(parts)), len(parts), OPS, WHOLE)
    assert len(walk.operations) == len(parts)
    assert not walk.marks


def test_an_absurd_count_is_bounded() -> None:
    putrootfh = arguments(24, b"")
    walk = walk_arguments(Reader(putrootfh * 70_000), 70_000, OPS, WHOLE)
    assert len(walk.operations) == 0xFFFF
    assert walk.marks == Marks.MALFORMED


def test_an_operation_of_no_rfc_ends_the_walk_and_keeps_what_came_before() -> None:
    data = arguments(24, b"") + arguments(76, b"what is this") + arguments(10, b"")
    walk = walk_arguments(Reader(data), 3, OPS, WHOLE)
    assert [o.op for o in walk.operations] == [Op.PUTROOTFH]
    assert walk.marks == Marks.UNKNOWN_OP
    data = result(24, 0, b"") + result(2, 10044, b"")
    walk = walk_results(Reader(data), 2, OPS, WHOLE)
    assert [o.op for o in walk.operations] == [Op.PUTROOTFH]
    assert walk.marks == Marks.UNKNOWN_OP


def test_file_data_that_is_not_there_does_not_hide_the_operation_it_belongs_to() -> None:
    write = arguments(38, dict(ALL_ARGUMENTS)[38])
    cut = walk_arguments(Reader(write[:-10]), 1, OPS, Marks.CUT)
    assert [o.op for o in cut.operations] == [Op.WRITE]
    assert cut.marks == Marks.CUT
    read = result(25, 0, b"\0\0\0\1" + b"\0\1\0\0" + b"beginning of 64 KiB")
    cut = walk_results(Reader(read), 2, OPS, Marks.LOST)
    assert [(o.op, o.status) for o in cut.operations] == [(Op.READ, 0)]
    assert cut.marks == Marks.LOST


@pytest.mark.parametrize("walk", [walk_arguments, walk_results])
@pytest.mark.parametrize("table", [OPS, CB_OPS])
@given(data=st.binary(max_size=400), count=st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_any_bytes_end_in_a_walk(walk, table: dict, data: bytes, count: int) -> None:
    for missing in (WHOLE, Marks.CUT):
        found = walk(Reader(data), count, table, missing)
        assert len(found.operations) <= min(count, len(data) // 4)
        assert found.marks or len(found.operations) == count


@given(op=st.sampled_from(sorted(OPS)), noise=st.binary(max_size=200), status=st.sampled_from([0, 10005, 10010, 10017]))
@settings(max_examples=200, deadline=None)
def test_any_bytes_behind_a_known_operation_end_in_a_walk(op: int, noise: bytes, status: int) -> None:
    walk_arguments(Reader(arguments(op, noise)), 5, OPS, WHOLE)
    walk_results(Reader(result(op, status, noise)), 5, OPS, WHOLE)


@given(
    sample=st.sampled_from([(OPS, s) for s in ALL_RESULTS] + [(CB_OPS, s) for s in ALL_CB_RESULTS]),
    at=st.integers(0, 400),
    word=st.integers(0, 2**32 - 1),
)
@settings(max_examples=200, deadline=None)
def test_a_wrong_word_anywhere_costs_no_more_than_its_bytes(sample, at: int, word: int) -> None:
    table, (op, status, body) = sample
    data = bytearray(result(op, status, body) * 3)
    at = at * 4 % len(data)
    data[at : at + 4] = word.to_bytes(4, "big")
    walk = walk_results(Reader(bytes(data)), 3, table, WHOLE)
    assert len(walk.operations) <= 3
