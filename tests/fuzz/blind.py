"""Errors in seeds without knowing what code they reach: where there is no atheris, or many cheap runs are wanted."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from fuzz.broken import ABSURD


def changed(data: bytes, dice: Random, others: Sequence[bytes]) -> bytes:
    """An input with a few errors, some of them parts of `others`."""
    for _ in range(dice.randint(1, 4)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(6):
            case 0:
                data = data[:at] + dice.randbytes(1) + data[at + 1 :]
            case 1:
                data = data[:at] + dice.choice(ABSURD).to_bytes(4, dice.choice(("big", "little"))) + data[at + 4 :]
            case 2:
                data = data[:at] + data[at + dice.randrange(20) :]
            case 3:
                data = data[:at] + dice.randbytes(dice.randrange(9)) + data[at:]
            case 4:
                other = dice.choice(others)
                data = data[:at] + other[dice.randrange(len(other) + 1) :]
            case _:
                data = data[:at]
    return data
