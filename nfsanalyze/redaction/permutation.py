"""Keyed permutations of small and large sets of numbers.

Feistel networks over BLAKE2, walked along their cycles until they land in the set wanted (the way of format-preserving
encryption, NIST SP 800-38G); small sets are shuffled into one cycle, which leaves nothing in its place.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

SMALL = 4096
_ROUNDS = 8


class Permutations:
    """All permutations of one key; `tweak` names one of them."""

    def __init__(self, key: bytes) -> None:
        self._key = blake2b(key, digest_size=64, person=b"nfsanalyze").digest()
        self._table = lru_cache(maxsize=1 << 14)(self._shuffled)

    def permute(self, tweak: bytes, number: int, size: int) -> int:
        """Where that permutation of 0 … `size` - 1 sends a number."""
        if size <= SMALL:
            return self._table(tweak, size)[number]
        bits = (size - 1).bit_length() + 1 >> 1
        while True:
            number = self._feistel(tweak, number, bits)
            if number < size:
                return number

    def _feistel(self, tweak: bytes, number: int, bits: int) -> int:
        mask = (1 << bits) - 1
        left, right = number >> bits, number & mask
        width = (bits + 7) // 8
        for turn in range(_ROUNDS):
            mixed = self._stream(b"%d %d " % (turn, bits) + tweak + b"\0" + right.to_bytes(width, "big"), width)
            left, right = right, left ^ int.from_bytes(mixed, "big") & mask
        return left << bits | right

    def _stream(self, said: bytes, length: int) -> bytes:
        first = blake2b(said, key=self._key, digest_size=min(length, 64)).digest()
        if length <= 64:
            return first
        parts = [first]
        for number in range(1, (length + 63) // 64):
            parts.append(blake2b(first + number.to_bytes(4, "big"), key=self._key, digest_size=64).digest())
        return b"".join(parts)[:length]

    def _shuffled(self, tweak: bytes, size: int) -> list[int]:
        """Sattolo's algorithm: one cycle through all numbers."""
        table = list(range(size))
        noise = self._stream(b"table %d " % size + tweak, 8 * size)
        for at in range(size - 1, 0, -1):
            other = int.from_bytes(noise[8 * at : 8 * at + 8], "big") % at
            table[at], table[other] = table[other], table[at]
        return table
