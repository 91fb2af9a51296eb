"""The cursor: every read is checked against the bytes there are."""

from __future__ import annotations

from struct import Struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dissect.nfs4.xdr import Reader, XdrError, XdrInvalid, XdrShort
from wire.xdr import bitmap, opaque, u32, u64


def test_units_are_big_endian() -> None:
    reader = Reader(u32(0x01020304) + u64(1 << 63) + u64(2**64 - 5) + u32(1) + u32(0))
    assert reader.u32() == 0x01020304
    assert reader.u64() == 1 << 63
    assert reader.i64() == -5
    assert reader.boolean() is True
    assert reader.boolean() is False
    assert reader.remaining() == 0


@pytest.mark.parametrize("size", range(9))
def test_opaque_is_padded_to_four_bytes(size: int) -> None:
    reader = Reader(opaque(b"x" * size) + u32(7))
    assert reader.opaque() == b"x" * size
    assert reader.u32() == 7
    reader = Reader(opaque(b"x" * size) + u32(7))
    reader.skip_opaque()
    assert reader.u32() == 7


def test_bytes_that_end_are_short_and_nothing_was_read() -> None:
    reader = Reader(b"\0\0\0\x05abc")
    with pytest.raises(XdrShort) as short:
        reader.opaque()
    assert (short.value.offset, short.value.need, short.value.have) == (4, 8, 3)
    assert str(short.value) == "8 bytes needed at offset 4, 3 there"
    for read in (
        lambda r: r.u32(),
        lambda r: r.u64(),
        lambda r: r.fixed(4),
        lambda r: r.skip(4),
        lambda r: r.unpack(Struct(">I")),
    ):
        reader = Reader(b"abc")
        with pytest.raises(XdrShort):
            read(reader)
        assert reader.pos == 0


def test_values_that_the_xdr_forbids_are_invalid() -> None:
    with pytest.raises(XdrInvalid) as invalid:
        Reader(u32(7)).boolean()
    assert (invalid.value.offset, invalid.value.need, invalid.value.have) == (0, 1, 7)
    assert str(invalid.value) == "value 7 at offset 0, at most 1 allowed"
    with pytest.raises(XdrInvalid):
        Reader(opaque(bytes(1025))).opaque(1024)
    with pytest.raises(XdrInvalid):
        Reader(opaque(bytes(129))).skip_opaque(128)
    with pytest.raises(XdrInvalid):
        Reader(u32(2) + bytes(80)).count(4, limit=1)
    assert Reader(opaque(bytes(1024))).opaque(1024) == bytes(1024)


def test_a_count_is_bounded_by_the_bytes_that_follow() -> None:
    assert Reader(u32(3) + bytes(12)).count(4) == 3
    with pytest.raises(XdrShort) as short:
        Reader(u32(0xFFFFFFFF) + bytes(12)).count(16)
    assert short.value.have == 12


def test_bit_n_of_a_bitmap_is_bit_n_whatever_the_number_of_words() -> None:
    for bits in ([], [0], [31], [1, 33], [10, 24, 62, 64, 95], [200]):
        reader = Reader(bitmap(bits) + u32(9))
        assert reader.bitmap() == sum(1 << bit for bit in bits)
        assert reader.u32() == 9
        reader = Reader(bitmap(bits) + u32(9))
        reader.skip_bitmap()
        assert reader.u32() == 9


def test_file_data_may_pass_the_end_and_then_nothing_is_left() -> None:
    reader = Reader(u32(65536) + b"the beginning")
    assert reader.skip_payload() == 65536
    assert reader.pos > reader.end
    assert reader.remaining() == 0
    for read in (reader.u32, reader.opaque, reader.skip_bitmap):
        with pytest.raises(XdrShort):
            read()


def test_the_end_holds_although_the_data_go_on() -> None:
    reader = Reader(u32(1) + u32(2), 0, 4)
    assert reader.u32() == 1
    with pytest.raises(XdrShort):
        reader.u32()


@given(
    data=st.binary(max_size=64),
    reads=st.lists(
        st.sampled_from(["u32", "u64", "i64", "boolean", "opaque", "skip_opaque", "bitmap", "skip_bitmap", "count"])
    ),
)
@settings(max_examples=200, deadline=None)
def test_any_reads_of_any_bytes_end_in_values_or_xdr_error(data: bytes, reads: list[str]) -> None:
    reader = Reader(data)
    try:
        for name in reads:
            getattr(reader, name)(*((4,) if name == "count" else ()))
            assert 0 <= reader.pos <= len(data)
    except XdrError:
        assert reader.pos <= len(data)
