"""What somebody probably meant."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

_DIGITS = str.maketrans("oil", "011")
"""Letters that are written for digits."""


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean "x"?` for the known word closest to this one, or nothing."""
    lower = {item.lower(): item for item in known}
    wanted = word.lower()

    def closeness(item: str) -> tuple[float, int]:
        alike = zip(wanted.translate(_DIGITS), item.translate(_DIGITS), strict=False)
        return SequenceMatcher(None, wanted, item).ratio(), sum(a == b for a, b in alike)

    found = get_close_matches(wanted, lower, n=max(len(lower), 1), cutoff=0.6)
    return f'; did you mean "{lower[max(found, key=closeness)]}"?' if found else ""
