"""Why a frame could not be followed to its end, as exceptions inside this package."""

from __future__ import annotations


class Undecoded(Exception):
    """The frame stays closed for a reason that is a note's text."""

    def reason(self, cut: bool) -> str:
        """The note's text; `cut` tells whether the snaplen cut the frame."""
        return str(self)


class Malformed(Undecoded):
    """A header contradicts itself or its protocol; the text names the header."""

    def reason(self, cut: bool) -> str:
        return f"malformed {self}"


class Short(Undecoded):
    """The captured bytes end inside a header; the text names it."""

    def reason(self, cut: bool) -> str:
        return f"snaplen cuts the {self}" if cut else f"malformed {self}"
