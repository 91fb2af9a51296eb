"""XDR (RFC 4506): a bounds-checked cursor whose only failure is `XdrError`.

No length from the wire is believed before it is compared with the bytes there are, so nothing is allocated or
looped over that the record could not hold.
"""

from __future__ import annotations

from struct import Struct
from typing import Any

U32 = Struct(">I")
U64 = Struct(">Q")
I64 = Struct(">q")
_u32 = U32.unpack_from


class XdrError(ValueError):
    """The bytes at `offset` cannot be read as the XDR asks: see the two subclasses for `need` and `have`."""

    def __init__(self, offset: int, need: int, have: int) -> None:
        super().__init__(offset, need, have)
        self.offset = offset
        self.need = need
        self.have = have


class XdrShort(XdrError):
    """The bytes end: `need` were to be read at `offset` and only `have` are there."""

    def __str__(self) -> str:
        return f"{self.need} bytes needed at offset {self.offset}, {self.have} there"


class XdrInvalid(XdrError):
    """The bytes contradict the XDR: value `have` at `offset`, where `need` is the largest it allows."""

    def __str__(self) -> str:
        return f"value {self.have} at offset {self.offset}, at most {self.need} allowed"


class Reader:
    """A cursor over `data[pos:end]`. `pos` passes `end` only by `skip_payload`, and then nothing more can be read."""

    __slots__ = ("data", "end", "pos")

    def __init__(self, data: bytes, pos: int = 0, end: int | None = None) -> None:
        self.data = data
        self.pos = pos
        self.end = len(data) if end is None else end

    def remaining(self) -> int:
        """Bytes between the cursor and the end."""
        return max(self.end - self.pos, 0)

    def u32(self) -> int:
        pos = self.pos
        end = pos + 4
        if end > self.end:
            raise XdrShort(pos, 4, self.remaining())
        self.pos = end
        (value,) = _u32(self.data, pos)
        return value  # type: ignore[no-any-return]

    def u64(self) -> int:
        value: int = self.unpack(U64)[0]
        return value

    def i64(self) -> int:
        value: int = self.unpack(I64)[0]
        return value

    def boolean(self) -> bool:
        value = self.u32()
        if value > 1:
            raise XdrInvalid(self.pos - 4, 1, value)
        return value == 1

    def unpack(self, layout: Struct) -> tuple[Any, ...]:
        """The fields of a run of fixed size; `layout` is big-endian and a multiple of 4 bytes."""
        pos = self.pos
        size = layout.size
        if pos + size > self.end:
            raise XdrShort(pos, size, self.remaining())
        self.pos = pos + size
        return layout.unpack_from(self.data, pos)

    def fixed(self, size: int) -> bytes:
        """opaque[size], `size` a multiple of 4."""
        pos = self.pos
        end = pos + size
        if end > self.end:
            raise XdrShort(pos, size, self.remaining())
        self.pos = end
        return self.data[pos:end]

    def skip(self, size: int) -> None:
        """Pass over `size` bytes, a multiple of 4."""
        end = self.pos + size
        if end > self.end:
            raise XdrShort(self.pos, size, self.remaining())
        self.pos = end

    def opaque(self, limit: int | None = None) -> bytes:
        """opaque<limit> or string<limit>, without its padding."""
        size = self.u32()
        pos = self.pos
        if limit is not None and size > limit:
            raise XdrInvalid(pos - 4, limit, size)
        padded = size + 3 & ~3
        if pos + padded > self.end:
            raise XdrShort(pos, padded, self.remaining())
        self.pos = pos + padded
        return self.data[pos : pos + size]

    def skip_opaque(self, limit: int | None = None) -> None:
        """Pass over an opaque<limit> or string<limit>."""
        size = self.u32()
        if limit is not None and size > limit:
            raise XdrInvalid(self.pos - 4, limit, size)
        self.skip(size + 3 & ~3)

    def skip_payload(self) -> int:
        """Pass over an opaque<> of file data, which a capture often holds in part: the cursor may pass the end.
        Returns its length."""
        size = self.u32()
        self.pos += size + 3 & ~3
        return size

    def count(self, size: int, limit: int | None = None) -> int:
        """The element count of an array<limit> whose elements take at least `size` bytes each."""
        count = self.u32()
        if limit is not None and count > limit:
            raise XdrInvalid(self.pos - 4, limit, count)
        if count * size > self.end - self.pos:
            raise XdrShort(self.pos, count * size, self.remaining())
        return count

    def bitmap(self) -> int:
        """bitmap4 as one integer: bit n is attribute (or operation) n."""
        count = self.count(4)
        words = self.fixed(4 * count)
        if count == 1:
            return int.from_bytes(words, "big")
        # Word 0 holds the lowest bits, so the words are put the other way round.
        return int.from_bytes(b"".join(words[i : i + 4] for i in range(4 * count - 4, -1, -4)), "big")

    def skip_bitmap(self) -> None:
        self.skip(4 * self.count(4))
